import { Readable } from "node:stream";
import { text } from "node:stream/consumers";

/**
 * Where backups are kept: files by name, with `/` between the parts of a name. What is written replaces a file of the
 * same name, and is there whole or not at all.
 */
export interface Store {
  /** For messages: a folder, or `s3://<bucket>/<prefix>`. */
  readonly place: string;
  write(name: string, data: AsyncIterable<Uint8Array>): Promise<void>;
  /** @throws {NoSuchFile} */
  read(name: string): Promise<AsyncIterable<Uint8Array>>;
  /** Names that begin with `prefix`, in their order. */
  list(prefix: string): Promise<string[]>;
  /** Files that are not there are no error. */
  remove(names: readonly string[]): Promise<void>;
}

/** A store does not have a file. */
export class NoSuchFile extends Error {
  constructor(place: string, name: string) {
    super(`${place} has no ${name}`);
  }
}

/** The whole of a small file. */
export const readText = async (store: Store, name: string): Promise<string> => text(await store.read(name));

/** Writes a small file. */
export const writeText = (store: Store, name: string, contents: string): Promise<void> =>
  store.write(name, dataOf(contents));

/** Text as data of a file. */
export const dataOf = (contents: string): AsyncIterable<Uint8Array> => Readable.from([Buffer.from(contents)]);

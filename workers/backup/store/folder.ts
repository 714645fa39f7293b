import { randomUUID } from "node:crypto";
import { createReadStream } from "node:fs";
import * as fs from "node:fs/promises";
import * as path from "node:path";
import { NoSuchFile, type Store } from "./store";

/** Backups in a folder of this machine, readable by its owner only. */
export class FolderStore implements Store {
  readonly place: string;

  constructor(folder: string) {
    this.place = path.resolve(folder);
  }

  async write(name: string, data: AsyncIterable<Uint8Array>): Promise<void> {
    const file = this.fileOf(name);
    const unfinished = `${file}.${randomUUID().slice(0, 8)}${part}`;
    await fs.mkdir(path.dirname(file), { recursive: true, mode: 0o700 });
    try {
      const handle = await fs.open(unfinished, "wx", 0o600);
      try {
        for await (const chunk of data) await handle.write(chunk);
        await handle.sync();
      } finally {
        await handle.close();
      }
      await fs.rename(unfinished, file);
    } catch (error) {
      await fs.rm(unfinished, { force: true });
      throw error;
    }
  }

  async read(name: string): Promise<AsyncIterable<Uint8Array>> {
    const file = this.fileOf(name);
    await fs.access(file).catch(() => {
      throw new NoSuchFile(this.place, name);
    });
    return createReadStream(file, { highWaterMark: 1024 * 1024 });
  }

  async list(prefix: string): Promise<string[]> {
    const entries = await fs.readdir(this.place, { recursive: true, withFileTypes: true }).catch((error: unknown) => {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
      throw error;
    });
    return entries
      .filter((entry) => entry.isFile() && !entry.name.endsWith(part))
      .map((entry) => path.relative(this.place, path.join(entry.parentPath, entry.name)).split(path.sep).join("/"))
      .filter((name) => name.startsWith(prefix))
      .sort();
  }

  /** Folders that get empty go with their last file. */
  async remove(names: readonly string[]): Promise<void> {
    for (const name of names) await fs.rm(this.fileOf(name), { force: true });
    const folders = new Set(names.flatMap((name) => parentsOf(name)));
    for (const folder of [...folders].sort((one, other) => other.length - one.length))
      await fs.rmdir(this.fileOf(folder)).catch(() => undefined);
  }

  private fileOf(name: string): string {
    return path.join(this.place, ...name.split("/"));
  }
}

/** Ending of files that are being written. */
const part = ".part";

/** `a/b/c` lies in `a/b` and `a`. */
const parentsOf = (name: string): string[] =>
  name
    .split("/")
    .slice(0, -1)
    .map((_, index, parts) => parts.slice(0, index + 1).join("/"));

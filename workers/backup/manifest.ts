import * as z from "zod";

/**
 * What a backup consists of. Below `<environment>/<id>/` of a store: for each stream its data and, once that is there
 * whole, its entry; `keys.age` with the environment's keys; and at last `manifest.json`, without which a backup is
 * unfinished; `verified.json` follows where all of it was restored and compared. Entries, manifest and that note are
 * readable without a key, to see from anywhere how old the last good one is; they hold names and numbers, never a
 * message.
 */

const sequence = z.number().int().nonnegative();

const entry = z.object({
  account: z.string(),
  stream: z.string(),
  /** When its snapshot began: RFC 3339. */
  taken: z.iso.datetime(),
  /** As the server had it. */
  config: z.looseObject({ name: z.string() }),
  state: z.looseObject({
    messages: sequence,
    bytes: sequence,
    first_seq: sequence,
    last_seq: sequence,
    consumer_count: sequence.optional(),
  }),
  /** The file with its data, as it is stored. */
  file: z.object({ name: z.string(), bytes: sequence, sha256: z.hex(), isSealed: z.boolean() }),
});

const manifest = z.object({
  format: z.literal(1),
  environment: z.string(),
  id: z.string(),
  begun: z.iso.datetime(),
  finished: z.iso.datetime(),
  entries: z.array(entry),
  /** Streams of which there is no copy, and why. */
  left: z.array(z.object({ account: z.string(), stream: z.string(), reason: z.string() })),
  /** The file with the environment's keys, if they were kept. */
  keys: entry.shape.file.optional(),
  /** When they were read from the environment: RFC 3339. A scheduled backup takes both over from the one before. */
  keysTaken: z.iso.datetime().optional(),
});

export type Entry = z.output<typeof entry>;
export type StoredFile = Entry["file"];
export type LeftOut = Manifest["left"][number];
export type Manifest = z.output<typeof manifest>;

export const entryFrom = (text: string): Entry => entry.parse(JSON.parse(text));

/** @throws where it is of a later format, or was changed */
export const manifestFrom = (text: string): Manifest => manifest.parse(JSON.parse(text));

/** Names of a backup's files. */
export const fileNames = {
  folder: (environment: string, id: string): string => `${environment}/${id}/`,
  manifest: (environment: string, id: string): string => `${environment}/${id}/manifest.json`,
  entries: (environment: string, id: string): string => `${environment}/${id}/streams/`,
  entry: (environment: string, id: string, { account, stream }: Pick<Entry, "account" | "stream">): string =>
    `${environment}/${id}/streams/${account}/${encodeURIComponent(stream)}.json`,
  /** Without its ending, which says whether it is encrypted. */
  data: (environment: string, id: string, { account, stream }: Pick<Entry, "account" | "stream">): string =>
    `${environment}/${id}/streams/${account}/${encodeURIComponent(stream)}.tar.s2`,
  keys: (environment: string, id: string): string => `${environment}/${id}/keys`,
  /** Written once all of it was restored and compared. */
  verified: (environment: string, id: string): string => `${environment}/${id}/verified.json`,
} as const;

/** A backup's name: when it began, in UTC, to the second. Later ones sort behind earlier ones. */
export const idOf = (begun: Date): string => begun.toISOString().replace(/[-:]|\.\d+/g, "");

/** A backup of an environment in a store. */
export interface Found {
  id: string;
  isFinished: boolean;
  names: string[];
}

/** The backups of an environment, by the names of files below it; oldest first. Pure. */
export function backupsIn(environment: string, names: readonly string[]): Found[] {
  const own = names.flatMap((name) => {
    const [folder, id, ...rest] = name.split("/");
    return folder === environment && rest.length > 0 ? [{ id: id!, name }] : [];
  });
  return [...Map.groupBy(own, ({ id }) => id)]
    .map(([id, files]) => ({
      id,
      isFinished: files.some(({ name }) => name === fileNames.manifest(environment, id)),
      names: files.map(({ name }) => name),
    }))
    .sort((one, other) => (one.id < other.id ? -1 : 1));
}

/**
 * The backups that are no longer kept: finished ones before the last `keep`, and unfinished ones that are older than
 * the oldest of those. Pure.
 */
export function superseded(found: readonly Found[], keep: number): Found[] {
  const kept = found.filter(({ isFinished }) => isFinished).slice(-keep);
  const [oldest] = kept;
  return oldest ? found.filter(({ id }) => id < oldest.id) : [];
}

import type { NatsConnection } from "@nats-io/transport-node";
import {
  backupsIn,
  type Entry,
  entryFrom,
  fileNames,
  idOf,
  type LeftOut,
  type Manifest,
  manifestFrom,
  superseded,
} from "./manifest";
import { paced } from "./pace";
import { type Ask, receiveSnapshot, type StreamBackup } from "./protocol";
import { dataOf, readText, type Store, writeText } from "./store/store";
import { copyFile, storeFile } from "./stored";

/** An account whose streams are copied, connected as a user that may list them and take their snapshots. */
export interface AccountAccess {
  account: string;
  connection: NatsConnection;
  inboxPrefix?: string;
  ask: Ask;
}

export interface BackupOptions {
  environment: string;
  store: Store;
  accounts: readonly AccountAccess[];
  /** Recipients of the encryption; none: the files are not encrypted. */
  recipients: readonly string[];
  /** Bytes a second that servers send at most. Default: no limit. */
  rate?: number;
  /** Finished backups to keep, this one included; older ones are deleted. Default: all. */
  keep?: number;
  /**
   * The environment's keys, to be kept beside the streams. Default: those of the last backup that has some are taken
   * over as they are, encrypted; a scheduled backup can neither read nor make them.
   */
  keys?: () => Promise<string>;
  /** A line of progress for each stream. */
  log: (line: string) => void;
  /** Ends it after the stream in progress; the next run goes on. */
  signal?: AbortSignal;
}

export interface BackupResult {
  manifest: Manifest;
  /** Names of backups that were deleted. */
  removed: string[];
}

type KeptKeys = Pick<Manifest, "keys" | "keysTaken">;

/** An unfinished backup that began longer ago is not continued: its first streams would be too old. */
const continuedMs = 12 * 60 * 60 * 1000;

/** A stream whose leader changes, or whose server stops, is tried again. */
const attempts = 3;

/**
 * Copies every file stream of the accounts, one after another, with its consumers and their positions. A backup that
 * was interrupted is continued: streams that are stored whole are not copied again.
 * @throws {BackupIncomplete} where streams could not be copied, after all others were
 */
export async function backupAll(options: BackupOptions): Promise<BackupResult> {
  const { environment, store, log, signal, recipients, keep } = options;
  const begun = new Date();
  const found = backupsIn(environment, await store.list(`${environment}/`));
  const open = found.findLast(({ isFinished }) => !isFinished);
  const isContinued = open !== undefined && open.id >= idOf(new Date(begun.getTime() - continuedMs));
  const id = isContinued ? open.id : idOf(begun);
  const done = new Map<string, Entry>();
  if (isContinued) {
    const names = open.names.filter(
      (name) => name.startsWith(fileNames.entries(environment, id)) && name.endsWith(".json"),
    );
    for (const name of names) {
      const entry = entryFrom(await readText(store, name));
      done.set(keyOf(entry), entry);
    }
    log(`continues backup ${id}: it has ${done.size} streams`);
  }
  const pace = options.rate === undefined ? undefined : paced(options.rate);

  const entries: Entry[] = [];
  const left: LeftOut[] = [];
  const failed: string[] = [];
  for (const access of options.accounts) {
    const { account } = access;
    for (const config of await streamsOf(access)) {
      if (signal?.aborted) throw new BackupIncomplete(id, ["it was stopped"]);
      const stream = config.name;
      if (config.storage !== "file") {
        left.push({ account, stream, reason: "is kept in memory: backups hold file streams" });
        continue;
      }
      try {
        const entry = done.get(`${account}/${stream}`) ?? (await copied(access, stream));
        entries.push(entry);
      } catch (error) {
        failed.push(`${account}/${stream}: ${(error as Error).message}`);
        log(`${account}/${stream}: failed: ${(error as Error).message}`);
      }
    }
  }
  if (failed.length) throw new BackupIncomplete(id, failed);

  const keys = options.keys ? await keysTaken(options.keys) : await keysTakenOver();
  const manifest: Manifest = {
    format: 1,
    ...{ environment, id, begun: (isContinued ? dateOf(id) : begun).toISOString(), finished: new Date().toISOString() },
    ...{ entries, left, ...keys },
  };
  await writeText(store, fileNames.manifest(environment, id), JSON.stringify(manifest, undefined, 2));
  const old = keep === undefined ? [] : superseded([...found.filter((one) => one.id !== id), finishedOf(id)], keep);
  for (const { id: own, names } of old) {
    // Its manifest goes first: what is half deleted must not look like a backup.
    await store.remove([fileNames.manifest(environment, own)]);
    await store.remove(names);
  }
  return { manifest, removed: old.map((one) => one.id) };

  async function keysTaken(read: () => Promise<string>): Promise<KeptKeys> {
    const taken = new Date().toISOString();
    const keys = await storeFile(store, fileNames.keys(environment, id), dataOf(await read()), recipients);
    return { keys, keysTaken: taken };
  }

  async function keysTakenOver(): Promise<KeptKeys> {
    for (const { id: before } of found.filter(({ isFinished }) => isFinished).reverse()) {
      const { keys: kept, keysTaken } = manifestFrom(await readText(store, fileNames.manifest(environment, before)));
      if (kept?.isSealed) return { keys: await copyFile(store, kept, fileNames.keys(environment, id)), keysTaken };
    }
    return {};
  }

  async function copied(access: AccountAccess, stream: string): Promise<Entry> {
    const where = { account: access.account, stream };
    for (let attempt = 1; ; attempt++) {
      const taken = new Date();
      try {
        const { config, state, chunks } = await receiveSnapshot(access.connection, access.ask, stream, {
          ...(access.inboxPrefix !== undefined && { inboxPrefix: access.inboxPrefix }),
          ...(pace && { pace }),
        });
        const file = await storeFile(store, fileNames.data(environment, id, where), chunks, recipients);
        const entry: Entry = { ...where, taken: taken.toISOString(), config, state, file };
        await writeText(store, fileNames.entry(environment, id, where), JSON.stringify(entry, undefined, 2));
        log(
          `${keyOf(where)}: ${state.messages} messages, ${file.bytes} bytes stored, ${Date.now() - taken.getTime()} ms`,
        );
        return entry;
      } catch (error) {
        if (attempt === attempts || signal?.aborted) throw error;
        log(`${keyOf(where)}: ${(error as Error).message}; tried again`);
      }
    }
  }
}

/** Streams are left that could not be copied; the same command goes on with them. */
export class BackupIncomplete extends Error {
  constructor(
    readonly id: string,
    readonly reasons: readonly string[],
  ) {
    super(`backup ${id} is not finished; the same command goes on with it:\n${reasons.join("\n")}`);
  }
}

/** The last finished backup of an environment, or the one with the id. @throws where there is none */
export async function findBackup(store: Store, environment: string, id?: string): Promise<Manifest> {
  const found = backupsIn(environment, await store.list(`${environment}/`));
  const finished = found.filter(({ isFinished }) => isFinished);
  const wanted = id === undefined ? finished.at(-1) : finished.find((one) => one.id === id);
  if (wanted) return manifestFrom(await readText(store, fileNames.manifest(environment, wanted.id)));
  const what = id === undefined ? "a finished backup" : `a finished backup ${id}`;
  const others = found.length
    ? `; it has ${found.map((one) => (one.isFinished ? one.id : `${one.id} (unfinished)`)).join(", ")}`
    : "";
  throw new Error(`${store.place} does not have ${what} of environment ${environment}${others}`);
}

/** Configurations of all streams of an account. */
async function streamsOf({ ask }: AccountAccess): Promise<StreamBackup["config"][]> {
  interface Page {
    total: number;
    limit: number;
    streams?: { config: StreamBackup["config"] }[] | null;
    missing?: string[] | null;
  }
  const all: StreamBackup["config"][] = [];
  for (let offset = 0; ;) {
    const page = await ask<Page>("STREAM.LIST", { offset });
    if (page.missing?.length)
      throw new Error(`no answer about ${page.missing.join(", ")}: are their servers up? Nothing was copied.`);
    all.push(...(page.streams ?? []).map(({ config }) => config));
    offset += page.limit;
    if (page.limit === 0 || offset >= page.total) return all;
  }
}

const keyOf = ({ account, stream }: { account: string; stream: string }): string => `${account}/${stream}`;

const finishedOf = (id: string) => ({ id, isFinished: true, names: [] });

/** When a backup with this id began. */
const dateOf = (id: string): Date => new Date(id.replace(/^(....)(..)(..T..)(..)(..)Z$/, "$1-$2-$3:$4:$5Z"));

import * as fs from "node:fs";
import * as path from "node:path";
import { text } from "node:stream/consumers";
import { plural } from "../../config/plural";
import { toBytes } from "../../config/units";
import { asFailure, BadUsage, Failure, Interrupted } from "../../engine/failure";
import { isInterrupted, onInterrupt } from "../../engine/interrupt";
import { logProgress } from "../../engine/terminal";
import { backupAll, type BackupResult, findBackup } from "../../workers/backup/backup";
import type { Manifest } from "../../workers/backup/manifest";
import { slowest } from "../../workers/backup/pace";
import { restoreAll, type Restored } from "../../workers/backup/restore";
import { identitiesOf, newKey, recipientProblem } from "../../workers/backup/seal";
import { openStore } from "../../workers/backup/store/open";
import type { Store } from "../../workers/backup/store/store";
import { loadFile } from "../../workers/backup/stored";
import { type Access, readAccess } from "../access/access";
import type { CheckedEnvironment } from "../settings/checked-environment";
import { withAccounts } from "./accounts";
import { hasKeys, keysOf, putKeysBack } from "./keys";

export type { Restored };

export interface BackupRequest {
  /** A folder, or `s3://<bucket>/<prefix>`. */
  to: string;
  recipients: readonly string[];
  /** Without recipients: that this is meant. */
  unencrypted: boolean;
  /** Bytes a second, as `20MiB`. */
  rate?: string;
  /** Finished backups to keep, as typed. */
  keep?: string;
}

/** A backup that is read. */
export interface BackupSource {
  /** As `BackupRequest.to`. */
  from: string;
  /** Its id. Default: the last finished one. */
  backup?: string;
  /** File with the key. */
  key?: string;
}

/**
 * Copies every file stream of an environment, and the environment's keys where the copy is encrypted.
 * @throws {BadUsage} with every mistake, before a server is asked
 * @throws {Failure} where streams could not be copied; the same command goes on with them
 */
export async function backupEnvironment(checked: CheckedEnvironment, request: BackupRequest): Promise<BackupResult> {
  const { store, rate, keep } = checkedRequest(request);
  const { recipients } = request;
  const access = await readAccess(checked);
  const stopping = new AbortController();
  return onInterrupt(
    () => stopping.abort(),
    () =>
      withAccounts(access, (accounts) =>
        backupAll({
          ...{ environment: checked.name, store, accounts, recipients },
          ...(rate !== undefined && { rate }),
          ...(keep !== undefined && { keep }),
          ...(recipients.length > 0 && { keys: () => keysOf(checked) }),
          ...{ log: logProgress, signal: stopping.signal },
        }),
      ).catch((error: Error) => {
        throw isInterrupted() ? new Interrupted(error.message) : asFailure(error);
      }),
  );
}

/** What was asked for, checked. Pure, except that it looks at nothing but the request. */
export function checkedRequest({ to, recipients, unencrypted, rate, keep }: BackupRequest): {
  store: Store;
  rate?: number;
  keep?: number;
} {
  const problems = recipients.flatMap((recipient) => recipientProblem(recipient) ?? []);
  if (recipients.length === 0 && !unencrypted)
    problems.push(
      "a backup holds every message: encrypt it with --recipient age1... (npm run backup-key makes a key), " +
        "or pass --unencrypted. Keys are kept in encrypted backups only",
    );
  if (recipients.length > 0 && unencrypted) problems.push("pass --recipient or --unencrypted, not both");
  let bytes: number | undefined;
  try {
    bytes = rate === undefined ? undefined : toBytes(rate);
  } catch (error) {
    problems.push(`--rate: ${(error as Error).message}`);
  }
  if (bytes !== undefined && bytes < slowest)
    problems.push(`--rate ${rate}: servers end a snapshot that is slower than 256KiB a second`);
  if (keep !== undefined && !/^[1-9]\d{0,4}$/.test(keep)) problems.push(`--keep ${keep}: write a number from 1`);
  const store = opened(to, problems);
  if (problems.length || !store) throw new BadUsage(problems.join("\n"));
  return { store, ...(bytes !== undefined && { rate: bytes }), ...(keep !== undefined && { keep: Number(keep) }) };
}

/** Brings the streams of a backup back, where they do not exist or never had a message. */
export async function restoreEnvironment(checked: CheckedEnvironment, source: BackupSource): Promise<Restored[]> {
  const read = await readSource(checked.name, source);
  return restoreStreams(read, await readAccess(checked));
}

async function restoreStreams(source: ReadSource, access: Access): Promise<Restored[]> {
  const { manifest } = source;
  logProgress(`backup ${manifest.id} of ${manifest.environment}: ${plural(manifest.entries.length, "stream")}`);
  return withAccounts(access, (accounts) => restoreAll({ ...source, accounts, log: logProgress })).catch(
    (error: unknown) => {
      throw asFailure(error);
    },
  );
}

/** What a deployment from a backup does before its first stack, and before the first that makes streams. */
export interface Rebuild {
  begin(): Promise<void>;
  beforeStreams(access: Access): Promise<void>;
}

/**
 * Rebuilds an environment from a backup: its keys where it has none, and its streams before a deployment makes empty
 * ones, which publishers would write to. Reads the backup at once.
 * @throws {BadUsage} as `readSource`
 */
export async function rebuildFrom(checked: CheckedEnvironment, source: BackupSource): Promise<Rebuild> {
  const read = await readSource(checked.name, source);
  return {
    begin: async () => {
      if (await hasKeys(checked)) return logProgress("the environment has keys; those of the backup are not used");
      await putBack(checked, read);
      logProgress(`the keys of backup ${read.manifest.id} are in place`);
    },
    beforeStreams: async (access) => {
      const failed = (await restoreStreams(read, access)).filter(({ result }) => result === "failed");
      if (failed.length)
        throw new Failure(
          `${failed.map(({ account, stream, problem }) => `${account}/${stream}: ${problem}`).join("\n")}\n` +
            "No stream was created empty; run the same command again, or without --restore-from to go on without them.",
        );
    },
  };
}

async function putBack(checked: CheckedEnvironment, { store, manifest, identities }: ReadSource): Promise<void> {
  if (!manifest.keys)
    throw new Failure(
      `backup ${manifest.id} in ${store.place} has no keys: it was made with --unencrypted. ` +
        "Deploy without it, which makes new keys, and restore its streams: npm run restore -- --all",
    );
  const kept = await loadFile(store, manifest.keys, identities)
    .then(text)
    .catch((error: unknown) => {
      throw asFailure(error);
    });
  await putKeysBack(checked, kept);
}

/** A backup and what reads it. */
interface ReadSource {
  store: Store;
  manifest: Manifest;
  identities: string[];
}

/** A backup and what reads it. @throws {BadUsage} where the key file does not hold a key */
export async function readSource(environment: string, { from, backup, key }: BackupSource): Promise<ReadSource> {
  const problems: string[] = [];
  const store = opened(from, problems);
  const identities = key === undefined ? [] : identitiesIn(key, problems);
  if (problems.length || !store) throw new BadUsage(problems.join("\n"));
  const manifest = await findBackup(store, environment, backup).catch((error: unknown) => {
    throw asFailure(error);
  });
  return { store, manifest, identities };
}

/**
 * Writes a new key to a file that must not exist, readable by its owner only; returns its recipient. Whoever loses the
 * file can read no backup that was encrypted for it.
 */
export async function writeKey(file: string): Promise<string> {
  const { identity, recipient } = await newKey();
  const contents = `# public key: ${recipient}\n${identity}\n`;
  try {
    fs.mkdirSync(path.dirname(path.resolve(file)), { recursive: true, mode: 0o700 });
    fs.writeFileSync(file, contents, { mode: 0o600, flag: "wx" });
  } catch (error) {
    const exists = (error as NodeJS.ErrnoException).code === "EEXIST";
    throw new BadUsage(
      exists ? `${file} exists, and may be the only key of a backup: name another file` : String(error),
    );
  }
  return recipient;
}

function identitiesIn(file: string, problems: string[]): string[] {
  try {
    const found = identitiesOf(fs.readFileSync(file, "utf8"));
    if (found.length && found.every((line) => line.startsWith("AGE-SECRET-KEY-"))) return found;
    problems.push(`--key ${file}: expected the key of a backup, AGE-SECRET-KEY-...`);
  } catch (error) {
    problems.push(`--key ${file}: ${(error as Error).message}`);
  }
  return [];
}

function opened(place: string, problems: string[]): Store | undefined {
  try {
    return openStore(place);
  } catch (error) {
    problems.push((error as Error).message);
    return undefined;
  }
}

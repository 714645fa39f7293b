import { plural } from "../../config/plural";
import { BadUsage, Failure } from "../../engine/failure";
import { print } from "../../engine/terminal";
import { backupStream, restoreStream } from "../../operations/backup/backup";
import {
  backupEnvironment,
  type BackupSource,
  type Restored,
  restoreEnvironment,
  writeKey,
} from "../../operations/backup/backup-all";
import { verifyBackup } from "../../operations/backup/verify-backup";
import { checkedEnvironment } from "../../operations/settings/checked-environment";

interface BackupCommand {
  env: string;
  to: string;
  all?: boolean;
  account?: string;
  stream?: string;
  recipient?: string[];
  unencrypted?: boolean;
  rate?: string;
  keep?: string;
}

/** Writes a snapshot of one stream into a folder, or a backup of all. */
export async function backup(command: BackupCommand): Promise<void> {
  const { env, to, all, account, stream, recipient = [], unencrypted = false, rate, keep } = command;
  if (!all) {
    const { folder, messages, bytes } = await backupStream(checkedEnvironment(env), oneStream({ account, stream }), to);
    return print(`${account}/${stream}: ${count(messages)} messages, ${count(bytes)} bytes, in ${folder}`);
  }
  const { manifest, removed } = await backupEnvironment(checkedEnvironment(env), {
    ...{ to, recipients: recipient, unencrypted, rate, keep },
  });
  const messages = manifest.entries.reduce((sum, { state }) => sum + state.messages, 0);
  const bytes = manifest.entries.reduce((sum, { file }) => sum + file.bytes, 0);
  const lines = [
    `backup ${manifest.id} of ${manifest.environment} in ${to}: ${plural(manifest.entries.length, "stream")}, ` +
      `${count(messages)} messages, ${count(bytes)} bytes stored, ${manifest.keys ? "with" : "without"} the keys`,
    ...manifest.left.map((one) => `not in it: ${one.account}/${one.stream}, which ${one.reason}`),
    ...(removed.length ? [`deleted, because newer ones are kept: ${removed.join(", ")}`] : []),
  ];
  print(lines.join("\n"));
}

interface RestoreCommand extends BackupSource {
  env: string;
  all?: boolean;
  account?: string;
}

/** Creates the stream of a snapshot, or all of a backup; never changes a stream with messages. */
export async function restore({ env, all = false, account, ...source }: RestoreCommand): Promise<void> {
  if (all === (account !== undefined)) throw new BadUsage("pass --all, or --account <name>. Nothing was done.");
  if (all) return report(await restoreEnvironment(checkedEnvironment(env), source), "restored");
  const { stream, messages } = await restoreStream(checkedEnvironment(env), account!, source.from);
  print(`${account}/${stream}: ${count(messages)} messages restored`);
}

/** Restores a backup into a server of its own and compares. */
export async function verifyOneBackup({ env, ...source }: BackupSource & { env: string }): Promise<void> {
  const { manifest, results } = await verifyBackup(env, source);
  report(results, `of backup ${manifest.id} restored and compared`);
}

/** Makes a key for backups. */
export async function backupKey({ out }: { out: string }): Promise<void> {
  const recipient = await writeKey(out);
  print(
    `${recipient}\n` +
      `The key is in ${out}. Keep it apart from the backups, in two places: without it, none of them can be read.\n` +
      `A backup for it: npm run backup -- --all --to <folder or s3://bucket> --recipient ${recipient}`,
  );
}

function report(results: readonly Restored[], what: string): void {
  const restored = results.filter(({ result }) => result === "restored");
  const present = results.filter(({ result }) => result === "exists");
  const failed = results.filter(({ result }) => result === "failed");
  const messages = restored.reduce((sum, one) => sum + one.messages, 0);
  print(
    `${plural(restored.length, "stream")} with ${count(messages)} messages ${what}` +
      (present.length ? `; ${plural(present.length, "stream")} with messages left as they are` : ""),
  );
  if (failed.length)
    throw new Failure(failed.map(({ account, stream, problem }) => `${account}/${stream}: ${problem}`).join("\n"));
}

/** @throws {BadUsage} where not both are named */
function oneStream({ account, stream }: Pick<BackupCommand, "account" | "stream">): {
  account: string;
  stream: string;
} {
  if (account === undefined || stream === undefined)
    throw new BadUsage("pass --all, or --account and --stream. Nothing was done.");
  return { account, stream };
}

const count = (value: number): string => value.toLocaleString("en");

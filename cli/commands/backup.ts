import { print } from "../../engine/terminal";
import { backupStream, restoreStream } from "../../operations/backup/backup";
import { checkedEnvironment } from "../../operations/settings/checked-environment";
import type { StreamRef } from "../../operations/stream/stack-account";

interface BackupCommand extends StreamRef {
  env: string;
  to: string;
}

/** Writes a snapshot of a stream into a folder: messages, consumers and their positions. */
export async function backup({ env, account, stream, to }: BackupCommand): Promise<void> {
  const { folder, messages, bytes } = await backupStream(checkedEnvironment(env), { account, stream }, to);
  print(`${account}/${stream}: ${count(messages)} messages, ${count(bytes)} bytes, in ${folder}`);
}

/** Creates the stream of a snapshot; a stream that exists is never changed. */
export async function restore({ env, account, from }: { env: string; account: string; from: string }): Promise<void> {
  const { stream, messages } = await restoreStream(checkedEnvironment(env), account, from);
  print(`${account}/${stream}: ${count(messages)} messages restored`);
}

const count = (value: number): string => value.toLocaleString("en");

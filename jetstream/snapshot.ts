import { randomUUID } from "node:crypto";
import * as fs from "node:fs/promises";
import * as path from "node:path";
import { createInbox, type NatsConnection } from "@nats-io/transport-node";
import type { Account } from "./account";
import { write } from "./api";
import { Refused } from "./errors";
import type { Wire } from "./fields";
import type { StreamState } from "./info";
import type { AssetArgs } from "./schemas";

/**
 * Copies of whole streams in a folder, in the format of `nats stream backup` and `nats stream restore`: messages,
 * consumers and their positions in `stream.tar.s2`, configuration and state in `backup.json`. The protocol: NATS ADR-1
 * and server/jetstream_api.go of nats-server (streamSnapshot, processStreamRestore).
 */

/** What `backup.json` holds. */
export interface Backup {
  config: Wire & { name: string };
  state: StreamState;
}

const files = { backup: "backup.json", data: "stream.tar.s2" };
/** The server gives up 5 s after the last acknowledged chunk; this side waits twice as long. */
const idleMs = 10_000;
const chunkBytes = 128 * 1024;

/**
 * Takes the snapshot that a stream's arguments ask for (`snapshotTo`), before messages of it are deleted. Throws
 * `Refused` where it fails: without its snapshot nothing is deleted.
 */
export async function keepSnapshot(
  { account: name, name: stream, snapshotTo }: AssetArgs,
  { connection, inboxPrefix, logProgress }: Account,
): Promise<void> {
  if (snapshotTo === undefined) return;
  const id = `${name}/${stream}`;
  const folder = await takeSnapshot(connection, name, stream, path.resolve(snapshotTo), inboxPrefix).catch(
    (error: Error) => {
      throw new Refused(
        `${id}: no snapshot could be taken (${error.message}). Nothing was changed; fix that, or remove snapshotTo.`,
      );
    },
  );
  logProgress(
    `${id}: its snapshot is in ${folder}; ` + `to restore it: npm run restore -- --account ${name} --from ${folder}`,
  );
}

/**
 * Writes a snapshot of a stream into a new folder below `parent`, and returns the folder's path. Servers
 * before 2.15 take none of streams in memory (error 10064). A failure leaves no folder that looks like a snapshot.
 */
export async function takeSnapshot(
  connection: NatsConnection,
  account: string,
  stream: string,
  parent: string,
  inboxPrefix?: string,
): Promise<string> {
  const folder = path.join(parent, `${account}.${stream}.${new Date().toISOString().replaceAll(":", "")}`);
  const unfinished = `${folder}.${randomUUID().slice(0, 8)}.part`;
  await fs.mkdir(unfinished, { recursive: true, mode: 0o700 });
  try {
    const backup = await receive(connection, stream, path.join(unfinished, files.data), inboxPrefix);
    await fs.writeFile(path.join(unfinished, files.backup), JSON.stringify(backup, null, 2), { mode: 0o600 });
    await fs.rename(unfinished, folder);
    return folder;
  } catch (error) {
    await fs.rm(unfinished, { recursive: true, force: true });
    throw error;
  }
}

async function receive(
  connection: NatsConnection,
  stream: string,
  file: string,
  inboxPrefix: string | undefined,
): Promise<Backup> {
  const inbox = createInbox(inboxPrefix);
  const chunks = connection.subscribe(inbox);
  const data = await fs.open(file, "wx", 0o600);
  const stalled = () => chunks.unsubscribe();
  let timer = setTimeout(stalled, idleMs);
  let isComplete = false;
  try {
    const { config, state } = await write<Backup>(connection, `STREAM.SNAPSHOT.${stream}`, {
      deliver_subject: inbox,
      chunk_size: chunkBytes,
      no_consumers: false,
    });
    for await (const message of chunks) {
      clearTimeout(timer);
      timer = setTimeout(stalled, idleMs);
      if (message.data.length === 0) {
        const status = message.headers?.code ?? 204;
        if (status >= 400)
          throw new Error(`snapshot of ${stream} ended with ${message.headers!.status}: nothing was changed`);
        isComplete = true;
        break;
      }
      await data.write(message.data);
      message.respond();
    }
    if (!isComplete)
      throw new Error(`snapshot of ${stream}: no data received for ${idleMs / 1000} s; nothing was changed`);
    await data.sync();
    return { config, state };
  } finally {
    clearTimeout(timer);
    chunks.unsubscribe();
    await data.close();
  }
}

/** Reads the configuration and state in a snapshot's folder. */
export async function readBackup(folder: string): Promise<Backup> {
  return JSON.parse(await fs.readFile(path.join(folder, files.backup), "utf8")) as Backup;
}

/**
 * Recreates the stream of a snapshot, with its messages, consumers and their positions; returns its state. A stream
 * that exists is never touched (error 10130).
 */
export async function restoreSnapshot(connection: NatsConnection, folder: string): Promise<StreamState> {
  const { config, state } = await readBackup(folder);
  const { deliver_subject: target } = await write<{ deliver_subject: string }>(
    connection,
    `STREAM.RESTORE.${config.name}`,
    { config, state },
  );
  const data = await fs.open(path.join(folder, files.data));
  try {
    // One after another: each answer confirms that the server has the chunk.
    for await (const chunk of data.createReadStream({ highWaterMark: chunkBytes })) {
      await connection.request(target, chunk as Uint8Array, { timeout: idleMs });
    }
    const done = (await connection.request(target, undefined, { timeout: 60_000 })).json<{
      state?: StreamState;
      error?: { description: string; err_code: number };
    }>();
    if (done.error)
      throw new Error(`restore of ${config.name}: ${done.error.description} (error ${done.error.err_code})`);
    return done.state!;
  } finally {
    await data.close();
  }
}

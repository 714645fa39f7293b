import { randomUUID } from "node:crypto";
import * as fs from "node:fs/promises";
import * as path from "node:path";
import type { NatsConnection } from "@nats-io/transport-node";
import {
  type Ask,
  chunkBytes,
  receiveSnapshot,
  sendSnapshot,
  type StreamBackup,
  type StreamCounts,
} from "../workers/backup/protocol";
import type { Account } from "./account";
import { write } from "./api";
import { Refused } from "./errors";
import type { AssetArgs } from "./schemas";

/**
 * Copies of whole streams in a folder, in the format of `nats stream backup` and `nats stream restore`: messages,
 * consumers and their positions in `stream.tar.s2`, configuration and state in `backup.json`.
 */

const files = { backup: "backup.json", data: "stream.tar.s2" };

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
): Promise<StreamBackup> {
  const data = await fs.open(file, "wx", 0o600);
  try {
    const { config, state, chunks } = await receiveSnapshot(connection, asking(connection), stream, { inboxPrefix });
    for await (const chunk of chunks) await data.write(chunk);
    await data.sync();
    return { config, state };
  } finally {
    await data.close();
  }
}

/** Reads the configuration and state in a snapshot's folder. */
export async function readBackup(folder: string): Promise<StreamBackup> {
  return JSON.parse(await fs.readFile(path.join(folder, files.backup), "utf8")) as StreamBackup;
}

/**
 * Recreates the stream of a snapshot, with its messages, consumers and their positions; returns its state. A stream
 * that exists is never touched (error 10130).
 */
export async function restoreSnapshot(connection: NatsConnection, folder: string): Promise<StreamCounts> {
  const backup = await readBackup(folder);
  const data = await fs.open(path.join(folder, files.data));
  try {
    const chunks = data.createReadStream({ highWaterMark: chunkBytes }) as AsyncIterable<Uint8Array>;
    return await sendSnapshot(connection, asking(connection), backup, chunks);
  } finally {
    await data.close();
  }
}

const asking =
  (connection: NatsConnection): Ask =>
  (subject, payload) =>
    write(connection, subject, payload);

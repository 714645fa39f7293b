import { setTimeout as sleep } from "node:timers/promises";
import { createInbox, type NatsConnection } from "@nats-io/transport-node";
import { isNoResponders } from "../messaging/no-responders";

/**
 * How servers hand out and take back whole streams: messages, consumers and their positions, as a tar archive that S2
 * compresses. The protocol: NATS ADR-1 and server/jetstream_api.go of nats-server (streamSnapshot,
 * processStreamRestore). Imports little but the client: the provider loads this file too (ADR 0043).
 */

/** What a server says of a stream together with its snapshot; a restore needs it again. */
export interface StreamBackup {
  config: { name: string; [field: string]: unknown };
  state: StreamCounts & Record<string, unknown>;
}

/** What is counted to compare a restored stream with the one that was copied. */
export interface StreamCounts {
  messages: number;
  bytes: number;
  first_seq: number;
  last_seq: number;
  consumer_count?: number;
}

/**
 * Sends a request to `$JS.API.<subject>` with the payload as JSON; resolves to the answer.
 * @throws where a server refused it
 */
export type Ask = <Answer>(subject: string, payload: unknown) => Promise<Answer>;

/** The server gives up 5 s after the last acknowledged chunk; this side waits twice as long. */
const idleMs = 10_000;

/** Bytes of a chunk, both ways. */
export const chunkBytes = 128 * 1024;

export interface SnapshotOptions {
  /** Prefix of the user's inboxes. Default: the client's. */
  inboxPrefix?: string;
  /** Awaited with the size of each chunk before it is acknowledged: limits what the server sends. Default: no limit. */
  pace?: (bytes: number) => Promise<void>;
}

/**
 * Asks for the snapshot of a stream. The chunks must be read to their end, without pauses of 5 s: the server ends the
 * snapshot then. Before 2.15, servers have none of streams in memory (error 10064).
 */
export async function receiveSnapshot(
  connection: NatsConnection,
  ask: Ask,
  stream: string,
  { inboxPrefix, pace }: SnapshotOptions = {},
): Promise<StreamBackup & { chunks: AsyncGenerator<Uint8Array, void, void> }> {
  const inbox = createInbox(inboxPrefix);
  const messages = connection.subscribe(inbox);
  try {
    const { config, state } = await ask<StreamBackup>(`STREAM.SNAPSHOT.${stream}`, {
      deliver_subject: inbox,
      chunk_size: chunkBytes,
      no_consumers: false,
    });
    return { config, state, chunks: chunks() };
  } catch (error) {
    messages.unsubscribe();
    throw error;
  }

  async function* chunks(): AsyncGenerator<Uint8Array, void, void> {
    const stalled = () => messages.unsubscribe();
    let timer = setTimeout(stalled, idleMs);
    try {
      for await (const message of messages) {
        clearTimeout(timer);
        if (message.data.length === 0) {
          if ((message.headers?.code ?? 204) < 400) return;
          throw new Error(`snapshot of ${stream} ended with ${message.headers!.status}: nothing was changed`);
        }
        yield message.data;
        await pace?.(message.data.length);
        message.respond();
        timer = setTimeout(stalled, idleMs);
      }
      throw new Error(`snapshot of ${stream}: no data received for ${idleMs / 1000} s; nothing was changed`);
    } finally {
      clearTimeout(timer);
      messages.unsubscribe();
    }
  }
}

/**
 * Creates the stream of a snapshot, with its messages, consumers and their positions; returns what the server counted.
 * A stream that exists is never touched (error 10130). Where the chunks end with an error, nothing is created.
 */
export async function sendSnapshot(
  connection: NatsConnection,
  ask: Ask,
  { config, state }: StreamBackup,
  chunks: AsyncIterable<Uint8Array>,
): Promise<StreamCounts> {
  const { deliver_subject: target } = await ask<{ deliver_subject: string }>(`STREAM.RESTORE.${config.name}`, {
    config,
    state,
  });
  const finish = async () => (await heard(connection, target, undefined, 60_000)).json<Finished>();
  try {
    // One after another: each answer confirms that the server has the chunk.
    for await (const chunk of sized(chunks)) await heard(connection, target, chunk, idleMs);
    const { state: counts, error } = await finish();
    if (error) throw new Error(`restore of ${config.name}: ${error.description} (error ${error.err_code})`);
    return counts!;
  } catch (error) {
    // Otherwise the server waits for the rest, and then, from 2.15 on, a stream without servers keeps the name.
    await finish().catch(() => undefined);
    await ask(`STREAM.DELETE.${config.name}`, undefined).catch(() => undefined);
    throw error;
  }
}

/**
 * A request to the server that restores. It may be one of another region, and what it has just subscribed to is not
 * known here yet: until then there are "no responders", and it has received nothing.
 */
async function heard(connection: NatsConnection, subject: string, data: Uint8Array | undefined, timeout: number) {
  const deadline = Date.now() + idleMs;
  for (;;) {
    try {
      return await connection.request(subject, data, { timeout });
    } catch (error) {
      if (!isNoResponders(error) || Date.now() > deadline) throw error;
      await sleep(100);
    }
  }
}

/** The server's answer to the end of a snapshot. */
interface Finished {
  state?: StreamCounts;
  error?: { description: string; err_code: number };
}

/** Chunks of at most `chunkBytes`: servers refuse messages above their limit. */
async function* sized(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  for await (const chunk of chunks)
    for (let at = 0; at < chunk.length; at += chunkBytes) yield chunk.subarray(at, at + chunkBytes);
}

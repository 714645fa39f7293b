import { createHash } from "node:crypto";
import { headers, type Msg, type NatsConnection, type RequestOptions, TimeoutError } from "@nats-io/transport-node";
import type { BucketKind } from "../../config/assets/buckets";
import { pollUntil } from "../../config/poll-until";
import { publish } from "./messages";

/*
 * What the clients' libraries ask of a bucket, as far as a proof needs it (ADR-8 and ADR-20 of
 * nats-architecture-and-design).
 */

/** Time for what follows a write: mirrors copy a moment later. */
const deadlineMs = 10_000;
/** Of a request that must not be sent twice, and of one try of any other. */
const answerMs = { once: 10_000, again: 5_000 };

/** The entry that proofs write, and take away. No application needs to know it. */
const name = "supercluster-verify";

/** A bucket, and its stream or that of a mirror. */
export interface Place {
  bucket: string;
  stream: string;
}

/** How the entries of a kind of bucket are written, read and taken away. `id` is what is written. */
interface Requests {
  /** Subject of the entry; of an object, of what describes it. */
  entry(bucket: string): string;
  put(writer: NatsConnection, place: Place, id: string): Promise<void>;
  /** Whether what was put is what a client reads now. `inbox`: a new one of the reader. */
  isRead(reader: NatsConnection, place: Place, id: string, inbox: string): Promise<boolean>;
  /** Leaves a marker in its place. */
  remove(user: NatsConnection, place: Place, id: string): Promise<void>;
  /** Whether a client reads that it is gone. */
  isGone(reader: NatsConnection, place: Place): Promise<boolean>;
}

const keyOf = (bucket: string): string => `$KV.${bucket}.${name}`;
const descriptionOf = (bucket: string): string => `$O.${bucket}.M.${Buffer.from(name).toString("base64url")}`;
const chunksOf = (bucket: string, id: string): string => `$O.${bucket}.C.${id}`;

/** What is in an object: one chunk. */
const contentOf = (id: string): string => `proof ${id}`;
const describe = (bucket: string, id: string, change: object = {}): string =>
  JSON.stringify({
    ...{ name, bucket, nuid: id, size: contentOf(id).length, chunks: 1, options: { max_chunk_size: 128 * 1024 } },
    ...{ digest: `SHA-256=${createHash("sha256").update(contentOf(id)).digest("base64url")}=` },
    ...{ mtime: new Date().toISOString(), deleted: false, ...change },
  });

/**
 * Sends what has the same effect twice, until it is answered: servers drop requests while a leader is elected, or a
 * replica that took one is not ready.
 */
async function repeated(
  connection: NatsConnection,
  subject: string,
  body: string,
  options: Partial<RequestOptions> = {},
): Promise<Msg> {
  const answered = () =>
    connection.request(subject, body, { ...options, timeout: answerMs.again }).catch((error: unknown) => {
      if (error instanceof TimeoutError) return undefined;
      throw error;
    });
  const answer = await pollUntil(answered, deadlineMs);
  if (!answer) throw new Error(`no answer to ${subject} within ${deadlineMs / 1000} s`);
  return answer;
}

/** The newest message of a subject, by a direct read. */
const newest = (reader: NatsConnection, stream: string, subject: string): Promise<Msg> =>
  repeated(reader, `$JS.API.DIRECT.GET.${stream}.${subject}`, "");

/** Writes in place of everything on the subject, and waits until that is stored. */
async function replace(user: NatsConnection, subject: string, body: string, more: Record<string, string> = {}) {
  const marked = headers();
  for (const [key, value] of Object.entries({ "Nats-Rollup": "sub", ...more })) marked.set(key, value);
  const answer = await repeated(user, subject, body, { headers: marked });
  const { error } = answer.json<{ error?: { description: string } }>();
  if (error) throw new Error(`${subject} was not stored: ${error.description}`);
}

export const bucketRequests: Record<BucketKind, Requests> = {
  keyValues: {
    entry: keyOf,
    put: async (writer, { bucket }, id) => void (await publish(writer, keyOf(bucket), id)),
    isRead: async (reader, { bucket, stream }, id) =>
      (await newest(reader, stream, keyOf(bucket))).string().includes(id),
    remove: (user, { bucket }) => replace(user, keyOf(bucket), "", { "KV-Operation": "PURGE" }),
    isGone: async (reader, { bucket, stream }) =>
      (await newest(reader, stream, keyOf(bucket))).headers?.get("KV-Operation") === "PURGE",
  },
  objectStores: {
    entry: descriptionOf,
    put: async (writer, { bucket }, id) => {
      const stored = await writer.request(chunksOf(bucket, id), contentOf(id), { timeout: answerMs.once });
      const { error } = stored.json<{ error?: { description: string } }>();
      if (error) throw new Error(`the object was not stored: ${error.description}`);
      await replace(writer, descriptionOf(bucket), describe(bucket, id));
    },
    isRead: async (reader, { bucket, stream }, id, inbox) => {
      if (!(await newest(reader, stream, descriptionOf(bucket))).string().includes(id)) return false;
      const content = await follow(
        reader,
        { stream, subject: chunksOf(bucket, id), inbox, from: "all" },
        contentOf(id),
      );
      return (await content()) > 0;
    },
    remove: async (user, { bucket, stream }, id) => {
      await replace(
        user,
        descriptionOf(bucket),
        describe(bucket, id, { size: 0, chunks: 0, digest: "", deleted: true }),
      );
      const request = JSON.stringify({ filter: chunksOf(bucket, id) });
      const answer = await user.request(`$JS.API.STREAM.PURGE.${stream}`, request, { timeout: answerMs.once });
      const { purged, error } = answer.json<{ purged?: number; error?: { description: string } }>();
      if (purged !== 1) throw new Error(`the object's content was not deleted: ${error?.description ?? purged}`);
    },
    isGone: async (reader, { bucket, stream }) =>
      (await newest(reader, stream, descriptionOf(bucket))).json<{ deleted?: boolean }>().deleted === true,
  },
};

/** Whether it is so within the deadline. */
export const within = async (isSo: () => Promise<boolean>): Promise<boolean> =>
  (await pollUntil(isSo, deadlineMs)) === true;

/**
 * Follows a subject as the clients' `watch` does, by a consumer of its own. Resolves, once the consumer is there, to
 * what waits for a message with this text, by the time when it arrived; the consumer is deleted then.
 */
export async function follow(
  connection: NatsConnection,
  { stream, subject, inbox, from }: { stream: string; subject: string; inbox: string; from: "new" | "all" },
  text: string,
): Promise<() => Promise<number>> {
  const arrival = Promise.withResolvers<number>();
  const subscription = connection.subscribe(inbox, {
    callback: (_, message) => {
      if (message.string().includes(text)) arrival.resolve(performance.now());
    },
  });
  const { name: consumer, error } = await ask<{ name?: string; error?: { description: string } }>(
    connection,
    `$JS.API.CONSUMER.CREATE.${stream}`,
    {
      stream_name: stream,
      config: {
        ...{ deliver_subject: inbox, filter_subject: subject, deliver_policy: from, ack_policy: "none" },
        // Ends one that is not deleted below because its answer was lost, and it was asked for again.
        ...{ mem_storage: true, num_replicas: 1, inactive_threshold: 30_000_000_000 },
      },
    },
  );
  if (!consumer) throw new Error(`no consumer on ${stream}: ${error?.description}`);
  return async () => {
    const late = setTimeout(
      () => arrival.reject(new Error(`nothing arrived on ${subject} within ${deadlineMs / 1000} s`)),
      deadlineMs,
    );
    try {
      return await arrival.promise;
    } finally {
      clearTimeout(late);
      subscription.unsubscribe();
      await ask(connection, `$JS.API.CONSUMER.DELETE.${stream}.${consumer}`, {});
    }
  };
}

const ask = async <T>(connection: NatsConnection, subject: string, body: object): Promise<T> =>
  (await repeated(connection, subject, JSON.stringify(body))).json<T>();

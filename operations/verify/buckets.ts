import { randomUUID } from "node:crypto";
import { headers, type NatsConnection } from "@nats-io/transport-node";
import { bucketsOf } from "../../config/assets/buckets";
import { mirrorName } from "../../config/assets/standard";
import { pollUntil } from "../../config/poll-until";
import type { BucketRight, TenantSpec } from "../../config/schema/tenant";
import type { Proof } from "./canary";
import type { Connections } from "./connections";
import { publish } from "./messages";
import { regionsOfProof } from "./plan";

/** Mirrors copy a moment later. */
const deadlineMs = 10_000;
const answerMs = 2_000;

/** The key that proofs write, and purge. No application needs to know it. */
const key = "supercluster-verify";

/** What proves one key-value bucket: who does what, and where. */
interface BucketPlan {
  account: string;
  bucket: string;
  stream: string;
  /** Region where the entry is written, and the region where it is read and watched. */
  from: string;
  to: string;
  writer: string;
  reader?: string;
  watcher?: string;
  /** Mirrors that a user reads, by their own names, each in its region. */
  mirrors: { stream: string; region: string; reader: string }[];
}

/** The proofs of a tenant's key-value buckets; those that no user writes have none. Pure. */
export function bucketPlansOf(tenant: TenantSpec, regions: readonly string[]): BucketPlan[] {
  const userWith = (right: BucketRight, bucket: string): string | undefined =>
    Object.entries(tenant.users).find(([, { keyValues = {} }]) =>
      [keyValues[bucket] ?? []].flat().includes(right),
    )?.[0];
  return bucketsOf(tenant)
    .filter(({ kind }) => kind === "keyValues")
    .flatMap(({ bucket, stream, spec }): BucketPlan[] => {
      const writer = userWith("put", bucket);
      if (!writer) return [];
      return [
        {
          account: tenant.name,
          bucket,
          stream,
          ...regionsOfProof(regions, spec.home ?? tenant.home),
          writer,
          reader: userWith("get", bucket),
          watcher: userWith("watch", bucket) ?? userWith("list", bucket),
          mirrors: Object.keys(spec.mirrors ?? {}).flatMap((region) => {
            const reader = userWith("get", mirrorName(bucket, region));
            return reader ? [{ stream: mirrorName(stream, region), region, reader }] : [];
          }),
        },
      ];
    });
}

/**
 * Proves that an entry that one user puts in one region is watched and read by users in another, and read in each
 * mirror; then purges it. Never throws: an error is a failed proof.
 */
export async function proveBucket(connections: Connections, plan: BucketPlan): Promise<Proof> {
  const { account, bucket, stream, from, to } = plan;
  const name = `bucket ${account}/${bucket}`;
  const subject = `$KV.${bucket}.${key}`;
  try {
    const id = randomUUID();
    const writer = await connections.get(from, account, plan.writer);
    const watched = plan.watcher ? await watch(connections, plan, plan.watcher, subject, id) : undefined;
    const started = performance.now();
    await publish(writer, subject, id);
    try {
      const at = await watched?.();
      if (plan.reader) await readUntil(await connections.get(to, account, plan.reader), stream, subject, id);
      const copies = await Promise.all(
        plan.mirrors.map(async ({ stream: mirror, region, reader }) => {
          const isThere = await has(await connections.get(region, account, reader), mirror, subject, id);
          return { isThere, text: isThere ? `read from ${mirror} in ${region}` : `${mirror} does not have it` };
        }),
      );
      const done = [
        "put",
        ...(at === undefined ? [] : [`watched after ${(at - started).toFixed(1)} ms`]),
        ...(plan.reader ? [`read from ${stream} in ${to}`] : []),
        ...copies.map(({ text }) => text),
      ];
      // Writes and reads at home are proved; a copy that is behind is a risk, which `mirrors` and alerts are about.
      const result = copies.every(({ isThere }) => isThere) ? "ok" : "warning";
      return { name, result, detail: `${from} -> ${to}: ${done.join(", ")}`, from, to };
    } finally {
      await purge(writer, subject);
    }
  } catch (error) {
    return { name, result: "failed", detail: `${from} -> ${to}: ${(error as Error).message}`, from, to };
  }
}

/** Follows the key as the clients' `watch` does, by a consumer of its own; resolves to when the entry arrived. */
async function watch(
  connections: Connections,
  { account, stream, to }: BucketPlan,
  user: string,
  subject: string,
  id: string,
): Promise<() => Promise<number>> {
  const connection = await connections.get(to, account, user);
  const inbox = connections.inbox(account, user);
  const arrival = Promise.withResolvers<number>();
  const subscription = connection.subscribe(inbox, {
    callback: (_, message) => {
      if (message.string().includes(id)) arrival.resolve(performance.now());
    },
  });
  const { name, error } = await ask<{ name?: string; error?: { description: string } }>(
    connection,
    `$JS.API.CONSUMER.CREATE.${stream}`,
    {
      stream_name: stream,
      config: {
        ...{ deliver_subject: inbox, filter_subject: subject, deliver_policy: "new", ack_policy: "none" },
        ...{ mem_storage: true, num_replicas: 1, inactive_threshold: 30_000_000_000 },
      },
    },
  );
  if (!name) throw new Error(`${user} cannot watch: ${error?.description}`);
  return async () => {
    const late = setTimeout(
      () => arrival.reject(new Error(`${user} saw no change within ${deadlineMs / 1000} s`)),
      deadlineMs,
    );
    try {
      return await arrival.promise;
    } finally {
      clearTimeout(late);
      subscription.unsubscribe();
      await ask(connection, `$JS.API.CONSUMER.DELETE.${stream}.${name}`, {});
    }
  };
}

/** Reads the entry by a direct read until it is the one that was put. */
async function readUntil(connection: NatsConnection, stream: string, subject: string, id: string): Promise<void> {
  if (!(await has(connection, stream, subject, id))) throw new Error(`${stream} does not have the entry`);
}

/** Whether a direct read gives, within the deadline, the entry that was put. */
async function has(connection: NatsConnection, stream: string, subject: string, id: string): Promise<boolean> {
  const read = async () => {
    const answer = await connection.request(`$JS.API.DIRECT.GET.${stream}.${subject}`, "", { timeout: answerMs });
    return answer.string().includes(id);
  };
  return (await pollUntil(read, deadlineMs)) === true;
}

/** Leaves a marker in place of the entry, as the clients' `purge` of a key does. */
async function purge(connection: NatsConnection, subject: string): Promise<void> {
  const marked = headers();
  marked.set("KV-Operation", "PURGE");
  marked.set("Nats-Rollup", "sub");
  await connection.request(subject, "", { headers: marked, timeout: answerMs });
}

const ask = async <T>(connection: NatsConnection, subject: string, body: object): Promise<T> =>
  (await connection.request(subject, JSON.stringify(body), { timeout: answerMs })).json<T>();

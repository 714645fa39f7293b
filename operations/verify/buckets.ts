import { randomUUID } from "node:crypto";
import { type BucketKind, bucketsOf } from "../../config/assets/buckets";
import { mirrorName } from "../../config/assets/standard";
import type { BucketRight, TenantSpec } from "../../config/schema/tenant";
import { bucketRequests, follow, within } from "./bucket-requests";
import type { Proof } from "./canary";
import type { Connections } from "./connections";
import { regionsOfProof } from "./plan";

/** What proves one bucket: who does what, and where. */
interface BucketPlan {
  kind: BucketKind;
  account: string;
  bucket: string;
  stream: string;
  /** Region where the entry is written, and the region where it is read and watched. */
  from: string;
  to: string;
  writer: string;
  reader?: string;
  watcher?: string;
  /** Takes the entry away. */
  remover: string;
  /** Mirrors that a user reads, by their own names, each in its region. */
  mirrors: { stream: string; region: string; reader: string }[];
}

/** The proofs of a tenant's buckets; those that no user writes have none. Pure. */
export const bucketPlansOf = (tenant: TenantSpec, regions: readonly string[]): BucketPlan[] =>
  bucketsOf(tenant).flatMap(({ kind, bucket, stream, spec }): BucketPlan[] => {
    const userWith = (right: BucketRight, name = bucket): string | undefined =>
      Object.entries(tenant.users).find(([, { [kind]: granted = {} }]) =>
        [granted[name] ?? []].flat().includes(right),
      )?.[0];
    const writer = userWith("put");
    if (!writer) return [];
    return [
      {
        ...{ kind, account: tenant.name, bucket, stream },
        ...regionsOfProof(regions, spec.home ?? tenant.home),
        writer,
        reader: userWith("get"),
        watcher: userWith("watch") ?? userWith("list"),
        // Of a key, the right to purge is about old ones alone.
        remover: (kind === "objectStores" ? userWith("purge") : undefined) ?? writer,
        // Clients find no objects in a mirror.
        mirrors: (kind === "keyValues" ? Object.keys(spec.mirrors ?? {}) : []).flatMap((region) => {
          const reader = userWith("get", mirrorName(bucket, region));
          return reader ? [{ stream: mirrorName(stream, region), region, reader }] : [];
        }),
      },
    ];
  });

/**
 * Proves that what one user puts in one region is watched and read by users in another, and read in each mirror; and
 * that it is gone for them once it is taken away. Never throws: an error is a failed proof.
 */
export async function proveBucket(connections: Connections, plan: BucketPlan): Promise<Proof> {
  const { kind, account, bucket, stream, from, to } = plan;
  const { entry, put, isRead, remove, isGone } = bucketRequests[kind];
  const name = `${kind === "keyValues" ? "bucket" : "store"} ${account}/${bucket}`;
  const proof = (result: Proof["result"], detail: string): Proof => ({
    ...{ name, result, detail: `${from} -> ${to}: ${detail}`, from, to },
  });
  const inbox = (user: string) => connections.inbox(account, user);
  try {
    const id = randomUUID();
    const writer = await connections.get(from, account, plan.writer);
    const watcher = plan.watcher && (await connections.get(to, account, plan.watcher));
    const watched =
      watcher &&
      (await follow(watcher, { stream, subject: entry(bucket), inbox: inbox(plan.watcher!), from: "new" }, id));
    const started = performance.now();
    await put(writer, { bucket, stream }, id);
    const done = ["put"];
    const reads = async (region: string, user: string, place: string) => {
      const reader = await connections.get(region, account, user);
      if (!(await within(() => isRead(reader, { bucket, stream: place }, id, inbox(user)))))
        throw new Error(`${[...done, `${user} in ${region} does not read it from ${place}`].join(", ")}`);
      done.push(`read from ${place} in ${region}`);
    };
    try {
      if (watched) done.push(`watched after ${((await watched()) - started).toFixed(1)} ms`);
      if (plan.reader) await reads(to, plan.reader, stream);
      for (const mirror of plan.mirrors) await reads(mirror.region, mirror.reader, mirror.stream);
    } finally {
      await remove(await connections.get(from, account, plan.remover), { bucket, stream }, id);
    }
    if (plan.reader) {
      const reader = await connections.get(to, account, plan.reader);
      if (!(await within(() => isGone(reader, { bucket, stream }))))
        return proof("failed", [...done, `deleted, and ${plan.reader} in ${to} still reads it`].join(", "));
    }
    return proof("ok", [...done, "deleted"].join(", "));
  } catch (error) {
    return proof("failed", (error as Error).message);
  }
}

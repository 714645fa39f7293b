import { type NatsConnection } from "@nats-io/transport-node";
import type { Tenants } from "../../config/assets/asset";
import { type Copy, copiedSubjects, copiesOf } from "../../config/assets/copies";
import { pollUntil } from "../../config/poll-until";
import { provisioner } from "../../config/assets/standard";
import type { Proof } from "./canary";
import type { Connections } from "./connections";

const arrivesMs = 20_000;
const answerMs = 5_000;

/** A stream that one tenant copies of another, and where each of the two is. */
export interface CopyPlan extends Copy {
  account: string;
  regions: { origin: string; copy: string };
}

/** What is copied between tenants. Pure. */
export const copyPlansOf = (tenants: Tenants): CopyPlan[] =>
  Object.values(tenants).flatMap((tenant) =>
    copiesOf(tenant).map((copy) => {
      const regionOf = (account: string, stream: string) => {
        const { home, streams } = tenants[account]!;
        return streams[stream]!.home ?? home;
      };
      const regions = { origin: regionOf(copy.from, copy.origin), copy: regionOf(tenant.name, copy.stream) };
      return { ...copy, account: tenant.name, regions };
    }),
  );

interface Stored {
  message?: { seq: number; subject: string; hdrs?: string };
  error?: { err_code: number; description: string };
}

const noMessage = 10037;

/**
 * Proves that the last message of the origin has arrived in the copy, across the accounts, by what each account's
 * provisioner reads. Publishes nothing. Never throws: an error is a failed proof.
 */
export async function proveCopy(connections: Connections, plan: CopyPlan): Promise<Proof> {
  const { account, stream, from, origin, regions, spec } = plan;
  const proof = (result: Proof["result"], detail: string): Proof => ({
    ...{ name: `copy ${account}/${stream} of ${from}/${origin}`, result },
    detail: `${regions.origin} -> ${regions.copy}: ${detail}`,
    ...{ from: regions.origin, to: regions.copy },
  });
  try {
    const theirs = await connections.get(regions.origin, from, provisioner);
    const ours = await connections.get(regions.copy, account, provisioner);
    const last = await lastOf(theirs, origin, copiedSubjects(spec)?.[0] ?? ">");
    if (!last) return proof("ok", `${from}/${origin} holds nothing to copy`);
    const isThere = () => (plan.at[0] === "mirror" ? isMirrored(ours, plan, last.seq) : isCollected(ours, plan, last));
    const arrived = await pollUntil(async () => ((await isThere()) ? true : undefined), arrivesMs, 500);
    if (!arrived) return proof("failed", `message ${last.seq} (${last.subject}) has not arrived`);
    return proof("ok", `message ${last.seq}, the last of ${from}/${origin}, has arrived`);
  } catch (error) {
    return proof("failed", (error as Error).message);
  }
}

async function lastOf(nc: NatsConnection, stream: string, subject: string): Promise<Stored["message"]> {
  const answer = await ask<Stored>(nc, `STREAM.MSG.GET.${stream}`, { last_by_subj: subject });
  if (answer.error && answer.error.err_code !== noMessage) throw new Error(`${stream}: ${answer.error.description}`);
  return answer.message;
}

/** A mirror has the sequences of its origin. */
async function isMirrored(nc: NatsConnection, { stream }: CopyPlan, seq: number): Promise<boolean> {
  const { state } = await ask<{ state?: { last_seq: number } }>(nc, `STREAM.INFO.${stream}`);
  return (state?.last_seq ?? 0) >= seq;
}

/** What was collected says in a header from which stream and sequence it is; what has no header is of its own. */
async function isCollected(
  nc: NatsConnection,
  { stream, origin, spec }: CopyPlan,
  last: NonNullable<Stored["message"]>,
): Promise<boolean> {
  const here = await lastOf(nc, stream, spec.subjectTransforms ? ">" : last.subject);
  const headers = Buffer.from(here?.hdrs ?? "", "base64").toString();
  const [, name, seq] = /^Nats-Stream-Source: (\S+) (\d+)/m.exec(headers) ?? [];
  if (name?.split(":")[0] === origin) return Number(seq) >= last.seq;
  // Another message with its subject came later.
  const info = await ask<{ sources?: { name: string; lag: number; active: number; external?: { api: string } }[] }>(
    nc,
    `STREAM.INFO.${stream}`,
  );
  return (info.sources ?? []).some((one) => one.name === origin && one.external && one.active >= 0 && one.lag === 0);
}

const ask = async <T>(nc: NatsConnection, request: string, body: object = {}): Promise<T> =>
  (await nc.request(`$JS.API.${request}`, JSON.stringify(body), { timeout: answerMs })).json<T>();

import { randomUUID } from "node:crypto";
import type { NatsConnection } from "@nats-io/transport-node";
import { canary, canarySubject } from "../../config/assets/standard";
import type { TenantSpec } from "../../config/schema/tenant";
import type { Check } from "./checks";
import type { Connections } from "./connections";
import { publish, pull } from "./messages";
import { regionsOfProof } from "./plan";

const samples = 5;

/** More than the durable's `ackWait`: a message that went to a client that was killed comes again. */
const deadlineMs = 12_000;

/** What a proof measured, beside its check. */
export type Proof = Check & { from?: string; to?: string; roundTripMs?: number };

/**
 * Proves that messages of an account pass from one region to another, through its stream CANARY: safe in production, since
 * nothing else reads or writes it. A round trip is from the call to publish until the message is in the other region's hands.
 */
export async function proveByCanary(
  connections: Connections,
  regions: readonly string[],
  tenant: TenantSpec,
): Promise<Proof> {
  const name = `canary ${tenant.name}`;
  const { from, to } = regionsOfProof(regions, tenant.home);
  try {
    const [publisher, consumer] = await Promise.all(
      [from, to].map((region) => connections.get(region, tenant.name, canary.user)),
    );
    const times: number[] = [];
    for (let sample = 0; sample < samples; sample++) {
      const id = randomUUID();
      const arrival = take(connections, consumer!, tenant.name, id);
      const started = performance.now();
      const [at] = await Promise.all([arrival, publish(publisher!, canarySubject(tenant.name, id), id)]);
      times.push(at - started);
    }
    const roundTripMs = times.sort((a, b) => a - b)[Math.floor(samples / 2)]!;
    return {
      name,
      result: "ok",
      detail: `${from} -> ${to}, ${roundTripMs.toFixed(1)} ms (median of ${samples})`,
      from,
      to,
      roundTripMs,
    };
  } catch (error) {
    return { name, result: "failed", detail: `${from} -> ${to}: ${(error as Error).message}`, from, to };
  }
}

/**
 * When the canary arrived. Messages are asked for one by one: a request that stays open when its client leaves would take
 * the next proof's message. Canaries of earlier proofs are cleared away.
 */
function take(connections: Connections, consumer: NatsConnection, account: string, id: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`no canary arrived within ${deadlineMs / 1000} s`)), deadlineMs);
    const arrived = (at: number): void => {
      clearTimeout(timer);
      resolve(at);
    };
    const request = { stream: canary.stream, durable: canary.durable, count: 1, expiresMs: deadlineMs };
    const next = (): void => {
      const end = pull(consumer, { ...request, inbox: connections.inbox(account, canary.user) }, (delivery) => {
        const acknowledged = delivery.acknowledge().then(end);
        acknowledged.then(() => (delivery.id === id ? arrived(delivery.at) : next())).catch(reject);
      });
    };
    next();
  });
}

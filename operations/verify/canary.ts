import { randomUUID } from "node:crypto";
import type { NatsConnection } from "@nats-io/transport-node";
import { canary, canarySubject } from "../../config/assets/standard";
import type { TenantSpec } from "../../config/schema/tenant";
import type { Check } from "./checks";
import type { Connections } from "./connections";
import { publish, pull } from "./messages";
import { regionsOfProof } from "./plan";

const samples = 5;

/** Longer than the durable's `ackWait`: a message delivered to a client that was killed is delivered again. */
const deadlineMs = 12_000;

/** A check that messages pass, with what it measured: regions, and milliseconds of a round trip. */
export type Proof = Check & { from?: string; to?: string; roundTripMs?: number };

/**
 * Proves that messages of an account pass from one region to another, through its stream CANARY. Safe in production:
 * nothing else reads or writes that stream. A round trip lasts from the call to publish until a client in the other
 * region has the message. Never throws: an error is a failed proof.
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
      const arrival = receive(connections, consumer!, tenant.name, id);
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
 * When the message with an id arrived, by `performance.now()`. Messages are requested one by one: a request that stays
 * open when its client disconnects would receive the message of the next proof. Messages of earlier proofs are
 * acknowledged on the way.
 */
function receive(connections: Connections, consumer: NatsConnection, account: string, id: string): Promise<number> {
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

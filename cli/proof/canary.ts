import { randomUUID } from "node:crypto";
import { canary, canarySubject } from "../../config/standard";
import type { TenantSpec } from "../../config/tenant";
import type { Check } from "../supercluster/checks";
import type { Connections } from "./connections";
import { publish, pull } from "./messages";
import { regionsOfProof } from "./plan";

const samples = 5;
const deadlineMs = 5_000;

/** What a proof measured, beside its check. */
export type Proof = Check & { from?: string; to?: string; roundTripMs?: number };

/**
 * Proves that messages of an account pass from one region to another, through its stream CANARY: safe in production, since
 * nothing else reads or writes it. A round trip is from the call to publish until the message is in the other region's hands.
 */
export async function proveByCanary(connections: Connections, regions: readonly string[], tenant: TenantSpec): Promise<Proof> {
  const name = `canary ${tenant.name}`;
  const { from, to } = regionsOfProof(regions, tenant.home);
  try {
    const [publisher, consumer] = await Promise.all([from, to].map((region) => connections.get(region, tenant.name, canary.user)));
    const waiting = new Map<string, (at: number) => void>();
    const acknowledged: Promise<void>[] = [];
    // More than its own: others' and earlier runs' canaries are taken out of the way.
    const end = await pull(consumer!, { stream: canary.stream, durable: canary.durable, count: 1_000, expiresMs: 3 * deadlineMs, inbox: connections.inbox(tenant.name, canary.user) }, (delivery) => {
      if (delivery.id) waiting.get(delivery.id)?.(delivery.at);
      acknowledged.push(delivery.acknowledge());
    });
    const times: number[] = [];
    for (let sample = 0; sample < samples; sample++) {
      const id = randomUUID();
      const started = performance.now();
      const arrived = new Promise<number>((resolve, reject) => {
        const timer = setTimeout(() => reject(new Error(`no canary arrived within ${deadlineMs / 1000} s`)), deadlineMs);
        waiting.set(id, (at) => {
          clearTimeout(timer);
          resolve(at - started);
        });
      });
      const [took] = await Promise.all([arrived, publish(publisher!, canarySubject(tenant.name, id), id)]);
      times.push(took);
    }
    await Promise.all(acknowledged);
    end();
    const roundTripMs = times.sort((a, b) => a - b)[Math.floor(samples / 2)]!;
    return { name, result: "ok", detail: `${from} -> ${to}, ${roundTripMs.toFixed(1)} ms (median of ${samples})`, from, to, roundTripMs };
  } catch (error) {
    return { name, result: "failed", detail: `${from} -> ${to}: ${(error as Error).message}`, from, to };
  }
}

import type { NatsConnection } from "@nats-io/transport-node";
import type { Access } from "../access/access";
import type { CheckedEnvironment } from "../settings/checked-environment";
import { type Snapshot, subscribersOf, takeSnapshot } from "../supercluster/snapshot";
import type { WorkerStatus } from "../workers/worker-status";
import { bucketPlansOf, proveBucket } from "./buckets";
import { copyPlansOf, proveCopy } from "./copies";
import { type Proof, proveByCanary } from "./canary";
import { Connections } from "./connections";
import { proveStream, type ProofContext } from "./durables";
import { Leftovers } from "./leftovers";
import { planOf } from "./plan";
import { durablesWithWorkers } from "./workers";
import { serversInAll } from "../../config/sizes";

/**
 * Proves for each tenant that messages published in one region are delivered by a durable in another: through the
 * canary stream in every environment, in a local one also through the tenants' own streams, durables and users.
 */
export async function prove(
  checked: CheckedEnvironment,
  access: Access,
  system: NatsConnection,
  snapshot: Snapshot,
  workers: readonly WorkerStatus[],
): Promise<Proof[]> {
  const { environment, tenants, name } = checked;
  const connections = new Connections(access);
  const proofs: Proof[] = [];
  try {
    // One after another: at the same time they would slow each other, and their times would be wrong.
    for (const tenant of Object.values(tenants))
      proofs.push(await proveByCanary(connections, environment.regions, tenant));
    const copies = async () => {
      for (const plan of copyPlansOf(tenants)) proofs.push(await proveCopy(connections, plan));
    };
    if (environment.target !== "local") {
      await copies();
      return proofs;
    }
    const servers = serversInAll(environment);
    const context: ProofContext = {
      connections,
      snapshot,
      leftovers: new Leftovers(name),
      worked: durablesWithWorkers(tenants, workers),
      observe: () => takeSnapshot(system, servers),
      subscribers: (account, subject) => subscribersOf(system, account, subject, servers),
    };
    const plans = Object.values(tenants).map((tenant) => planOf(checked, tenant));
    proofs.push(
      ...(await Promise.all(plans.flatMap(({ streams }) => streams.map((plan) => proveStream(plan, context))))).flat(),
    );
    for (const tenant of Object.values(tenants))
      for (const plan of bucketPlansOf(tenant, environment.regions)) proofs.push(await proveBucket(connections, plan));
    // Behind what was published through their origins.
    await copies();
    proofs.push(
      ...plans
        .flatMap(({ unprovable }) => unprovable)
        .map(({ consumer, reason }): Proof => ({
          name: `durable ${consumer.account}/${consumer.stream}/${consumer.name}`,
          result: "skipped",
          detail: reason,
        })),
    );
    return proofs;
  } finally {
    await connections.close();
  }
}

import type { Access } from "../access";
import type { CheckedEnvironment } from "../settings";
import type { Snapshot } from "../supercluster/snapshot";
import { type Proof, proveByCanary } from "./canary";
import { Connections } from "./connections";
import { proveStream } from "./durables";
import { Leftovers } from "./leftovers";
import { planOf } from "./plan";

/**
 * Proves the main job: for each tenant, messages published in one region are taken by a durable in another. By canary
 * everywhere; where the environment is local, also through the tenants' own streams, durables and users.
 */
export async function prove(checked: CheckedEnvironment, access: Access, snapshot: Snapshot): Promise<Proof[]> {
  const { environment, tenants, name } = checked;
  const connections = new Connections(access);
  const proofs: Proof[] = [];
  try {
    // One after another: side by side they would measure each other.
    for (const tenant of Object.values(tenants)) proofs.push(await proveByCanary(connections, environment.regions, tenant));
    if (environment.target !== "local") return proofs;
    const leftovers = new Leftovers(name);
    for (const tenant of Object.values(tenants)) {
      const { streams, unprovable } = planOf(checked, tenant);
      proofs.push(...(await Promise.all(streams.map((plan) => proveStream(plan, connections, snapshot, leftovers)))).flat());
      proofs.push(...unprovable.map(({ consumer, reason }): Proof => ({ name: `durable ${tenant.name}/${consumer.stream}/${consumer.name}`, result: "skipped", detail: reason })));
    }
    return proofs;
  } finally {
    await connections.close();
  }
}

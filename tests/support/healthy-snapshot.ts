import { assetsOf } from "../../config/assets/assets";
import { serversOf } from "../../config/topology";
import { consumerArgs, streamArgs } from "../../jetstream/asset-args";
import { consumerFields, streamFields } from "../../jetstream/fields";
import { toWire } from "../../jetstream/wire";
import type { CheckedEnvironment } from "../../operations/settings/checked-environment";
import type { Snapshot } from "../../operations/supercluster/snapshot";
import { checksOf } from "../../operations/verify/checks";

/** What the servers of an environment report when all is as specified. */
export function healthySnapshot({
  environment,
  tenants,
}: Pick<CheckedEnvironment, "environment" | "tenants">): Snapshot {
  const snapshot: Snapshot = { servers: {}, streams: {} };
  const names = environment.regions.flatMap((region) => serversOf(environment, region).map(({ name }) => name));
  const followers = (leader: string, among: string[]) =>
    among.filter((name) => name !== leader).map((name) => ({ name, current: true }));
  for (const region of environment.regions) {
    const others = environment.regions.filter((other) => other !== region);
    for (const { name } of serversOf(environment, region)) {
      snapshot.servers[name] = {
        region,
        version: "2.14.9",
        varz: { remotes: 2, connections: 0, mem: 1 },
        gateways: {
          outbound_gateways: Object.fromEntries(others.map((other) => [other, {}])),
          inbound_gateways: Object.fromEntries(others.map((other) => [other, [{}]])),
        },
        health: { status: "ok" },
        leads: 1,
      };
    }
  }
  snapshot.meta = { leader: "iad-0", cluster_size: 9, replicas: followers("iad-0", names) };
  const { streams, consumers } = assetsOf(environment, tenants);
  for (const asset of streams) {
    const cluster = {
      leader: `${asset.region}-0`,
      replicas: followers(
        `${asset.region}-0`,
        serversOf(environment, asset.region).map(({ name }) => name),
      ),
    };
    (snapshot.streams[asset.account] ??= {})[asset.name] = {
      name: asset.name,
      cluster,
      config: toWire(streamFields, streamArgs(asset)),
      state: { messages: 3, bytes: 30, last_seq: 3 },
      mirror: asset.mirrorOf ? { name: asset.mirrorOf, lag: 0, active: 0 } : undefined,
      consumer_detail: consumers
        .filter(({ account, stream }) => account === asset.account && stream === asset.name)
        .map((consumer) => ({
          name: consumer.name,
          config: toWire(consumerFields, consumerArgs(consumer)),
          cluster,
          num_pending: 0,
          num_ack_pending: 0,
          num_waiting: 0,
        })),
    };
  }
  return snapshot;
}

/** The checks of an environment that fail after a change of what its servers report, as `<name>: <detail>`. */
export function failedAfter(checked: CheckedEnvironment, snapshot: Snapshot, change: (snapshot: Snapshot) => void) {
  change(snapshot);
  return checksOf(checked, snapshot)
    .filter(({ result }) => result === "failed")
    .map(({ name, detail }) => `${name}: ${detail}`);
}

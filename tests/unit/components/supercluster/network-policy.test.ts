import assert from "node:assert/strict";
import type * as z from "zod";
import { listenerPorts, networkPolicySpec, type OtherPeers } from "../../../../components/supercluster/network-policy";
import { listeners as listenersSchema } from "../../../../config/schema/listeners";
import { networkPolicy } from "../../../../config/schema/network-policy";

/** Who may connect to each port; undefined: everyone. */
const peersOf = (settings: object, others: OtherPeers = {}): Record<number, unknown> => {
  const { ingress } = networkPolicySpec(networkPolicy.parse(settings), others);
  const rules = ingress as { ports: { port: number }[]; from?: unknown }[];
  return Object.fromEntries(rules.map(({ ports, from }) => [ports[0]!.port, from]));
};

describe("who may connect to servers", () => {
  const namespaces = (...values: string[]) => ({
    namespaceSelector: { matchExpressions: [{ key: "kubernetes.io/metadata.name", operator: "In", values }] },
  });

  it("is by default everyone as a client or gateway, servers on routes, any pod as Prometheus, no one on 8222", () => {
    const peers = peersOf({});
    assert.deepEqual(Object.keys(peers), ["4222", "6222", "7222", "7777"]);
    assert.deepEqual([peers[4222], peers[7222], peers[7777]], [undefined, undefined, [{ namespaceSelector: {} }]]);
  });

  it("is only who is named, and pods beside the servers", () => {
    const peers = peersOf({
      clients: { namespaces: ["shop", "billing"], sourceRanges: ["10.0.0.0/8"] },
      gateways: { sourceRanges: ["203.0.113.0/24", "198.51.100.0/24"] },
      metrics: { namespaces: ["monitoring"], sourceRanges: ["10.20.0.0/16"] },
    });
    assert.deepEqual(peers[4222], [
      { podSelector: {} },
      namespaces("shop", "billing"),
      { ipBlock: { cidr: "10.0.0.0/8" } },
    ]);
    assert.deepEqual(peers[7222], [{ ipBlock: { cidr: "203.0.113.0/24" } }, { ipBlock: { cidr: "198.51.100.0/24" } }]);
    assert.deepEqual(peers[7777], [namespaces("monitoring"), { ipBlock: { cidr: "10.20.0.0/16" } }]);
  });

  it("is the same for listeners of the environment or of the chart's values as for clients", () => {
    const config = { websocket: { enabled: true }, mqtt: { enabled: true, port: 1884 }, leafnodes: { enabled: false } };
    const portsOf = (values: Record<string, z.core.util.JSONType>, listeners = {}) =>
      listenerPorts({ kubernetes: { values }, listeners: listenersSchema.parse(listeners) }).toSorted();
    assert.deepEqual(portsOf({ config }), [1884, 8080]);
    assert.deepEqual([portsOf({}), portsOf({ config: { leafnodes: { enabled: true } } })], [[], [7422]]);
    assert.deepEqual(portsOf({}, { websocket: {} }), [8080]);
    const peers = peersOf({ clients: { sourceRanges: ["10.0.0.0/8"] } }, { ports: [8080] });
    assert.deepEqual(peers[8080], peers[4222]);
    assert.deepEqual(peersOf({}, { ports: [8080] })[8080], undefined);
    assert.ok(8080 in peersOf({}, { ports: [8080] }));
  });

  it("is workers too, where clients are named, and KEDA alone on 8222", () => {
    const others = { workers: ["workers-shop"], keda: { namespace: "keda", port: 8222 } };
    const named = peersOf({ clients: { namespaces: ["shop"] } }, others);
    assert.deepEqual(named[4222], [{ podSelector: {} }, namespaces("shop"), namespaces("workers-shop")]);
    assert.deepEqual(named[8222], [namespaces("keda")]);
    assert.deepEqual(peersOf({}, others)[4222], undefined);
    assert.deepEqual(peersOf({}, { keda: { namespace: "keda", port: 8223 } })[8223], [namespaces("keda")]);
    assert.deepEqual(8222 in peersOf({}, { workers: ["workers-shop"] }), false);
  });
});

import assert from "node:assert/strict";
import { worseThan } from "../../../../operations/deploy/health-diff";
import type { Snapshot } from "../../../../operations/supercluster/snapshot";

describe("a supercluster between two regions of a deployment", () => {
  const server = (region: string, gateways: string[], error?: string) => ({
    region,
    version: "2.14.9",
    leads: 0,
    gateways: { outbound_gateways: Object.fromEntries(gateways.map((name) => [name, {}])) },
    health: error === undefined ? { status: "ok" } : { status: "unavailable", error },
  });
  const meta = { leader: "iad-0", cluster_size: 3 };
  const before: Snapshot = {
    servers: {
      "iad-0": server("iad", ["ams"]),
      "ams-0": server("ams", ["iad"]),
      "ams-1": server("ams", ["iad"], "no quorum"),
    },
    meta,
    streams: {},
  };
  const now = (change: Partial<Snapshot["servers"]>, rest: Partial<Snapshot> = {}): string[] => {
    const servers = Object.fromEntries(
      Object.entries({ ...before.servers, ...change }).flatMap(([name, state]) => (state ? [[name, state]] : [])),
    );
    return worseThan(before, { ...before, servers, ...rest });
  };

  it("is as well as before, also with a region more, or with a server that was not well and is not yet", () => {
    assert.deepEqual(now({ "sin-0": server("sin", [], "no leader"), "iad-0": server("iad", ["ams", "sin"]) }), []);
  });

  for (const [what, worse, line] of [
    ["a server is gone", now({ "iad-0": undefined }), "iad-0 does not answer"],
    [
      "a server is not current",
      now({ "iad-0": server("iad", ["ams"], "stream is not current") }),
      "iad-0: stream is not current",
    ],
    ["a gateway is gone", now({ "ams-0": server("ams", []) }), "ams-0 has no gateway to iad"],
    ["there is no meta leader", now({}, { meta: undefined }), "the meta group has no leader"],
  ] as const) {
    it(`is worse when ${what}`, () => assert.deepEqual(worse, [line]));
  }
});

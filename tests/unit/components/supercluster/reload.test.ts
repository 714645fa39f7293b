import assert from "node:assert/strict";
import type { LocalEnvironment } from "../../../../config/schema/settings";
import { toBytes } from "../../../../config/units";
import { classify, isLowered, type ServerState } from "../../../../components/supercluster/reload";
import { serverConfig } from "../../../../components/supercluster/server-config";
import { localEnvironment, regionOf } from "../../../support/accounts";
import { hostLayout } from "../../../support/host-layout";

const settings = localEnvironment({ regions: ["iad", "ams"], storage: { file: "2GiB", memory: "1GiB" } });

const state = (
  change: Partial<LocalEnvironment> = {},
  files: Record<string, string> = {},
  version = "2.14.9",
): ServerState => ({
  config: serverConfig(regionOf({ ...settings, ...change }), 0, hostLayout),
  files: { "accounts.conf": "1", "jetstream.conf": "1", "tls/server.crt": "1", ...files },
  version,
});

describe("class of a change to a server", () => {
  const cases: [what: string, wanted: ServerState, action: string, causes: string[]][] = [
    ["nothing", state(), "none", []],
    ["accounts", state({}, { "accounts.conf": "2" }), "reload", ["accounts.conf"]],
    ["a renewed certificate", state({}, { "tls/server.crt": "2" }), "reload", ["tls/server.crt"]],
    ["a larger message", state({ maxPayload: "4MiB" }), "reload", ["max_payload"]],
    ["more file storage", state({ storage: { file: "3GiB", memory: "1GiB" } }), "reload", ["jetstream.max_file_store"]],
    [
      "less file storage",
      state({ storage: { file: "1GiB", memory: "1GiB" } }),
      "restart",
      ["jetstream.max_file_store"],
    ],
    [
      "less memory storage",
      state({ storage: { file: "2GiB", memory: "512MiB" } }),
      "restart",
      ["jetstream.max_memory_store"],
    ],
    ["a new region", state({ regions: ["iad", "ams", "syd"] }), "restart", ["gateway.gateways"]],
    ["a JetStream key", state({}, { "jetstream.conf": "2" }), "restart", ["jetstream.conf"]],
    ["another sync interval", state({ syncInterval: "always" }), "restart", ["jetstream.sync_interval"]],
    [
      "another lame duck duration",
      state({ lameDuck: { duration: "40s", gracePeriod: "1s" } }),
      "restart",
      ["lame_duck_duration"],
    ],
    ["another program", state({}, {}, "2.14.10"), "restart", ["version"]],
    ["an unknown file", state({}, { "new.conf": "1" }), "restart", ["new.conf"]],
    [
      "a reloadable change beside one that is not: only what forces the restart is named",
      state({ regions: ["iad"], maxPayload: "1MiB" }),
      "restart",
      ["gateway.gateways"],
    ],
  ];
  for (const [what, wanted, action, causes] of cases) {
    it(`${what}: ${action}`, () => assert.deepEqual(classify(state(), wanted), { action, causes }));
  }

  it("an unknown setting: restart, named by its path", () => {
    const wanted = state();
    Object.assign(wanted.config.jetstream, { unique_tag: "az:" });
    assert.deepEqual(classify(state(), wanted), { action: "restart", causes: ["jetstream.unique_tag"] });
  });

  it("more servers: routes can be reloaded, gateways cannot", () => {
    const { action, causes } = classify(state(), state({ servers: 5 }));
    assert.equal(action, "restart");
    assert.deepEqual(causes, ["gateway.gateways"]);
  });
});

describe("a server that gives to JetStream", () => {
  const { config } = state();
  const running = (file: string, memory: string) => ({ file: toBytes(file), memory: toBytes(memory) });

  it("more than it should has to be restarted, as much or less has not", () => {
    assert.deepEqual(
      [running("2GiB", "1GiB"), running("1GiB", "512MiB"), running("3GiB", "1GiB"), running("2GiB", "2GiB")].map(
        (limits) => isLowered(limits, config),
      ),
      [false, false, true, true],
    );
  });
});

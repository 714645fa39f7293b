import assert from "node:assert/strict";
import { renderPreview } from "../../../../operations/deploy/preview";
import { stepsOf } from "../../../../operations/deploy/steps";
import type { Snapshot } from "../../../../operations/supercluster/snapshot";
import { worseThan } from "../../../../operations/deploy/health-diff";

const stacks = {
  identity: "identity",
  regions: ["iad", "ams", "syd", "sin"],
  jetstream: ["jetstream", "jetstream--irisx"],
};
const order = (target: "kubernetes" | "local", deployed: string[]) =>
  stepsOf({ target }, stacks, new Set(deployed)).map(
    ({ stacks: some, isGated }) => `${some.join("+")}${isGated ? " then look" : ""}`,
  );

describe("the order of a deployment", () => {
  it("is identity, regions, jetstream; a new environment's regions come up side by side", () => {
    assert.deepEqual(order("kubernetes", []), ["identity", "iad+ams+syd+sin", "jetstream+jetstream--irisx"]);
  });

  it("touches regions that are there one after another, with a look at all of them in between, after those that are new", () => {
    assert.deepEqual(order("kubernetes", ["identity", "iad", "ams", "syd"]), [
      "identity",
      "sin",
      "iad then look",
      "ams then look",
      "syd then look",
      "jetstream+jetstream--irisx",
    ]);
    assert.deepEqual(order("kubernetes", ["identity", ...stacks.regions, "jetstream"])[1], "iad then look");
  });

  it("leaves it to local servers to take turns", () => {
    assert.deepEqual(order("local", ["local-iad", "iad"]), [
      "identity",
      "iad+ams+syd+sin",
      "jetstream+jetstream--irisx",
    ]);
  });
});

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

describe("what a deployment would do to a stack", () => {
  const urn = (type: string, name: string) =>
    `urn:pulumi:iad::supercluster::supercluster:kubernetes:Region$${type}::${name}`;
  const paths = ["a", "b", "c", "d", "e", "f", "g", "h"];

  it("is a line for each resource that changes, with the paths that do, and what providers said; no values", () => {
    const text = renderPreview("iad", {
      steps: [
        { op: "same", urn: urn("x:y:Z", "same") },
        { op: "create", urn: urn("kubernetes:core/v1:Secret", "new") },
        { op: "update", urn: urn("kubernetes:helm.sh/v3:Release", "iad"), detailedDiff: { "values.config": {} } },
        {
          op: "update",
          urn: urn("x:y:Long", "long"),
          detailedDiff: Object.fromEntries(paths.map((path) => [path, {}])),
        },
        { op: "replace", urn: urn("x:y:Key", "key"), diffReasons: ["length", "special"], replaceReasons: ["length"] },
        { op: "delete-replaced", urn: urn("x:y:Key", "key") },
        { op: "delete", urn: urn("x:y:Z", "old") },
      ],
      diagnostics: [
        { severity: "info#err", message: "iad: jetstream.cipher changed: its servers are restarted\n" },
        { severity: "warning", message: "warning: using pulumi-resource-kubernetes from $PATH at /bin" },
        { severity: "debug", message: "debug: secret" },
      ],
    });
    assert.deepEqual(text.split("\n"), [
      "iad: 1 to create, 2 to update, 1 to replace, 1 to delete",
      "  +  kubernetes:core/v1:Secret new",
      "  ~  kubernetes:helm.sh/v3:Release iad: values.config",
      "  ~  x:y:Long long: a, b, c, d, e, f and 2 more paths",
      "  +- x:y:Key key: length (replaces), special",
      "  -  x:y:Z old",
      "  iad: jetstream.cipher changed: its servers are restarted",
    ]);
  });

  it("is nothing when nothing changes", () =>
    assert.equal(
      renderPreview("iad", { steps: [{ op: "same", urn: urn("x:y:Z", "same") }] }),
      "iad: nothing to change",
    ));
});

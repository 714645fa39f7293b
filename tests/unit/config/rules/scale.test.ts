import assert from "node:assert/strict";
import * as fs from "node:fs";
import { scaleCosts, scaleWarnings } from "../../../../config/rules/scale";
import type { TenantSpec } from "../../../../config/schema/tenant";
import { kubernetesEnvironment } from "../../../support/kubernetes";

const environment = kubernetesEnvironment({ jetstream: { jetstream: ["shop"], "jetstream--web": ["web"] } });

/** A tenant with many streams at home in iad, each with a durable, and a limit of connections. */
function shop({ streams = 0, replicas = 3, name = "shop", connections = 0 } = {}): Record<string, TenantSpec> {
  const names = Array.from({ length: streams }, (_, index) => `S${index}`);
  const spec = {
    ...{ retention: "limits", storage: "file", replicas, maxAge: "1d", maxBytes: "1MiB", discard: "old" },
  };
  return {
    [name]: {
      ...{ name, home: "iad", users: {}, limits: connections ? { connections } : {} },
      streams: Object.fromEntries(names.map((stream) => [stream, { ...spec, subjects: [`${name}.${stream}`] }])),
      consumers: { worker: { streams: names, ackPolicy: "explicit" } },
    } as unknown as TenantSpec,
  };
}

/** What the warnings begin with. */
const about = (tenants: Record<string, TenantSpec>, of = environment) =>
  scaleWarnings({ environment: of, tenants }).map((warning) => warning.split(/,| needs| has| may/)[0]);

const cpu =
  /^each server of iad holds ([\d,]+) replicas of streams and durables, which take about 4\d % of a core .* 50 %/;

describe("what is declared, against what it costs", () => {
  it("is far below for a thousand replicated streams", () => assert.deepEqual(about(shop({ streams: 1_000 })), []));

  it("names servers whose heartbeats take what they ask for, and what to do", () => {
    const warnings = scaleWarnings({ environment, tenants: shop({ streams: 1_800 }) });
    assert.equal(warnings.length, 1, warnings.join("\n"));
    assert.match(warnings[0]!, cpu);
    assert.match(
      warnings[0]!,
      /Put subjects of several streams into one.*servers to 5.*\(docs\/scale\.md; extrapolated\)$/,
    );
  });

  it("counts what a region has: more processor, more servers", () => {
    const tenants = shop({ streams: 1_800 });
    const { kubernetes } = environment;
    const larger = { ...kubernetes, resources: { ...kubernetes.resources, cpu: "2" } };
    assert.deepEqual(about(tenants, { ...environment, kubernetes: larger }), []);
    assert.deepEqual(about(tenants, { ...environment, byRegion: { iad: { servers: 5 } } }), []);
    assert.equal(about(tenants, { ...environment, byRegion: { ams: { servers: 5 } } }).length, 1);
  });

  it("names memory, alerts, accounts and stacks too, where there is more of everything", () =>
    assert.deepEqual(about(shop({ streams: 4_000 })), [
      "stack jetstream",
      "each server of iad holds 8",
      "each server of iad",
      "the alerts of iad",
      "the accounts file",
    ]));

  it("counts streams of one replica once, for memory and not for heartbeats", () => {
    assert.deepEqual(about(shop({ streams: 17_000, replicas: 1 })), [
      "stack jetstream",
      "each server of iad",
      "the alerts of iad",
      "the accounts file",
    ]);
  });

  it("counts each stack for itself", () => {
    const both = { ...shop({ streams: 1_300, replicas: 1 }), ...shop({ streams: 1_300, replicas: 1, name: "web" }) };
    assert.deepEqual(about(both), ["the alerts of iad"]);
    assert.deepEqual(about(both, { ...environment, jetstream: { jetstream: ["shop", "web"] } }), [
      "stack jetstream",
      "the alerts of iad",
    ]);
  });

  it("counts connections that tenants may have, over all servers", () => {
    assert.deepEqual(about(shop({ connections: 100_000 })), []);
    assert.deepEqual(about(shop({ connections: 200_000 })), ["tenants"]);
  });

  it("knows no size of servers elsewhere: only stacks count", () =>
    assert.deepEqual(
      scaleWarnings({
        environment: { ...environment, target: "local", basePort: 14220 } as never,
        tenants: shop({ streams: 4_000 }),
      }).map((warning) => warning.split(" has")[0]),
      ["stack jetstream"],
    ));
});

describe("docs/scale.md", () => {
  const text = fs.readFileSync("docs/scale.md", "utf8");
  const { raftGroup, single, connection, refresh } = scaleCosts;

  it("has the same costs, of a stream with a durable where it says so", () => {
    for (const [what, said] of [
      [raftGroup.cpu * 2 * 100, /\| R3 streams with a durable.*?\| ([\d.]+) % of a core/],
      [(raftGroup.memory * 2) / 1e6, /\| the same +\| ([\d.]+) MB on each of the three/],
      [connection.memory / 1e3, /\| connections with TLS +\| ([\d.]+) kB of their server/],
      [refresh.each * 1e3, /ms of an `up`, ([\d.]+) ms of an `up --refresh`/],
    ] as const) {
      const found = Number(said.exec(text)?.[1]);
      assert.ok(Math.abs(found - what) / what < 0.05, `${said}: ${found}, ${what}`);
    }
    assert.ok(single.memory >= 75_000);
  });
});

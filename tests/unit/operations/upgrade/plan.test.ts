import assert from "node:assert/strict";
import { testedServers } from "../../../../config/versions";
import type { Environment } from "../../../../config/schema/settings";
import { describeUpgrade } from "../../../../operations/upgrade/describe";
import { planUpgrade } from "../../../../operations/upgrade/plan";
import type { Snapshot } from "../../../../operations/supercluster/snapshot";
import { localEnvironment } from "../../../support/accounts";
import { kubernetesEnvironment } from "../../../support/kubernetes";

const { oldest, previous, newest } = testedServers;
const regions = ["iad", "ams"];

/** Servers of two regions, three each, in order; one version: of all. */
function running(...versions: string[]): Snapshot {
  const servers = regions.flatMap((region) => [0, 1, 2].map((index) => ({ region, name: `${region}-${index}` })));
  return {
    streams: {},
    servers: Object.fromEntries(
      servers.map(({ region, name }, index) => [name, { region, version: versions[index] ?? versions[0]!, leads: 0 }]),
    ),
  };
}

const local = (change: object = {}): Environment => localEnvironment({ regions, servers: 3, ...change });
const plan = (snapshot: Snapshot, to: string, environment = local()) =>
  planUpgrade({ name: "local", environment }, snapshot, to);

describe("the plan of an upgrade", () => {
  it("takes the lines that may not be skipped one by one, with the API level of each", () => {
    const { steps, refusals } = plan(running(oldest), newest, local({ serverVersion: oldest }));
    assert.deepEqual(refusals, []);
    assert.deepEqual(
      steps.map(({ version, level, settings, restarts }) => [
        version,
        level,
        settings.map(({ to }) => to),
        restarts.flatMap(({ servers }) => servers).length,
      ]),
      [
        [previous, { before: 2, after: 4 }, [previous], 6],
        [newest, { before: 4, after: 5 }, [undefined], 6],
      ],
    );
    const [first] = plan(running(oldest), newest).steps;
    assert.deepEqual(
      plan(running(oldest), newest).steps.map(({ settings }) => settings.map(({ to }) => to)),
      [[previous], [undefined]],
      "also where settings name the last one already",
    );
    assert.equal(first!.version, previous);
    assert.match(steps[0]!.final.join("\n"), /no way back to 2\.12\.1: logs .* panic/);
    assert.match(steps[0]!.final.join("\n"), /accepted from then on: .*allowBatched/);
    assert.match(steps[1]!.final.join("\n"), /level 5 brings keeps its data, but is stopped by servers of 2\.14\.9/);
    assert.match(steps[1]!.final.join("\n"), /backups that servers of 2\.15 take are not restored by older ones/);
  });

  it("continues what was interrupted, in a region or between two", () => {
    const inside = plan(running(newest, newest, previous, previous, previous, previous), newest);
    assert.deepEqual(inside.steps[0]!.restarts, [
      { region: "iad", servers: ["iad-2"] },
      { region: "ams", servers: ["ams-0", "ams-1", "ams-2"] },
    ]);
    const first = plan(running(previous, previous, previous, oldest, oldest, oldest), newest);
    assert.deepEqual(
      first.steps.map(({ version, restarts }) => [version, restarts.map(({ region }) => region)]),
      [
        [previous, ["ams"]],
        [newest, ["iad", "ams"]],
      ],
    );
  });

  it("has no step where everything runs the version, and settings say so", () => {
    assert.deepEqual(plan(running(newest), newest).steps, []);
    assert.deepEqual(describeUpgrade(plan(running(newest), newest)), [
      `every server of local runs ${newest}, and its settings say so; nothing to do`,
    ]);
    assert.deepEqual(plan(running(newest), newest, local({ serverVersion: previous })).steps[0]!.restarts, []);
  });

  it("goes back a line where servers allow it, and says what keeps it from it", () => {
    const back = plan(running(newest), previous);
    assert.deepEqual(back.refusals, []);
    assert.deepEqual(
      back.steps.map(({ version, isBack, level, final }) => ({ version, isBack, level, final })),
      [{ version: previous, isBack: true, level: { before: 5, after: 4 }, final: [] }],
    );
    const snapshot = running(newest);
    const config = (level: string) => ({ metadata: { "_nats.req.level": level } });
    const state = { messages: 0, bytes: 0, last_seq: 0 };
    const consumer = { name: "worker", config: config("5"), num_pending: 0, num_ack_pending: 0, num_waiting: 0 };
    snapshot.streams = {
      irisx: {
        SMS: { name: "SMS", config: config("4"), state, consumer_detail: [consumer] },
        NEW: { name: "NEW", config: config("5"), state },
      },
    };
    const refusal = "needs API level 5, and 2.14.9 has 4: it would be stopped; take out its newer fields first";
    assert.deepEqual(plan(snapshot, previous).refusals, [
      `consumer irisx/SMS/worker ${refusal}`,
      `stream irisx/NEW ${refusal}`,
    ]);
  });

  for (const [what, snapshot, to, expected] of [
    ["back behind 2.14", running(previous), oldest, /^2\.14\.9 cannot go back to 2\.12\.1: .* panic$/],
    ["to a line that is not supported", running(newest), "2.16.0", /^2\.16\.0 is newer than what is supported/],
    [
      "to one that local servers do not have",
      running(newest),
      "2.15.1",
      /^2\.15\.1 is not installed for local servers/,
    ],
    ["to one that loses data", running(newest), "2.14.4", /^2\.14\.4 is known to lose data: .*#?8449\); use 2\.14\.5/],
    ["while a server does not answer", withoutOne(), newest, /^only 2 of 3 servers of ams answer: repair them first$/],
  ] as const)
    it(`is refused ${what}`, () =>
      assert.ok(
        plan(snapshot, to).refusals.some((line) => expected.test(line)),
        plan(snapshot, to).refusals.join("\n"),
      ));

  it("changes chart, image and exporter of Kubernetes together, and keeps what the tag says beside the version", () => {
    const environment = kubernetesEnvironment({ regions, servers: 3 });
    const { kubernetes } = environment;
    kubernetes.images.nats = { ...kubernetes.images.nats, tag: "2.14.9-alpine3.22", digest: "sha256:abc" };
    kubernetes.images.exporter = { ...kubernetes.images.exporter, tag: "0.17.0" };
    kubernetes.chart = { ...kubernetes.chart, version: "2.14.0" };
    const [step] = planUpgrade({ name: "production", environment }, running(previous), newest).steps;
    assert.deepEqual(
      step!.settings.map(({ path, to }) => [path.join("."), to]),
      [
        ["kubernetes.images.nats.tag", `${newest}-alpine3.22`],
        ["kubernetes.images.nats.digest", undefined],
        ["kubernetes.chart.version", undefined],
        ["kubernetes.images.exporter.tag", undefined],
      ],
    );
  });

  it("is said in words: what is restarted, the levels, what cannot be undone, known problems", () => {
    const text = describeUpgrade(plan(running(oldest), newest, local({ serverVersion: oldest }))).join("\n");
    for (const expected of [
      /^local: 2\.12\.1 to 2\.15\.3, in 2 steps$/m,
      /^Step 1: nats-server 2\.14\.9\n {2}Pulumi\.yaml: serverVersion 2\.12\.1 -> 2\.14\.9$/m,
      /restarts 6 servers, one after another.*:\n {4}iad: iad-0, iad-1, iad-2\n {4}ams: ams-0, ams-1, ams-2$/m,
      /JetStream API level: 2 -> 4, with the last server$/m,
      /cannot be undone: no way back/,
      /^Step 2: nats-server 2\.15\.3\n {2}Pulumi\.yaml: serverVersion 2\.14\.9 -> \(taken out: the default\)$/m,
    ])
      assert.match(text, expected);
  });
});

function withoutOne(): Snapshot {
  const snapshot = running(previous);
  delete snapshot.servers["ams-1"];
  return snapshot;
}

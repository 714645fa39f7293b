import assert from "node:assert/strict";
import fc from "fast-check";
import { fewEnough } from "../../../../operations/stream/wait-for-copy";
import {
  initialCountOf,
  copying,
  finished,
  isLifted,
  isParked,
  lifted,
  opened,
  parked,
} from "../../../../operations/migrate/configurations";
import {
  type ObservedQueue,
  unmetPreconditions,
  type SpecifiedQueue,
} from "../../../../operations/migrate/preconditions";
import {
  type MigrationFacts,
  nextMigrationStep,
  type MigrationStep,
  migrationSteps,
  type StreamProgress,
} from "../../../../operations/migrate/steps";
import { streamFields, type Wire } from "../../../../jetstream/fields";
import { marker } from "../../../../jetstream/ownership";
import { differences, toWire } from "../../../../jetstream/wire";
import type { ConsumerAsset } from "../../../../config/assets/asset";

const args = {
  account: "a",
  name: "S",
  region: "iad",
  subjects: ["s.>"],
  storage: "file",
  replicas: 1,
  retention: "limits",
  maxAge: "7d",
  maxMsgs: 100,
  duplicateWindow: "2m",
};
const specified = toWire(streamFields, args);
const owner = "supercluster/x";
const queue: Wire = { ...specified, retention: "workqueue", metadata: marker(owner) };

const home = (change: Partial<StreamProgress> = {}): StreamProgress => ({
  retention: "workqueue",
  isCollecting: false,
  isLifted: false,
  isMarked: false,
  ...change,
});

/** What each step leaves behind, as far as the decisions go. */
const effects: Record<MigrationStep, (facts: MigrationFacts) => unknown> = {
  lift: (facts) => (facts.home!.isLifted = true),
  release: (facts) => (facts.durables = []),
  shadow: (facts) => (facts.shadow = home({ retention: "limits", mirrorOf: "S", isLifted: true, isMarked: true })),
  drain: (facts) => (facts.behind = 0),
  "hand-over": (facts) => (facts.shadow!.mirrorOf = undefined),
  stragglers: (facts) => ((facts.stragglers = 0), (facts.home!.isCollecting = facts.shadow!.isCollecting = false)),
  delete: (facts) => (facts.home = undefined),
  recreate: (facts) =>
    (facts.home = home({ retention: "limits", mirrorOf: "S--shadow", isLifted: true, isMarked: true })),
  fill: (facts) => (facts.behind = 0),
  "hand-back": (facts) => (facts.home!.mirrorOf = undefined),
  durables: (facts) => ((facts.durables = [...facts.durables, ...facts.missing]), (facts.missing = [])),
  "clean-up": (facts) => (facts.shadow = undefined),
  finish: (facts) => ((facts.home!.isMarked = false), (facts.home!.isLifted = false)),
};

const facts = (change: Partial<MigrationFacts> = {}): MigrationFacts => ({
  stream: "S",
  home: home(),
  wanted: "limits",
  durables: ["worker"],
  missing: [],
  behind: 0,
  stragglers: 0,
  ...change,
});

function run(there: MigrationFacts, atMost = 40): string[] {
  const taken: string[] = [];
  while (taken.length < atMost) {
    const next = nextMigrationStep(there);
    if ("refuse" in next) return [...taken, `refused: ${next.refuse}`];
    if (next.step === "nothing") return [...taken, "nothing"];
    taken.push(next.step);
    if (next.step === "release") there.missing = there.durables;
    effects[next.step](there);
  }
  return taken;
}

describe("the steps from a work queue to limits", () => {
  it("are all of them, in their order, where there is something to wait for", () => {
    const there = facts();
    const taken = run(there, 3);
    there.behind = fewEnough + 1;
    taken.push(...run(there, 2));
    there.stragglers = 1;
    taken.push(...run(there, 3));
    there.behind = fewEnough + 1;
    taken.push(...run(there));
    assert.deepEqual(taken, [...migrationSteps, "nothing"]);
  });

  it("end from wherever they are cut off, whatever comes late", () => {
    const trouble = fc.record({ steps: fc.nat(6), behind: fc.constantFrom(0, fewEnough + 1), stragglers: fc.nat(1) });
    fc.assert(
      fc.property(fc.array(trouble, { maxLength: 6 }), (troubles) => {
        const there = facts();
        for (const { steps, behind, stragglers } of troubles) {
          run(there, steps);
          if (there.home && there.shadow) there.behind = behind;
          if (there.home && there.shadow && !there.home.mirrorOf && !there.shadow.mirrorOf)
            there.stragglers = stragglers;
        }
        assert.equal(run(there).at(-1), "nothing");
        assert.deepEqual(
          [there.home?.retention, there.shadow, there.durables, there.missing],
          ["limits", undefined, ["worker"], []],
        );
      }),
    );
  });

  for (const [what, change, expected] of [
    ["that is not there", { home: undefined }, /S does not exist/],
    ["that is a mirror", { home: home({ mirrorOf: "T" }) }, /S is a mirror of T/],
    [
      "that is to become a work queue",
      { home: home({ retention: "limits" }), wanted: "workqueue" },
      /would be delivered again/,
    ],
    ["that servers change in place", { home: home({ retention: "interest" }) }, /pulumi up does it/],
    [
      "that was deleted before all was copied",
      { home: undefined, shadow: home({ mirrorOf: "S" }) },
      /deleted while its shadow was still copying/,
    ],
  ] as const) {
    it(`are refused for a stream ${what}`, () => assert.match(run(facts(change)).at(-1)!, expected));
  }
});

describe("what stands against it", () => {
  const found = (change: Partial<ObservedQueue> = {}): ObservedQueue => ({
    config: queue,
    bytes: 1_000,
    mirrors: [],
    consumers: [],
    servers: { version: "2.14.9", level: 4 },
    room: Infinity,
    ...change,
  });
  const durable = (deliverPolicy: string) =>
    ({
      account: "a",
      stream: "S",
      name: "worker",
      filterSubjects: [],
      spec: { mode: "pull", ackPolicy: "explicit", deliverPolicy },
    }) as unknown as ConsumerAsset;
  const wanted: SpecifiedQueue = { owner, args, durables: [durable("all")] };

  it("is nothing for a queue that is otherwise as specified, with its limits lifted or not", () => {
    assert.deepEqual(unmetPreconditions(found(), wanted), []);
    assert.deepEqual(unmetPreconditions(found({ config: lifted(queue), consumers: [{ name: "worker" }] }), wanted), []);
  });

  for (const [what, change, expected, want = wanted] of [
    ["servers before 2.14", { servers: { version: "2.12.1", level: 2 } }, /the oldest here is 2\.12\.1/],
    ["servers that do not say what they are", { servers: undefined }, /no server reported its version/],
    ["sources", { config: { ...queue, sources: [{ name: "T" }] } }, /it has sources/],
    ["messages that run out by themselves", { config: { ...queue, allow_msg_ttl: true } }, /it has allow_msg_ttl/],
    [
      "a difference from what is specified",
      { config: { ...queue, max_msgs: 5 } },
      /maxMsgs differs from what is specified/,
    ],
    ["a mirror", { mirrors: ["COPY"] }, /copied by COPY/],
    [
      "another stream that collects from it",
      { consumers: [{ name: "x", sourcing: true, metadata: { "_nats.src.stream": "T" } }] },
      /copied by T/,
    ],
    ["a durable of nobody", { consumers: [{ name: "other" }] }, /its durables other are not specified/],
    ["too little room", { room: 10 }, /has room for 10 more bytes, and a second copy takes 1000/],
    [
      "a durable that would skip what is left",
      {},
      /would skip what is left to do/,
      { ...wanted, durables: [durable("new")] },
    ],
  ] as [string, Partial<ObservedQueue>, RegExp, SpecifiedQueue?][]) {
    it(`is ${what}`, () => assert.match(unmetPreconditions(found(change), want).join("\n"), expected));
  }

  it("is told all at once", () =>
    assert.equal(unmetPreconditions(found({ mirrors: ["COPY"], room: 10, servers: undefined }), wanted).length, 3));
});

describe("configurations on the way", () => {
  const beginning = { messages: 7, lastSeq: 9 };
  const shadow = copying(queue, "S--shadow", beginning);

  it("let nothing go by a limit", () => {
    assert.ok(isLifted(lifted(queue)) && isLifted(shadow) && !isLifted(queue));
  });

  it("of the shadow are a mirror with limits, which remembers how it began", () => {
    assert.deepEqual([shadow.mirror, shadow.retention, shadow.subjects], [{ name: "S" }, "limits", undefined]);
    assert.deepEqual(initialCountOf(shadow), beginning);
    assert.equal(initialCountOf(queue), undefined);
  });

  it("have the subjects in one stream only", () => {
    assert.ok(isParked(parked(queue)) && !isParked(queue));
    assert.deepEqual([opened(shadow, specified).subjects, opened(shadow, specified).mirror], [["s.>"], undefined]);
  });

  it("end as specified, and remember nothing", () => {
    const end = finished(opened(copying(shadow, "S", beginning), specified), specified);
    assert.deepEqual(differences(streamFields, args, end), []);
    assert.equal(initialCountOf(end), undefined);
    assert.equal((end.metadata as Wire)["supercluster.owner"], owner);
  });
});

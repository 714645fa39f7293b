import assert from "node:assert/strict";
import fc from "fast-check";
import { fewEnough } from "../../../../operations/stream/wait-for-copy";
import {
  type FailoverFacts,
  type FailbackStep,
  type FailoverStep,
  type StreamLookup,
  nextFailbackStep,
  nextFailoverStep,
  type StreamSummary,
} from "../../../../operations/failover/steps";

const view = (change: Partial<StreamSummary> = {}): StreamSummary => ({
  isMirror: false,
  sources: [],
  messages: 10,
  firstSeq: 1,
  lastSeq: 10,
  ...change,
});
const name = "S-ams";
const servers = ["ams-0", "syd-0"];

/** Everything is as specified. */
const atHome = (): FailoverFacts => ({
  stream: "S",
  region: "iad",
  home: view(),
  mirrors: [{ name, region: "ams", found: view({ isMirror: true }) }],
  mapped: [],
  unmapped: [...servers],
});

interface Situation {
  facts: FailoverFacts;
  /** Durables that are not on the mirror. */
  missing: string[];
  left: number;
}

const mirrorOf = ({ mirrors }: FailoverFacts) => mirrors[0]!;

/** What each step leaves behind, as far as the decisions go. */
const failoverEffects: Record<FailoverStep, (world: Situation) => void> = {
  "catch-up": ({ facts }) => ((mirrorOf(facts).found as StreamSummary).lastSeq = (facts.home as StreamSummary).lastSeq),
  declare: ({ facts }) => (facts.declared = "ams"),
  promote: ({ facts }) => ((mirrorOf(facts).found as StreamSummary).isMirror = false),
  consumers: (world) => world.missing.pop(),
  map: ({ facts }) => Object.assign(facts, { mapped: [...servers], unmapped: [] }),
};

const failbackEffects: Record<FailbackStep | "mirror", (world: Situation) => void> = {
  source: ({ facts }) => ((facts.home as StreamSummary).sources = [name]),
  wait: (world) => (world.left = 0),
  undeclare: ({ facts }) => (facts.declared = undefined),
  map: failoverEffects.map,
  unmap: ({ facts }) => Object.assign(facts, { mapped: [], unmapped: [...servers] }),
  close: ({ facts }) => (mirrorOf(facts).found = "missing"),
  unsource: ({ facts }) => Object.assign(facts.home as StreamSummary, { sources: [], isOpened: undefined }),
  open: ({ facts }) => ((facts.home as StreamSummary).isOpened = true),
  mirror: ({ facts }) => (mirrorOf(facts).found = view({ isMirror: true })),
};

const most = 20;

/** Steps until there is nothing left to do, or a number of them, or until it is refused. */
function run(world: Situation, direction: "failover" | "failback", atMost = most): string[] {
  const taken: string[] = [];
  while (taken.length < atMost) {
    const { facts, missing, left } = world;
    const next =
      direction === "failover"
        ? nextFailoverStep({ ...facts, to: "ams", missing: facts.declared ? missing : [] })
        : nextFailbackStep({ ...facts, left });
    if ("refuse" in next) return [...taken, `refused: ${next.refuse}`];
    if (next.step === "nothing") return [...taken, "nothing"];
    taken.push(next.step);
    if (direction === "failover") failoverEffects[next.step as FailoverStep](world);
    else failbackEffects[next.step as FailbackStep](world);
  }
  return taken;
}

const world = (change: Partial<FailoverFacts> = {}): Situation => ({
  facts: { ...atHome(), ...change },
  missing: ["a", "b"],
  left: 0,
});

describe("the steps of a failover", () => {
  it("wait for what is missing, declare it, make the mirror a stream with durables, and map its subjects", () => {
    const rest = ["declare", "promote", "consumers", "consumers", "map", "nothing"];
    assert.deepEqual(run(world({ home: "unreachable" }), "failover"), rest);
    assert.deepEqual(run(world({ home: view({ lastSeq: 12 }) }), "failover"), rest);
    assert.deepEqual(run(world({ home: view({ lastSeq: 11 + fewEnough }) }), "failover"), ["catch-up", ...rest]);
  });

  it("map subjects as long as a single server that answers does not", () => {
    const there = world({ home: "unreachable" });
    run(there, "failover");
    there.facts.unmapped = ["iad-0"];
    assert.deepEqual(run(there, "failover"), ["map", "nothing"]);
  });

  it("are refused where the mirror is not there, does not answer, or another one has taken over", () => {
    const refusal = (change: Partial<FailoverFacts>) => run(world(change), "failover").at(-1)!;
    const mirror = (found: StreamLookup) => ({ mirrors: [{ name, region: "ams", found }] });
    assert.match(refusal(mirror("missing")), /S-ams does not exist/);
    assert.match(refusal(mirror("unreachable")), /no server answers for S-ams/);
    assert.match(
      refusal({ mirrors: [...atHome().mirrors, { name: "S-syd", region: "syd", found: view() }] }),
      /has already failed over to syd/,
    );
    assert.match(refusal({ ...mirror(view()), home: view({ sources: [name] }) }), /a failback from ams in progress/);
  });
});

describe("the steps of a failback", () => {
  const failedOver = (): Situation => {
    const there = world();
    run(there, "failover");
    return there;
  };

  it("collect what came meanwhile, map subjects no more, and recreate the mirror", () => {
    const there = { ...failedOver(), left: fewEnough + 1 };
    assert.deepEqual(run(there, "failback"), [
      "source",
      "wait",
      "open",
      "undeclare",
      "unmap",
      "close",
      "unsource",
      "mirror",
      "nothing",
    ]);
    assert.deepEqual(there.facts, { ...atHome(), home: view({ isOpened: undefined }), declared: undefined });
  });

  it("first map what a server that came back without the mappings still gives to the home stream", () => {
    const there = failedOver();
    there.facts.unmapped = ["iad-0"];
    assert.deepEqual(run(there, "failback", 2), ["map", "source"]);
  });

  it("take back a failover that went no further than being declared", () => {
    const there = world();
    assert.deepEqual(run(there, "failover", 1), ["declare"]);
    Object.assign(there.facts, { mapped: ["ams-0"] });
    assert.deepEqual(run(there, "failback"), ["undeclare", "unmap", "nothing"]);
  });

  it("are refused, with nothing done, where servers at home are too old; done where that is accepted", () => {
    const there = failedOver();
    Object.assign(there.facts, { unmapped: ["syd-0"], tooOld: ["iad-0", "iad-1"] });
    const [refused] = run(there, "failback");
    assert.match(refused!, /servers before 2.14 \(iad-0, iad-1\)\. .* Upgrade them .* --old-servers/);
    const step = (facts: Parameters<typeof nextFailbackStep>[0]) => nextFailbackStep(facts) as { step: string };
    assert.equal(step({ ...there.facts, acceptsOld: true }).step, "map");
    // One that has begun goes on.
    const begun = { ...there.facts, unmapped: [], home: view({ sources: [name] }) };
    assert.equal(step(begun).step, "open");
    assert.equal(step({ ...atHome(), tooOld: ["iad-0"] }).step, "nothing");
  });

  it("are refused where it is not known what there is to bring home", () => {
    const refusal = (change: Partial<FailoverFacts>) =>
      run({ ...failedOver(), facts: { ...failedOver().facts, ...change } }, "failback").at(-1)!;
    assert.match(refusal({ home: "unreachable" }), /bring iad up first/);
    assert.match(refusal({ home: "missing" }), /S does not exist/);
    assert.match(refusal({ mirrors: [{ name, region: "ams", found: "unreachable" }] }), /no server answers for S-ams/);
    assert.match(
      refusal({ mirrors: [...failedOver().facts.mirrors, { name: "S-syd", region: "syd", found: view() }] }),
      /both streams of their own/,
    );
  });
});

describe("a failover and a failback", () => {
  it("end from wherever they are cut off, in either direction", () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.constantFrom("failover" as const, "failback" as const), fc.nat(8)), { maxLength: 6 }),
        fc.boolean(),
        (cuts, isBehind) => {
          const there = world(isBehind ? { home: view({ lastSeq: 11 + fewEnough }) } : {});
          for (const [direction, steps] of cuts) {
            const taken = run(there, direction, steps);
            // A failback that has begun goes to its end.
            const refused = taken.find((step) => step.startsWith("refused"));
            if (refused)
              assert.match(refused, direction === "failover" ? /finish it first|S-ams does not exist/ : /^$/);
          }
          assert.equal(run(there, "failback").at(-1), "nothing");
          assert.deepEqual(there.facts.mapped, []);
          assert.equal(there.facts.declared, undefined);
        },
      ),
    );
  });

  it("know a next step, or a reason for none, in every state there can be", () => {
    const found = fc.oneof(
      fc.constantFrom<StreamLookup>("unreachable", "missing"),
      fc.record({
        isMirror: fc.boolean(),
        sources: fc.constantFrom<string[]>([], [name]),
        messages: fc.nat(3),
        firstSeq: fc.constant(1),
        lastSeq: fc.nat(3),
      }),
    );
    const facts = fc.record({
      stream: fc.constant("S"),
      region: fc.constant("iad"),
      home: found,
      mirrors: fc.tuple(found, found).map(([ams, syd]) => [
        { name, region: "ams", found: ams },
        { name: "S-syd", region: "syd", found: syd },
      ]),
      mapped: fc.subarray(servers),
      unmapped: fc.subarray(servers),
      declared: fc.constantFrom(undefined, "ams", "syd"),
    });
    fc.assert(
      fc.property(facts, fc.subarray(["a"]), fc.nat(300), (one, missing, left) => {
        for (const next of [nextFailoverStep({ ...one, to: "ams", missing }), nextFailbackStep({ ...one, left })]) {
          assert.ok(
            "refuse" in next
              ? next.refuse.length > 0
              : next.step in failoverEffects || next.step in failbackEffects || next.step === "nothing",
          );
        }
      }),
    );
  });
});

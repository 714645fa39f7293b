import assert from "node:assert/strict";
import * as fc from "fast-check";
import { streamFields, type Wire } from "../../../jetstream/fields";
import type { Info } from "../../../jetstream/info";
import {
  hasStepsLeft,
  misplaced,
  needsSettling,
  stepDown,
  stepsOf,
  unfinished,
  unsettled,
} from "../../../jetstream/steps";
import { type Args, toWire } from "../../../jetstream/wire";

const limits = ["maxAge", "maxBytes", "maxMsgs", "maxMsgsPerSubject"] as const;
const units = {
  maxAge: (count: number) => `${count}s`,
  maxBytes: (count: number) => `${count}B`,
  maxMsgs: (count: number) => count,
  maxMsgsPerSubject: (count: number) => count,
};

describe("lowering a limit in steps", () => {
  const way = fc.record({
    limit: fc.constantFrom(...limits),
    from: fc.integer({ min: 1, max: 200 }),
    to: fc.integer({ min: 1, max: 200 }),
    by: fc.integer({ min: 1, max: 100 }),
  });
  const amount = (limit: (typeof limits)[number], args: Args) => Number.parseInt(String(args[limit]), 10);

  it("ends at the target, never goes below it, and takes no step that is larger than was said", () =>
    fc.assert(
      fc.property(way, ({ limit, from, to, by }) => {
        const wanted: Args = { name: "S", [limit]: units[limit](to), lowerBy: { [limit]: units[limit](by) } };
        const wire = (args: Args) => toWire(streamFields, args)[toWireName[limit]] as number;
        let applied: Args = { name: "S", [limit]: units[limit](from) };
        const runs = Math.max(1, Math.ceil((from - to) / by));
        for (let run = 1; run <= runs; run++) {
          const [before, next] = [wire(applied), stepDown(streamFields, wanted, toWire(streamFields, applied))];
          assert.ok(wire(next) >= wire(wanted), "not below the target");
          assert.ok(before - wire(next) <= wire({ name: "S", [limit]: units[limit](by) }), "no larger step");
          applied = next;
          assert.equal(hasStepsLeft(streamFields, applied, wanted), run < runs);
        }
        assert.deepEqual(applied, wanted);
      }),
    ));

  it("leaves everything else as asked for: other and higher limits, and those not lowered in steps", () =>
    fc.assert(
      fc.property(way, fc.constantFrom(...limits), ({ limit, from, to, by }, other) => {
        fc.pre(limit !== other);
        const wanted: Args = {
          name: "S",
          [limit]: units[limit](to),
          [other]: units[other](1),
          lowerBy: { [limit]: units[limit](by) },
        };
        const found = toWire(streamFields, { name: "S", [limit]: units[limit](from), [other]: units[other](5_000) });
        const { [limit]: _, ...rest } = stepDown(streamFields, wanted, found);
        const { [limit]: __, ...asked } = wanted;
        assert.deepEqual(rest, asked);
        if (to >= from) assert.equal(amount(limit, stepDown(streamFields, wanted, found)), to);
      }),
    ));

  it("goes at once where there was no limit: there is nothing to step down from", () => {
    for (const limit of limits) {
      const wanted: Args = { name: "S", [limit]: units[limit](10), lowerBy: { [limit]: units[limit](1) } };
      assert.deepEqual(stepDown(streamFields, wanted, toWire(streamFields, { name: "S" })), wanted);
    }
  });

  const toWireName = {
    maxAge: "max_age",
    maxBytes: "max_bytes",
    maxMsgs: "max_msgs",
    maxMsgsPerSubject: "max_msgs_per_subject",
  } as const;
});

describe("scaling and moving", () => {
  const place = fc
    .record({ cluster: fc.constantFrom("iad", "ams") }, { noNullPrototype: true })
    .chain(({ cluster }) =>
      fc
        .option(fc.constantFrom(["ssd"], ["hdd"]), { nil: undefined })
        .map((tags) => ({ cluster, ...(tags && { tags }) })),
    );
  const config = fc.record(
    {
      num_replicas: fc.constantFrom(1, 3, 5),
      placement: place,
      retention: fc.constantFrom("limits", "interest"),
      max_msgs: fc.constantFrom(-1, 10),
    },
    { noNullPrototype: true },
  );
  const isMoved = (from: Wire, to: Wire) => JSON.stringify(from.placement) !== JSON.stringify(to.placement);

  it("end at the wanted place, move by themselves, and never on fewer copies", () =>
    fc.assert(
      fc.property(config, config, (found, wanted) => {
        const steps = stepsOf(found, wanted);
        assert.deepEqual(steps.at(-1), wanted);
        assert.ok(steps.length <= 2);
        let before: Wire = found;
        for (const step of steps) {
          const isOther = before.num_replicas !== step.num_replicas || before.retention !== step.retention;
          assert.ok(!(isOther && isMoved(before, step)), JSON.stringify([before, step]));
          if (isMoved(before, step)) assert.equal(step.num_replicas, Math.max(found.num_replicas, wanted.num_replicas));
          before = step;
        }
      }),
    ));

  it("are waited for exactly where replicas or place change", () =>
    fc.assert(
      fc.property(config, config, (found, wanted) =>
        assert.equal(
          needsSettling(found, wanted),
          found.num_replicas !== wanted.num_replicas || isMoved(found, wanted),
        ),
      ),
    ));

  const replica = (name: string, change = {}) => ({ name, current: true, active: 0, ...change });
  const info = (change: Partial<Info["cluster"]>, replicas = 3): Info => ({
    ts: "",
    config: { num_replicas: replicas, placement: { cluster: "iad" } },
    cluster: { name: "iad", leader: "iad-0", replicas: [replica("iad-1"), replica("iad-2")], ...change },
  });

  it("have settled when every copy is in its place and current, or the server is not part of a cluster", () => {
    assert.deepEqual(unsettled(info({})), []);
    assert.deepEqual(unsettled({ ts: "", config: { num_replicas: 3 } }), []);
    assert.deepEqual(unsettled(info({ leader: undefined })), ["no leader"]);
    assert.deepEqual(unsettled(info({ name: "ams" })), ["still led from ams"]);
    assert.deepEqual(unsettled(info({}, 1)), ["3 copies instead of 1"]);
    assert.deepEqual(unsettled(info({ desired: {} })), ["servers are still changing it"]);
    assert.deepEqual(unsettled(info({ desired: { status: { description: "waiting for peers", err: "disk full" } } })), [
      "servers are still changing it: waiting for peers: disk full",
    ]);
    assert.deepEqual(
      unsettled(
        info({ replicas: [replica("iad-1", { current: false, lag: 7 }), replica("iad-2", { offline: true })] }),
      ),
      ["iad-1 is 7 behind", "iad-2 is down"],
    );
    assert.deepEqual(misplaced(info({ replicas: [replica("iad-1", { current: false }), replica("iad-2")] })), []);
  });

  it("wait for what an earlier run began, but not for servers that are down, nor for a move that was replaced", () => {
    const late = info({
      name: "ams",
      replicas: [replica("iad-1", { current: false, lag: 7 }), replica("iad-2", { current: false, offline: true })],
    });
    assert.deepEqual(unfinished(late, late.config), ["still led from ams", "iad-1 is 7 behind"]);
    assert.deepEqual(unfinished(late, { num_replicas: 3, placement: { cluster: "syd" } }), ["iad-1 is 7 behind"]);
  });
});

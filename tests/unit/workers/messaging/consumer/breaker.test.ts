import assert from "node:assert/strict";
import fc from "fast-check";
import { Breaker } from "../../../../../workers/messaging/consumer/breaker";

/** One with a clock that the test moves, and no jitter. */
function clocked(delays = { first: 1_000, most: 60_000 }) {
  const clock = { now: 0 };
  const breaker = new Breaker(
    delays,
    () => clock.now,
    () => 0,
  );
  return { breaker, clock };
}

describe("breaker", () => {
  it("lets all run while it is closed, whatever they answer", () => {
    const { breaker } = clocked();
    for (let run = 0; run < 5; run++) {
      assert.deepEqual(breaker.admit(), { probe: false });
      breaker.ended({ probe: false, answered: true });
    }
    assert.equal(breaker.isOpen, false);
    assert.equal(breaker.wait, undefined);
  });

  it("opens when there is no answer, and lets one run after the delay", () => {
    const { breaker, clock } = clocked();
    breaker.ended({ probe: false, answered: false });
    assert.equal(breaker.isOpen, true);
    assert.equal(breaker.wait, 1_000);
    assert.equal(breaker.admit(), undefined);
    clock.now = 999;
    assert.equal(breaker.admit(), undefined);
    clock.now = 1_000;
    assert.deepEqual(breaker.admit(), { probe: true });
    assert.equal(breaker.admit(), undefined, "one at a time");
    assert.equal(breaker.wait, undefined, "the probe is waited for, not a time");
  });

  it("a probe that is answered closes it, one that is not waits twice as long", () => {
    const { breaker, clock } = clocked();
    breaker.ended({ probe: false, answered: false });
    const waits = [];
    for (let probe = 0; probe < 8; probe++) {
      waits.push(breaker.wait!);
      clock.now += breaker.wait!;
      assert.deepEqual(breaker.admit(), { probe: true });
      breaker.ended({ probe: true, answered: false });
    }
    assert.deepEqual(waits, [1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000]);
    clock.now += breaker.wait!;
    breaker.admit();
    breaker.ended({ probe: true, answered: true });
    assert.equal(breaker.isOpen, false);
    breaker.ended({ probe: false, answered: false });
    assert.equal(breaker.wait, 1_000, "the next outage begins with the first delay");
  });

  it("waits as long as is asked for, never less than its own delay, also when told while it is open", () => {
    const { breaker, clock } = clocked();
    breaker.ended({ probe: false, answered: false, wait: 7_000 });
    assert.equal(breaker.wait, 7_000);
    clock.now = 7_000;
    breaker.admit();
    breaker.ended({ probe: true, answered: false, wait: 10 });
    assert.equal(breaker.wait, 2_000);
    breaker.ended({ probe: false, answered: false, wait: 90_000 });
    breaker.ended({ probe: false, answered: false });
    assert.equal(breaker.wait, 90_000);
  });

  it("what ran when it opened neither closes it nor lengthens its delay", () => {
    const { breaker } = clocked();
    for (let message = 0; message < 10; message++) breaker.ended({ probe: false, answered: false });
    assert.equal(breaker.wait, 1_000);
    breaker.ended({ probe: false, answered: true });
    assert.equal(breaker.isOpen, true);
  });

  it("a probe that did not call the dependency leaves it as it is, for another probe", () => {
    const { breaker, clock } = clocked();
    breaker.ended({ probe: false, answered: false });
    clock.now = 1_000;
    breaker.admit();
    breaker.ended({ probe: true });
    assert.equal(breaker.isOpen, true);
    assert.deepEqual(breaker.admit(), { probe: true });
  });

  it("an hour's outage takes about 65 probes, and never two at a time", () => {
    const { breaker, clock } = clocked();
    breaker.ended({ probe: false, answered: false });
    let probes = 0;
    while (clock.now < 3_600_000) {
      clock.now += breaker.wait!;
      assert.ok(breaker.admit()?.probe);
      probes++;
      breaker.ended({ probe: true, answered: false });
    }
    assert.ok(probes >= 60 && probes <= 70, `${probes}`);
  });

  it("while it is open, never more than one message runs of those that were not running before", () => {
    const steps = fc.array(
      fc.record({ elapsed: fc.integer({ min: 0, max: 5_000 }), answered: fc.option(fc.boolean(), { nil: undefined }) }),
      { maxLength: 40 },
    );
    fc.assert(
      fc.property(steps, (all) => {
        const { breaker, clock } = clocked();
        breaker.ended({ probe: false, answered: false });
        let probing = false;
        for (const { elapsed, answered } of all) {
          if (!breaker.isOpen) return;
          clock.now += elapsed;
          const admitted = breaker.admit();
          assert.ok(!(probing && admitted), "two probes");
          probing ||= admitted !== undefined;
          if (!probing || elapsed % 2) continue;
          breaker.ended({ probe: true, answered });
          probing = false;
        }
      }),
    );
  });
});

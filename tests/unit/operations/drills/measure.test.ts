import assert from "node:assert/strict";
import * as fc from "fast-check";
import { gapsOf, noticed, unavailabilityOf, worstOf } from "../../../../operations/drills/measure";

const measured = { from: 10_000, to: 40_000 };
const times = fc.array(fc.integer({ min: 0, max: 50_000 }), { maxLength: 60 });
const sum = (values: number[]) => values.reduce((all, one) => all + one, 0);

describe("how long a publisher could not publish", () => {
  it("is the time between acknowledgements; the begin and the end of the measurement count as such", () => {
    assert.deepEqual(gapsOf([15_000, 12_000], measured), [
      { from: 10_000, to: 12_000 },
      { from: 12_000, to: 15_000 },
      { from: 15_000, to: 40_000 },
    ]);
    assert.deepEqual(unavailabilityOf([10_500, 11_000, 20_000, 39_500], measured), {
      longest: 19_500,
      unavailable: 28_500,
    });
  });

  it("is the whole time where nothing was acknowledged", () => {
    assert.deepEqual(unavailabilityOf([], measured), { longest: 30_000, unavailable: 30_000 });
  });

  it("has gaps that add up to the whole time, in whatever order acknowledgements came", () => {
    fc.assert(
      fc.property(times, (acknowledgements) => {
        const gaps = gapsOf(acknowledgements, measured);
        assert.equal(sum(gaps.map(({ from, to }) => to - from)), 30_000);
        assert.deepEqual(gapsOf(acknowledgements.toReversed(), measured), gaps);
        for (const { from, to } of gaps) assert.ok(from <= to && from >= measured.from && to <= measured.to);
      }),
    );
  });

  it("never grows by another acknowledgement, and is never less than the longest gap that is noticed", () => {
    fc.assert(
      fc.property(times, fc.integer({ min: 0, max: 50_000 }), (acknowledgements, another) => {
        const before = unavailabilityOf(acknowledgements, measured);
        const after = unavailabilityOf([...acknowledgements, another], measured);
        assert.ok(after.longest <= before.longest && after.unavailable <= before.unavailable);
        assert.ok(before.unavailable === 0 ? before.longest <= noticed : before.unavailable >= before.longest);
        assert.ok(before.unavailable <= 30_000);
      }),
    );
  });

  it("of several is that of the worst, and nothing where there is none", () => {
    assert.deepEqual(
      worstOf([
        { longest: 2_000, unavailable: 9_000 },
        { longest: 5_000, unavailable: 5_000 },
      ]),
      { longest: 5_000, unavailable: 9_000 },
    );
    assert.deepEqual(worstOf([]), { longest: 0, unavailable: 0 });
  });
});

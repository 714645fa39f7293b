import assert from "node:assert/strict";
import fc from "fast-check";
import { nextLane, roomOf } from "../../../../../workers/messaging/consumer/lanes";

const laneOf = (share: number, inHand = 0, running = 0) => ({ share, inHand, running, hasMore: false });

describe("lanes", () => {
  it("alone, a lane may have all slots", () => {
    const only = laneOf(10, 4);
    assert.equal(roomOf(only, [only], 10), 6);
  });

  it("slots that others do not use are lent, and a lane has its share at any time", () => {
    const [high, normal, low] = [laneOf(6), laneOf(3, 7), laneOf(1)];
    const all = [high, normal, low];
    assert.deepEqual(
      all.map((lane) => roomOf(lane, all, 10)),
      [6, 3, 3],
    );
    normal.inHand = 10;
    assert.deepEqual(
      all.map((lane) => roomOf(lane, all, 10)),
      [6, 0, 1],
    );
  });

  it("what a lane is about to have is not lent", () => {
    const [high, low] = [laneOf(6), laneOf(1)];
    assert.equal(roomOf(low, [high, low], 10), 10);
    high.hasMore = true;
    assert.equal(roomOf(low, [high, low], 10), 4);
    high.inHand = 8;
    assert.equal(roomOf(low, [high, low], 10), 2);
  });

  it("while all have messages, slots are divided by the shares, and each lane gets one again and again", () => {
    const shares = fc.array(fc.integer({ min: 1, max: 8 }), { minLength: 1, maxLength: 4 });
    const ends = fc.array(fc.nat(), { minLength: 50, maxLength: 200 });
    fc.assert(
      fc.property(shares, ends, (all, order) => {
        const lanes = all.map((share) => laneOf(share));
        const slots = all.reduce((sum, share) => sum + share, 0);
        const running: (typeof lanes)[number][] = [];
        const fill = () => {
          while (running.length < slots) {
            const next = nextLane(lanes, () => true)!;
            next.running++;
            running.push(next);
          }
        };
        fill();
        for (const index of order) {
          assert.deepEqual(
            lanes.map((lane) => lane.running),
            all,
          );
          const [ended] = running.splice(index % slots, 1);
          ended!.running--;
          fill();
        }
      }),
    );
  });

  it("a lane that gets messages has the next slot, whatever has borrowed them", () => {
    const [high, low] = [laneOf(6, 10, 10), laneOf(1, 1, 0)];
    assert.equal(
      nextLane([high, low], () => true),
      low,
    );
    assert.equal(
      nextLane([high, low], (lane) => lane === high),
      high,
    );
    assert.equal(
      nextLane([high, low], () => false),
      undefined,
    );
  });
});

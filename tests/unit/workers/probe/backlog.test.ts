import assert from "node:assert/strict";
import { Backlog } from "../../../../workers/probe/backlog";

/** Ages after each position: [moment, head, floor, waiting]. */
function ages(positions: [at: number, head: number, floor: number, waiting: number][]): number[] {
  const backlog = new Backlog();
  return positions.map(([at, head, floor, waiting]) => backlog.age(at, { head, floor, waiting }));
}

describe("how long the oldest message has waited", () => {
  it("counts from the moment at which the stream was first seen with it", () => {
    assert.deepEqual(
      ages([
        [0, 10, 10, 0],
        [1, 12, 10, 2],
        [5, 20, 10, 10],
        // 11 and 12 are done, and 13 came between 1 and 5.
        [6, 21, 12, 9],
        [9, 21, 21, 0],
      ]),
      [0, 0, 4, 1, 0],
    );
  });

  it("counts what was there before from the first look", () => {
    const before: [number, number, number, number][] = [
      [100, 50, 10, 40],
      [160, 50, 10, 40],
    ];
    assert.deepEqual(ages(before), [0, 60]);
  });

  it("is no older than the last moment at which nothing waited, though the floor stands where it stood", () => {
    assert.deepEqual(
      ages([
        [0, 10, 10, 0],
        // Messages that the durable does not want.
        [3600, 900, 10, 0],
        [3615, 901, 10, 1],
        [3630, 902, 10, 1],
      ]),
      [0, 0, 15, 30],
    );
  });

  it("begins again with a stream that was made again", () => {
    assert.deepEqual(
      ages([
        [0, 500, 100, 400],
        [60, 500, 100, 400],
        [75, 3, 0, 3],
        [90, 3, 0, 3],
      ]),
      [0, 60, 0, 15],
    );
  });

  it("stays right within some looks where a stream never stands still", () => {
    const backlog = new Backlog();
    let age = 0;
    for (let at = 0; at <= 10_000; at++)
      age = backlog.age(at, { head: at, floor: Math.max(0, at - 600), waiting: 600 });
    assert.ok(age >= 540 && age <= 600, String(age));
    assert.equal(backlog.age(10_001, { head: 10_001, floor: 10_001, waiting: 0 }), 0);
  });
});

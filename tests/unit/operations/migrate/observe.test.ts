import assert from "node:assert/strict";
import { copying } from "../../../../operations/migrate/configurations";
import { behindOf, expectedInShadow, handoverOf } from "../../../../operations/migrate/observe";
import type { StreamInfo } from "../../../../operations/stream/stack-account";

const info = (config: object, messages: number, last_seq: number) =>
  ({ config, state: { messages, last_seq, first_seq: 1, bytes: 0, consumer_count: 0 } }) as unknown as StreamInfo;
const queue = { name: "S", retention: "workqueue" };
const shadow = copying(queue, "S--shadow", { messages: 7, lastSeq: 9 });
const opened = { ...shadow, mirror: undefined };

describe("how far a migration is", () => {
  it("is counted by what the queue held at the start and stored since, because it drops what was copied", () => {
    assert.equal(expectedInShadow(info(queue, 0, 12), info(shadow, 4, 12)), 10);
    assert.equal(behindOf(info(queue, 0, 12), info(shadow, 4, 12)), 6);
  });

  it("is the difference of both while the recreated stream copies its shadow", () =>
    assert.equal(behindOf(info({ ...queue, mirror: { name: "S--shadow" } }, 4, 12), info(opened, 10, 12)), 6));

  it("is not known without the note of the start", () =>
    assert.throws(
      () => expectedInShadow(info(queue, 0, 12), info({ name: "S--shadow" }, 4, 12)),
      /the note of what S held at the start is missing from the metadata of S--shadow\. Nothing was changed/,
    ));

  it("has handed the subjects over once neither is a mirror: first the queue to its shadow, then back", () => {
    const consumers: [] = [];
    assert.equal(handoverOf({ home: info(queue, 0, 9), shadow: info(shadow, 7, 9), consumers }), undefined);
    const [home, other] = [info(queue, 0, 9), info(opened, 7, 9)];
    assert.deepEqual(handoverOf({ home, shadow: other, consumers }), { predecessor: home, successor: other });
    const recreated = info({ ...queue, retention: "limits" }, 7, 9);
    assert.deepEqual(handoverOf({ home: recreated, shadow: other, consumers }), {
      predecessor: other,
      successor: recreated,
    });
  });
});

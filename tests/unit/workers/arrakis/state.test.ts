import assert from "node:assert/strict";
import { pino } from "pino";
import { answerMs, Deferrals } from "../../../../workers/arrakis/consumers/deferrals";
import { memoryState } from "../../../../workers/arrakis/state/memory";

const log = pino({ level: "silent" });

describe("state of arrakis", () => {
  it("in memory is forgotten after its time, and has a limit", async () => {
    let now = 0;
    const state = memoryState(() => now);
    await state.set("a", "1", 1_000);
    assert.equal(await state.get("a"), "1");
    now = 1_000;
    assert.equal(await state.get("a"), undefined);
    for (let number = 0; number < 10_001; number++) await state.set(String(number), "x", 1_000);
    assert.deepEqual([await state.get("0"), await state.get("1")], [undefined, "x"]);
    assert.equal(state.used, false);
    await state.check();
    await state.close();
  });

  it("of interactions is shared between processes, and known to this one while the shared state is away", async () => {
    const shared = memoryState();
    const [one, other] = [new Deferrals(shared, log), new Deferrals(shared, log)];
    assert.equal(await one.of("1", true), undefined);
    one.note("1", "deferred");
    assert.deepEqual([await one.of("1", true), await other.of("1", true)], ["deferred", "deferred"]);
    const broken = () => Promise.reject(new Error("away"));
    const alone = new Deferrals({ get: broken, set: broken }, log);
    alone.note("2", "answered");
    assert.deepEqual([await alone.of("2", true), await alone.of("3", true)], ["answered", undefined]);
    assert.equal(answerMs, 900_000);
  });
});

import assert from "node:assert/strict";
import pino from "pino";
import type { JetStreamClient } from "@nats-io/jetstream";
import type { WorkerPart } from "../../../../workers/messaging";
import { Eventually } from "../../../../workers/probe/eventually";
import { pollUntil } from "../../../../config/poll-until";
import { waitMs } from "../../../support/limits";

const log = pino({ level: "silent" });
const js = undefined as unknown as JetStreamClient;

/** A part whose first attempts fail, and what was called. */
function failing(times: number) {
  const calls: string[] = [];
  const make = (): WorkerPart => ({
    start: () => {
      calls.push("start");
      return times-- > 0 ? Promise.reject(new Error("stream not found")) : Promise.resolve();
    },
    stop: () => {
      calls.push("stop");
      return Promise.resolve();
    },
    status: { running: true, processed: 7, errored: 0 },
  });
  return { calls, make };
}

describe("a part that starts when it can", () => {
  it("is made again until it starts; each that failed is stopped", async () => {
    const { calls, make } = failing(2);
    const part = new Eventually("probe", make, log, 1);
    await part.start(js);
    assert.equal(part.status.running, false);
    assert.ok(await pollUntil(() => part.status.running, waitMs, 1));
    assert.equal(part.status.processed, 7);
    await part.stop();
    assert.deepEqual(calls, ["start", "stop", "start", "stop", "start", "stop"]);
  });

  it("says why it has not started, and stops at once", async () => {
    const { make } = failing(Infinity);
    const part = new Eventually("probe", make, log, 600_000);
    await part.start(js);
    assert.ok(await pollUntil(() => part.status.unavailable === "stream not found", waitMs, 1));
    await part.stop();
  });
});

import assert from "node:assert/strict";
import { checkedEnvironment } from "../../../../operations/settings/checked-environment";
import { untilCalloutIsReady } from "../../../../operations/workers/callout-ready";
import type { WorkerStatus } from "../../../../operations/workers/worker-status";

const checked = checkedEnvironment("local");

describe("waiting for the auth callout's service of a region", () => {
  const service = { region: "iad", account: "logins", name: "auth-callout", isReady: true };
  const starting = { ...service, isReady: false, reason: "it is starting or stopping" };
  const other = { ...service, account: "irisx", name: "api", isReady: false, reason: "nats" };

  /** Waits for it in iad while these are reported, one after another, the last one for ever. */
  async function wait(answers: WorkerStatus[][], deadlineMs = 60_000): Promise<number> {
    let asked = 0;
    await untilCalloutIsReady(
      checked,
      "iad",
      ({ name, environment }) => {
        assert.deepEqual([name, environment.regions], ["local", ["iad"]]);
        return Promise.resolve(answers[Math.min(asked++, answers.length - 1)]!);
      },
      deadlineMs,
    );
    return asked;
  }

  it("ends once it is ready, whatever other workers are", async () => {
    assert.equal(
      await wait([
        [other, starting],
        [other, starting],
        [other, service],
      ]),
      3,
    );
  });

  it("ends at once where this program does not run it", async () => {
    assert.equal(await wait([[other]]), 1);
  });

  it("says why it is not ready in the end, and what to do", async () => {
    await assert.rejects(
      wait([[starting]], 0),
      /auth callout's service in iad is not ready: it is starting or stopping\. .*same command again/,
    );
  });
});

import assert from "node:assert/strict";
import { durablesWithWorkers, workerChecks } from "../../../../operations/verify/workers";
import type { WorkerStatus } from "../../../../operations/workers/worker-status";
import { tenants } from "../../../../tenants";

const worker = (name: string, change: Partial<WorkerStatus> = {}): WorkerStatus => ({
  ...{ region: "iad", account: "irisx", name, isReady: true },
  ...change,
});

describe("checks of workers", () => {
  it("are none where none were deployed", () => assert.deepEqual(workerChecks([]), []));

  it("fail with what each worker that is not ready reports", () => {
    assert.deepEqual(workerChecks([worker("api"), worker("sms-worker")]), [
      { name: "workers irisx", result: "ok", detail: "2 workers ready" },
    ]);
    const [failed] = workerChecks([worker("api"), worker("sms-worker", { isReady: false, reason: "no durable" })]);
    assert.deepEqual(failed, {
      ...{ name: "workers irisx", result: "failed", detail: "sms-worker in iad: no durable" },
      ...{ see: "alerts/NATSWorkerDown.md", because: [["region iad"]] },
    });
    const service = worker("auth-callout", { account: "logins", isReady: false, reason: "does not answer" });
    assert.equal(workerChecks([service])[0]!.see, "alerts/NATSAuthCalloutDown.md");
  });
});

describe("durables that a proof leaves to workers", () => {
  it("are those of the workers that run", () =>
    assert.deepEqual(
      [...durablesWithWorkers(tenants, [worker("sms-worker"), worker("api")])],
      // With those of its lanes.
      ["irisx/SMS/sms-worker-high", "irisx/SMS/sms-worker", "irisx/SMS/sms-worker-low"],
    ));
  it("are none without workers", () => assert.equal(durablesWithWorkers(tenants, []).size, 0));
});

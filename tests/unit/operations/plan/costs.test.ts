import assert from "node:assert/strict";
import { isWorthAsking } from "../../../../operations/plan/costs";
import { stackPlan } from "../../../../operations/plan/preview";
import { absent, planned, previews } from "../../../support/plans";

describe("the servers are asked about a planned change", () => {
  it("where it can cost something, or something else may own it by now", () => {
    const asked = stackPlan([previews.changes])
      .changes.filter(isWorthAsking)
      .map(({ id }) => id);
    assert.deepEqual(asked.sort(), [
      "aigentflow/AGENT_EVENTS/api-agent-consumer",
      "aigentflow/TASK_EVENTS",
      "covenant/ALERTS_INCIDENTS/AUDIT_LOGGER",
      "covenant/COVENANT_PROJECTS",
      "covenant/COVENANT_USERS",
      "irisx/EMAIL",
      "irisx/EMAIL/email-worker",
      "irisx/PUSH",
      "irisx/PUSH/push-worker",
      "irisx/SMS",
      "irisx/WEBHOOKS",
    ]);
  });

  it("not for a tenant that has left: its entries are removed from the state alone", () => {
    for (const changes of [
      planned("delete", absent, undefined),
      planned("update", absent, { ...absent, description: "gone" }),
      planned("create", undefined, absent),
    ]) {
      assert.deepEqual(
        changes.map((one) => [one.action, isWorthAsking(one)]),
        [
          ["state", false],
          ["state", false],
        ],
      );
    }
    assert.deepEqual(planned("same", absent, absent), []);
  });
});

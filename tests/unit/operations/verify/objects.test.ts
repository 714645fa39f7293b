import assert from "node:assert/strict";
import { type FoundObjects, objectChecks } from "../../../../operations/verify/objects";
import type { CheckedEnvironment } from "../../../../operations/settings/checked-environment";
import { localEnvironment } from "../../../support/accounts";
import { kubernetesEnvironment } from "../../../support/kubernetes";

const production = { name: "production", environment: kubernetesEnvironment() } as CheckedEnvironment;

describe("objects in regions' clusters", () => {
  it("fail a verification by region, each object named, with what puts it back", async () => {
    const found: Record<string, FoundObjects | Error> = {
      iad: { drift: ["PodDisruptionBudget nats is missing", "Service nats: spec.type is not set"] },
      ams: { drift: [] },
      syd: new Error("connect ECONNREFUSED"),
    };
    const checks = await objectChecks(production, (_, region) => {
      const answer = found[region]!;
      return answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer);
    });
    assert.deepEqual(checks, [
      {
        name: "objects iad",
        result: "failed",
        detail:
          "PodDisruptionBudget nats is missing; Service nats: spec.type is not set. Put back by: " +
          "npm run deploy -- --env production (docs/runbooks/restore-objects.md)",
      },
      {
        name: "objects ams",
        result: "ok",
        detail: "all that was deployed to its Kubernetes cluster is there, unchanged",
      },
      { name: "objects syd", result: "skipped", detail: "connect ECONNREFUSED" },
    ]);
  });

  it("fail it where a deployment would be refused, by what has to be done first", async () => {
    const refusal = "the Helm release in namespace nats is pending-upgrade";
    const [check] = await objectChecks(production, () => Promise.resolve({ drift: [], refusal }));
    assert.deepEqual(check, { name: "objects iad", result: "failed", detail: refusal });
  });

  it("are none of a local environment", async () =>
    assert.deepEqual(
      await objectChecks({ name: "local", environment: localEnvironment() } as CheckedEnvironment, () =>
        assert.fail("no cluster is asked"),
      ),
      [],
    ));
});

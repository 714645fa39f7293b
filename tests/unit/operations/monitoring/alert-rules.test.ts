import * as assert from "node:assert/strict";
import { parse } from "yaml";
import { workersOfRegion } from "../../../../config/assets/workers";
import { alertRulesFile } from "../../../../operations/monitoring/alert-rules";
import { checkedEnvironment } from "../../../../operations/settings/checked-environment";
import { rulesOf } from "../../../../observability/rules";

describe("the file of alerts", () => {
  it("has the rules that the region's stack deploys", () => {
    const checked = checkedEnvironment("production-kubernetes");
    assert.deepEqual(parse(alertRulesFile(checked, "ams")), {
      groups: rulesOf(checked.environment, checked.accounts, "ams").groups,
    });
  });

  it("watches workers of an environment on this machine where it is asked for them", () => {
    const checked = checkedEnvironment("local");
    const watched = (withWorkers: boolean) =>
      [...alertRulesFile(checked, "iad", { withWorkers }).matchAll(/alert: NATSWorkerDown\n/g)].length;
    assert.equal(watched(false), 0);
    const workers = workersOfRegion(checked.tenants, "iad");
    assert.ok(workers.length > 3);
    assert.equal(watched(true), workers.length);
  });

  it("is of a region of the environment", () => {
    assert.throws(
      () => alertRulesFile(checkedEnvironment("local"), "sin"),
      /--region sin is not a region of local; use one of iad, ams, syd/,
    );
  });
});

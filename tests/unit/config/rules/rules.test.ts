import assert from "node:assert/strict";
import { validateTenants } from "../../../../config/rules/validate";
import { tenants } from "../../../../tenants";
import { localEnvironment } from "../../../support/accounts";
import { kubernetesEnvironment } from "../../../support/kubernetes";
import { problemsAfter } from "../../../support/rule-cases";

describe("rules", () => {
  it("find nothing in the four systems, in no environment", () => {
    const environment = localEnvironment();
    assert.deepEqual(Object.keys(validateTenants(tenants, environment)), Object.keys(tenants));
    validateTenants(tenants, kubernetesEnvironment());
  });

  it("find nothing in a tenant that has one of each", () =>
    assert.deepEqual(
      problemsAfter(() => undefined),
      [],
    ));
});

import assert from "node:assert/strict";
import { validateTenants } from "../../../../config/rules/validate";
import { buckets } from "../../../../docs/examples/tenants/buckets";
import { store } from "../../../../docs/examples/tenants/canary-release";
import { billing, shop } from "../../../../docs/examples/tenants/sharing";
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

  it("find nothing in the tenants of docs/examples", () => {
    const examples = { shop, billing, store, buckets };
    const environment = localEnvironment({ jetstream: { jetstream: Object.keys(examples) } });
    assert.deepEqual(Object.keys(validateTenants(examples, environment)), Object.keys(examples));
  });

  it("find nothing in a tenant that has one of each", () =>
    assert.deepEqual(
      problemsAfter(() => undefined),
      [],
    ));
});

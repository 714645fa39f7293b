import assert from "node:assert/strict";
import * as path from "node:path";
import { pulumiEnvironment, pulumiVariables } from "../../../engine/environment";
import { checkedEnvironment } from "../../../operations/settings/checked-environment";
import { ownCache } from "../../support/own-cache";

describe("the variables pulumi runs in", () => {
  const cache = ownCache();
  const { environment } = checkedEnvironment("local");

  it("keep a local environment in the project's own cache", () => {
    const variables = pulumiVariables(environment);
    assert.equal(variables.PULUMI_BACKEND_URL, `file://${cache()}/state?metadata=skip`);
    assert.equal(variables.PULUMI_CONFIG_PASSPHRASE, "local");
    assert.equal(variables.PULUMI_HOME, path.join(cache(), "pulumi-home"));
    assert.ok(variables.PATH!.startsWith(path.join(cache(), "bin")));
  });

  it("leave backend and passphrase of every other to the caller", () => {
    const variables = pulumiVariables({ target: "kubernetes" });
    assert.deepEqual([variables.PULUMI_BACKEND_URL, variables.PULUMI_CONFIG_PASSPHRASE], [undefined, undefined]);
  });

  it("skip checkpoints in jetstream stacks only", () => {
    assert.equal(pulumiEnvironment(environment, "jetstream").PULUMI_SKIP_CHECKPOINTS, "true");
    assert.equal(pulumiEnvironment(environment, "region").PULUMI_SKIP_CHECKPOINTS, undefined);
    assert.equal(pulumiEnvironment(environment, "identity").PULUMI_SKIP_CHECKPOINTS, undefined);
  });

  it("let the engine collect garbage less often, unless the caller says how often", () => {
    const { GOGC, GOMEMLIMIT } = process.env;
    for (const name of ["GOGC", "GOMEMLIMIT"]) Reflect.deleteProperty(process.env, name);
    try {
      assert.equal(pulumiEnvironment(environment).GOGC, "400");
      assert.equal(pulumiEnvironment(environment).GOMEMLIMIT, "2GiB");
      process.env.GOGC = "50";
      assert.equal(pulumiEnvironment(environment).GOGC, "50");
      assert.equal(pulumiVariables(environment).GOGC, undefined, "not for a shell");
    } finally {
      Reflect.deleteProperty(process.env, "GOGC");
      Object.assign(process.env, { ...(GOGC && { GOGC }), ...(GOMEMLIMIT && { GOMEMLIMIT }) });
    }
  });
});

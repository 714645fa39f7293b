import assert from "node:assert/strict";
import { InvalidInput } from "../../../../config/problems";
import { validateDeployment, validateSettings, validateTenants } from "../../../../config/rules/validate";
import type { LocalEnvironment } from "../../../../config/schema/settings";
import { tenants } from "../../../../tenants";
import { localEnvironment } from "../../../support/accounts";
import { local, problemsAfter, type Raw, shop } from "../../../support/rule-cases";

describe("validation", () => {
  const environments = () => ({ test: local() });

  it("says what to write instead, at the field's path", () => {
    const all: Raw = structuredClone(tenants);
    all.covenant.streams.COVENANT_USERS.maxAge = "7 days";
    assert.throws(() => validateTenants(all, localEnvironment()), {
      message:
        "1 mistake in the tenants, nothing was done:\n  tenants.covenant.streams.COVENANT_USERS.maxAge: " +
        '"7 days" is not a duration; write "7d"',
    });
  });

  it("tells all mistakes at once: of fields, of rules, of settings, of several tenants", () => {
    const found = problemsAfter((t, e, all) => {
      t.streams.JOBS.maxAge = "1 day";
      t.streams.ORDERS.subjects = ["orders. >"];
      t.consumers.mailer.flowControl = "yes";
      t.consumers.biller.maxDeliver = 1;
      t.users.worker.consumes = ["nobody"];
      t.colour = "red";
      e.servers = 2;
      e.lameDuck.duration = "1s";
      all.other = { name: "other" };
    });
    const paths = found.map((problem) => problem.split(": ")[0]);
    for (const path of [
      "environments.test.servers",
      "tenants.shop.streams.JOBS.maxAge",
      "tenants.shop.streams.ORDERS.subjects[0]",
      "tenants.shop.consumers.mailer.flowControl",
      "tenants.shop.colour",
      "tenants.other.home",
    ]) {
      assert.ok(paths.includes(path), `${path} in\n${found.join("\n")}`);
    }
  });

  it("goes on with the rules where a field is wrong, and calls nothing unknown that is only mistaken", () => {
    const found = problemsAfter((t) => {
      t.streams.JOBS.maxAge = "1 day";
      t.consumers.mailer.flowControl = "yes";
      t.consumers.biller.maxDeliver = 1;
      t.users.worker.consumes.push("nobody");
    });
    assert.deepEqual(
      found.map((problem) => problem.split(": ")[0]),
      [
        "tenants.shop.streams.JOBS.maxAge",
        "tenants.shop.consumers.mailer.flowControl",
        "tenants.shop.consumers.biller.maxDeliver",
        "tenants.shop.users.worker.consumes[3]",
      ],
    );
  });

  it("refuses unknown keys and names the nearest known one", () => {
    assert.deepEqual(
      problemsAfter((t) => (t.streams.JOBS.maxage = "1d")).map((problem) => problem.split("?")[0]),
      ['tenants.shop.streams.JOBS.maxage: is not a known key; did you mean "maxAge"'],
    );
  });

  it("gives a stack its environment", () => {
    const { environment, stack } = validateSettings(environments(), {
      environment: "test",
      kind: "region",
      region: "ams",
    });
    assert.deepEqual([(environment as LocalEnvironment).basePort, stack.kind], [26220, "region"]);
    assert.deepEqual(Object.keys(validateSettings(environments()).environments), ["test"]);
  });

  const stacks: [object, string][] = [
    [
      { environment: "tset", kind: "identity" },
      'stack.environment: "tset" is not an environment; did you mean "test"?',
    ],
    [
      { environment: "test", kind: "region", region: "asm" },
      'stack.region: "asm" is not a region of environment "test"; did you mean "ams"?',
    ],
    [{ environment: "test", kind: "region" }, "stack.region: is missing"],
    [
      { environment: "test", kind: "jetstream", team: "red" },
      'stack.team: "jetstream--red" is not in environments.test.jetstream',
    ],
  ];
  for (const [stack, expected] of stacks) {
    it(`of a stack finds ${expected.split(":")[0]} of ${JSON.stringify(stack)}`, () => {
      assert.throws(
        () => validateSettings(environments(), stack),
        (error: Error) => error.message.includes(`\n  ${expected}`),
      );
    });
  }

  it("names an environment that is not there, with the mistakes of the tenants", () => {
    const all: Raw = { shop: { ...shop(), home: 7 } };
    assert.throws(
      () => validateDeployment(environments(), "prod", all),
      (error: Error) =>
        /2 mistakes/.test(error.message) &&
        /"prod" is not an environment/.test(error.message) &&
        /tenants\.shop\.home/.test(error.message),
    );
  });

  it("refuses what is no tenants or settings at all", () => {
    for (const raw of [undefined, null, 7, "x", []]) {
      assert.throws(() => validateTenants(raw, localEnvironment()), InvalidInput);
      assert.throws(() => validateSettings(raw), InvalidInput);
      assert.throws(() => validateDeployment(raw, "test", raw), InvalidInput);
    }
  });
});

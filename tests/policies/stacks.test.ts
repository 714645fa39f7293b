import * as assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import * as path from "node:path";
import { policies, rules } from "../../policies/registry";
import { readGolden } from "../golden/golden";
import { violationsOf } from "../support/policies";

/** Every stack whose registrations are recorded. */
const stacks = readdirSync(path.join(__dirname, "..", "golden"))
  .filter((file) => file.endsWith(".json"))
  .map((file) => path.basename(file, ".json"));

const resourcesOf = (stack: string) =>
  Object.entries(readGolden(stack).resources).map(([key, { inputs }]) => {
    const [name, ...type] = key.split("::").reverse();
    return { type: type.reverse().join("::"), name: name!, inputs };
  });

describe("the policies over what each stack registers", () => {
  for (const stack of stacks) {
    it(`${stack} violates none`, () => {
      const violations = resourcesOf(stack).flatMap((resource) =>
        policies.flatMap((policy) => violationsOf(policy, resource).map((message) => `${policy.name}: ${resource.name}: ${message}`)),
      );
      assert.deepEqual(violations, []);
    });
  }

  it("have something to look at: each rule's type is registered somewhere", () => {
    const types = new Set(stacks.flatMap(resourcesOf).map(({ type }) => type));
    assert.deepEqual(rules.filter(({ type }) => !types.has(type)).map(({ name }) => name), []);
  });
});

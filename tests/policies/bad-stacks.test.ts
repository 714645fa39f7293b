import * as assert from "node:assert/strict";
import { policies, rules } from "../../policies/registry";
import { userTypes } from "../../policies/users";
import { serversMs } from "../support/limits";
import { type Shown, violationsOf } from "../support/policies";
import { registered } from "../support/registered-stacks";
import { accidents } from "./accidents";
import { Draft } from "./draft";

const isMandatory = new Map(rules.map(({ name, enforcementLevel }) => [name, enforcementLevel === "mandatory"]));
const all = Object.entries(accidents).flatMap(([rule, list]) => list.map((accident) => ({ rule, ...accident })));
const mandatory = all.filter(({ rule }) => isMandatory.get(rule));

describe(`bad stacks: ${mandatory.length} accidents stopped, ${all.length - mandatory.length} told of`, function () {
  // Loads the SDKs of Kubernetes and AWS.
  this.timeout(serversMs);
  const deployed = new Map<string, Shown[]>();
  const firstPreview = new Map<string, Shown[]>();

  before(async () => {
    for (const stack of new Set(all.flatMap(({ stacks }) => stacks))) {
      deployed.set(stack, await registered(stack));
      firstPreview.set(stack, await registered(stack, { preview: true }));
    }
  });

  for (const { rule, what, from, stacks, change } of all) {
    it(`${stacks.join(", ")}: ${what} (${from}) is found by ${rule} alone`, () => {
      // On a stack's very first preview the file of users is not known.
      const isSeen = rules.find(({ name }) => name === rule)!.types !== userTypes;
      for (const good of isSeen ? [deployed, firstPreview] : [deployed]) {
        const draft = new Draft(stacks.flatMap((stack) => good.get(stack)!));
        assert.deepEqual(violationsOf(policies, draft.resources), [], "it was good before");
        change(draft);
        const found = violationsOf(policies, draft.resources);
        assert.deepEqual([...new Set(found.map(({ policy }) => policy))], [rule], JSON.stringify(found, undefined, 2));
      }
    });
  }

  it("are forty at least that are stopped", () => assert.ok(mandatory.length >= 40, String(mandatory.length)));

  it("show of every rule that it can find something", () =>
    assert.deepEqual(Object.keys(accidents).sort(), rules.map(({ name }) => name).sort()));
});

import assert from "node:assert/strict";
import { mistakes } from "../../components/jetstream/provider/check";
import type { AssetKind } from "../../jetstream/kinds";
import type { Args } from "../../jetstream/wire";
import { type AnyRule, exampleOf } from "./rule-examples";

/** Each rule's example breaks that rule and no other. */
export function itFindsExamples(kind: AssetKind, rules: readonly AnyRule[], plain: Args): void {
  it(`find nothing in a ${kind.what} with what everyone has to give`, () =>
    assert.deepEqual(mistakes(kind, plain), []));

  for (const rule of rules) {
    const args = exampleOf(plain, rule);
    const failures = mistakes(kind, args);
    it(`refuse a resource whose ${failures[0]?.property} ${failures[0]?.reason}`, () => {
      assert.deepEqual(
        rules.filter((other) => other.findings(args as never).length),
        [rule],
        "only this rule finds something",
      );
      assert.equal(failures.length, 1, JSON.stringify(failures));
      assert.equal(failures[0]!.reason.includes(`(${rule.error})`), rule.error !== undefined);
    });
  }
}

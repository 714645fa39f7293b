import assert from "node:assert/strict";
import fc from "fast-check";
import { concreteSubject, subjectInAll } from "../../../../operations/verify/concrete-subject";
import { covers, isSubject, overlaps } from "../../../../config/subjects";

const pattern = fc
  .tuple(fc.array(fc.constantFrom("a", "b", "*"), { minLength: 1, maxLength: 4 }), fc.boolean())
  .map(([tokens, open]) => [...(open ? tokens.slice(0, -1) : tokens), ...(open ? [">"] : [])].join("."));

describe("the subject a proof publishes to", () => {
  it("matches a pattern and has no wildcard", () => {
    fc.assert(
      fc.property(pattern, (one) => {
        const subject = concreteSubject([one])!;
        assert.ok(isSubject(subject) && !/[*>]/.test(subject) && covers(one, subject), `${one}: ${subject}`);
      }),
    );
  });

  it("matches all patterns, or there is none", () => {
    fc.assert(
      fc.property(pattern, pattern, (one, other) => {
        const subject = concreteSubject([one, other]);
        if (subject !== undefined) assert.ok(covers(one, subject) && covers(other, subject), subject);
        else assert.ok(!overlaps(one, other), `${one} and ${other} have subjects in common`);
      }),
    );
  });

  for (const [lists, expected] of [
    [[["commands.interaction", "events.>"], ["events.>"], ["events.>"]], "events.verify"],
    [[["commands.interaction", "events.>"], ["commands.>"]], "commands.interaction"],
    [[["sms.send"], ["sms.send", "sms.status"], ["sms.send"]], "sms.send"],
    [[["covenant.users.created"], ["covenant.countries.created"]], undefined],
    [[["a.*"], ["*.b.>"]], undefined],
    [[["a.>"], ["*.*.c"]], "a.verify.c"],
  ] as const) {
    it(`in ${JSON.stringify(lists)} is ${expected}`, () => assert.equal(subjectInAll(...lists), expected));
  }
});

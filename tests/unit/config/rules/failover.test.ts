import assert from "node:assert/strict";
import { failoverProblems } from "../../../../config/rules/failover";
import { tenants } from "../../../../tenants";

const problems = (
  raw: unknown,
  change: (arrakis: NonNullable<typeof tenants.arrakis>) => void = () => undefined,
): string[] => {
  const arrakis = structuredClone(tenants.arrakis!);
  change(arrakis);
  return failoverProblems(raw, { arrakis }, "failover").map(({ path, message }) => `${path}: ${message}`);
};
const one = (change: object = {}) => ({ "arrakis/ELIGIBILITY": { to: "ams", consumers: {}, ...change } });

describe("the setting of a failover", () => {
  it("is sound, or not there", () => {
    assert.deepEqual(problems(undefined), []);
    assert.deepEqual(problems(one({ consumers: { "eligibility-worker": "all", "sync-worker": 7 } })), []);
  });

  for (const [what, raw, expected] of [
    ["no name of a stream", { ELIGIBILITY: one()["arrakis/ELIGIBILITY"] }, /write "<account>\/<stream>"/],
    [
      "an account that is another stack's",
      { "covenant/X": one()["arrakis/ELIGIBILITY"] },
      /"covenant" is not a tenant of this stack/,
    ],
    [
      "no stream",
      { "arrakis/ELIGIBILTY": one()["arrakis/ELIGIBILITY"] },
      /"ELIGIBILTY" is not a stream of arrakis; did you mean "ELIGIBILITY"/,
    ],
    ["a region without a mirror", one({ to: "syd" }), /ELIGIBILITY has no mirror in "syd"; .*ams/],
    [
      "no durable of the stream",
      one({ consumers: { "event-worker": "all" } }),
      /"event-worker" is not a durable of ELIGIBILITY/,
    ],
    ["no start", one({ consumers: { "sync-worker": "first" } }), /write "all", "new", a sequence/],
    ["an unknown key", one({ consumer: {} }), /did you mean "consumers"/],
  ] as const) {
    it(`is refused with ${what}`, () => assert.match(problems(raw).join("\n"), expected));
  }

  for (const [field, value] of [
    ["sources", [{ name: "EVENTS" }]],
    ["allowMsgSchedules", true],
    ["allowMsgCounter", true],
    ["sealed", true],
  ] as const) {
    it(`is refused for a stream with ${field}`, () => {
      assert.match(
        problems(one(), ({ streams }) => Object.assign(streams.ELIGIBILITY!, { [field]: value })).join("\n"),
        new RegExp(`ELIGIBILITY has ${field}, so it cannot fail over`),
      );
    });
  }
});

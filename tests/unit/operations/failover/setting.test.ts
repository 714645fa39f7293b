import assert from "node:assert/strict";
import { withEntry } from "../../../../operations/settings/stack-setting";
import { assetsOf } from "../../../../config/assets/assets";
import { failoverProblems } from "../../../../config/rules/failover";
import { tenants } from "../../../../tenants";
import { localEnvironment } from "../../../support/accounts";

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

  it("is written into a stack's file, and taken out again, with all else as it was", () => {
    const text =
      "config:\n  supercluster:stack: {environment: local, kind: jetstream}\n# by hand\nencryptionsalt: v1\n";
    const place: [string, string, string] = ["config", "supercluster:failover", "arrakis/ELIGIBILITY"];
    const declared = withEntry(text, place, { to: "ams", consumers: { "sync-worker": 7 } });
    assert.match(
      declared,
      /supercluster:failover:\n {4}arrakis\/ELIGIBILITY:\n {6}to: ams\n {6}consumers:\n {8}sync-worker: 7\n/,
    );
    assert.equal(withEntry(declared, place, undefined), text);
    assert.equal(withEntry(text, place, undefined), text);
  });
});

describe("assets with a failover", () => {
  const { arrakis } = tenants;
  const plain = assetsOf(localEnvironment(), { arrakis: arrakis! });
  const { streams, consumers } = assetsOf(
    localEnvironment(),
    { arrakis: arrakis! },
    { "arrakis/ELIGIBILITY": { to: "ams", consumers: { "sync-worker": 7 } } },
  );
  const stream = (name: string) => streams.find((one) => one.name === name)!;

  it("have the stream as it was, and the mirror in its place with its limits", () => {
    assert.deepEqual(stream("ELIGIBILITY").spec.subjects, ["eligibility.>"]);
    const { mirrorOf, promotedFrom, spec } = stream("ELIGIBILITY-ams");
    assert.deepEqual(
      [mirrorOf, promotedFrom, spec.subjects, spec.retention, spec.maxAge, spec.maxBytes],
      [undefined, "ELIGIBILITY", ["fo.ELIGIBILITY.eligibility.>"], "limits", "7d", "2GiB"],
    );
  });

  it("have its durables there too, with the start that is stated, or all", () => {
    const there = consumers
      .filter((one) => one.stream === "ELIGIBILITY-ams")
      .map(({ name, spec }) => [name, spec.deliverPolicy, spec.optStartSeq]);
    assert.deepEqual(there, [
      ["eligibility-worker", "all", undefined],
      ["sync-worker", "by_start_sequence", 7],
    ]);
  });

  it("are otherwise what they were", () => {
    const others = (all: typeof plain) => ({
      streams: all.streams.filter(({ name }) => !name.startsWith("ELIGIBILITY")),
      consumers: all.consumers.filter((one) => one.stream !== "ELIGIBILITY-ams"),
    });
    assert.deepEqual(others({ streams, consumers }), others(plain));
  });
});

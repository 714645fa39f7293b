import assert from "node:assert/strict";
import type { EngineEvent } from "../../../../engine/events";
import { verdictOf } from "../../../../cli/render/policy";
import { findingsOf, earlyEndOf } from "../../../../operations/policy/events";
import { bounded, rules, urnOf } from "../../../support/example-policies";

const planned = (name: string, op = "create"): EngineEvent => ({
  resourcePreEvent: { metadata: { op, urn: urnOf(name) } },
});
const judged = (name: string, passed: string[] = ["stream-is-bounded"]): EngineEvent => ({
  policyAnalyzeSummaryEvent: { resourceUrn: urnOf(name), passed },
});
const violation = (name: string): EngineEvent => ({
  policyEvent: {
    resourceUrn: urnOf(name),
    policyName: "stream-is-bounded",
    message: `Every stream has a limit.\nstream ${name} has no limit. Set maxAge\n`,
  },
});
const made = (name: string, outputs: object): EngineEvent => ({
  resOutputsEvent: { metadata: { urn: urnOf(name), new: { custom: true, inputs: { name }, outputs } } },
});
const stackJudged: EngineEvent = {
  policyAnalyzeStackSummaryEvent: { notApplicable: [{ policyName: "stack-is-small" }] },
};
const summary: EngineEvent = {
  summaryEvent: { PolicyPacks: { "supercluster|local|tools/offline/policy-pack": "0.1.0" } },
};
const error = (message: string): EngineEvent => ({ diagnosticEvent: { severity: "error", message } });
const judge = (...events: EngineEvent[]) => findingsOf("local-jetstream", events, rules);

describe("the findings of a preview", () => {
  it("are none where every rule saw every resource and said nothing", () => {
    const read: EngineEvent = {
      resourcePreEvent: { metadata: { op: "read", urn: urnOf("identity", "pulumi:pulumi:StackReference") } },
    };
    assert.deepEqual(
      judge(planned("A"), judged("A"), made("A", { name: "A" }), planned("gone", "delete"), read, stackJudged, summary),
      {
        ...{ stack: "local-jetstream", resources: 1, rules: ["stack-is-small", "stream-is-bounded"] },
        ...{ violations: [], notJudged: [], failures: [] },
      },
    );
  });

  it("need no word of a rule about resources of another type, which the engine then leaves out", () => {
    const typed = Object.assign(() => undefined, { __pulumiType: "pulumi-nodejs:dynamic/nats:Consumer" });
    const others = [...rules, { ...bounded, name: "consumer-acknowledges", validateResource: typed }];
    assert.deepEqual(
      findingsOf("local-jetstream", [planned("A"), judged("A"), stackJudged, summary], others).failures,
      [],
    );
    const consumer: EngineEvent = {
      resourcePreEvent: { metadata: { op: "create", urn: urnOf("C", "pulumi-nodejs:dynamic/nats:Consumer") } },
    };
    assert.match(
      findingsOf("local-jetstream", [consumer, stackJudged, summary], others).failures.join(),
      /did not see \S+::C: stream-is-bounded, consumer-acknowledges$/,
    );
  });

  it("are each violation with the rule's level, what is wrong in its own words, and how to fix it", () => {
    const { violations, failures } = judge(
      planned("A"),
      violation("A"),
      judged("A"),
      stackJudged,
      error("preview failed\n"),
      summary,
    );
    assert.deepEqual(violations, [
      {
        ...{ rule: "stream-is-bounded", level: "mandatory", severity: "high", resource: "A", urn: urnOf("A") },
        ...{ what: "stream A has no limit", fix: "Set maxAge", url: "docs/policies.md#here" },
      },
    ]);
    assert.deepEqual(failures, []);
  });

  it("are a failure where a mandatory rule reads what is not known yet, though the engine calls it advice", () => {
    const message =
      "can't run policy 'stream-is-bounded' from policy pack 'supercluster@v0.1.0' during preview: " +
      "string value at .maxAge can't be known during preview\n";
    const unknown: EngineEvent = { policyEvent: { resourceUrn: urnOf("A"), policyName: "stream-is-bounded", message } };
    const { violations, notJudged, failures } = judge(planned("A"), unknown, judged("A"), stackJudged, summary);
    assert.deepEqual(
      [violations, failures],
      [[], ["mandatory rules that read what is known only after an up: stream-is-bounded"]],
    );
    assert.deepEqual(
      notJudged.map(({ level, what }) => [level, what]),
      [["mandatory", "string value at .maxAge can't be known during preview"]],
    );
  });

  for (const [what, events, failure] of [
    ["no pack ran", [planned("A"), judged("A"), stackJudged, { summaryEvent: {} }], /^the engine ran no policy pack$/],
    [
      "a resource was not seen",
      [planned("A"), judged("A"), planned("B", "same"), stackJudged, summary],
      /did not see \S+::B: stream-is-bounded$/,
    ],
    [
      "a rule did not run",
      [planned("A"), judged("A", []), stackJudged, summary],
      /did not see \S+::A: stream-is-bounded$/,
    ],
    ["no rule saw the stack", [planned("A"), judged("A"), summary], /did not see the whole stack: stack-is-small$/],
    [
      "rules over the stack were given nothing of a resource",
      [planned("A"), judged("A"), made("A", {}), stackJudged, summary],
      /get no properties of A and 0 others.*; first deploy what provides these/,
    ],
    ["nothing was planned", [stackJudged, summary], /the preview has no resource/],
    ["a rule crashed", [planned("A"), error("failed to run policy: boom"), summary], /^failed to run policy: boom$/],
  ] as [string, EngineEvent[], RegExp][]) {
    it(`are not taken for good when ${what}`, () => {
      const { failures } = judge(...events);
      assert.equal(failures.length, 1, failures.join("\n"));
      assert.match(failures[0]!, failure);
      assert.ok(!verdictOf([judge(...events)]).ok);
    });
  }

  it("tell of a rule that the registry does not have", () => {
    const unknown: EngineEvent = { policyEvent: { resourceUrn: urnOf("A"), policyName: "other", message: "" } };
    assert.throws(() => judge(unknown), /policies\/registry\.ts does not have: other/);
  });

  it("say what a pack printed that did not start", () => {
    const printed: EngineEvent = {
      diagnosticEvent: { severity: "info#err", message: "Error: Cannot find module './x'\n\n" },
    };
    assert.match(
      earlyEndOf([printed], "error: policy pack failed to start\n"),
      /did not complete\nerror: policy pack failed to start\nError: Cannot find module '\.\/x'$/,
    );
  });
});

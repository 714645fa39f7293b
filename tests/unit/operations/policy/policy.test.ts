import assert from "node:assert/strict";
import { BadUsage } from "../../../../engine/failure";
import type { EngineEvent } from "../../../../engine/events";
import { findingsOf, toldBy } from "../../../../operations/policy/events";
import { finding, type StackFindings } from "../../../../operations/policy/findings";
import type { Policy } from "../../../../operations/policy/pack";
import { withRemedy } from "../../../../operations/policy/remedies";
import { renderStack, verdictOf } from "../../../../cli/render/policy";
import { findingsOfState, readState, stackOfState } from "../../../../operations/policy/state";

const described = { severity: "high", remediationSteps: "Set maxAge", url: "docs/policies.md#here" } as const;
const streamType = "pulumi-nodejs:dynamic/nats:Stream";
const bounded: Policy = {
  ...described,
  name: "stream-is-bounded",
  description: "Every stream has a limit.",
  enforcementLevel: "mandatory",
  validateResource: ({ type, props }, report) => {
    if (type === streamType && !props.maxAge) report(`stream ${props.name} has no limit. Set maxAge`);
  },
};
const small: Policy = {
  ...described,
  name: "stack-is-small",
  description: "A stack has few resources.",
  enforcementLevel: "advisory",
  configSchema: { properties: { most: { type: "number", default: 3 } } },
  validateStack: ({ resources, getConfig }, report) => {
    if (resources.length > getConfig<{ most: number }>().most)
      report(`${resources.length} resources`, resources.at(-1)!.urn);
  },
};
const rules = [bounded, small];

const urnOf = (name: string, type = streamType) => `urn:pulumi:local-jetstream::supercluster::${type}::${name}`;
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

  it("are not judged where a mandatory rule reads what is not known yet, and that is a failure, though the engine calls it advice", () => {
    const message =
      "can't run policy 'stream-is-bounded' from policy pack 'supercluster@v0.1.0' during preview: string value at .maxAge can't be known during preview\n";
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
      /see nothing of A and 0 others.*; first deploy what they are from/,
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
      toldBy([printed], "error: policy pack failed to start\n"),
      /come to its end\nerror: policy pack failed to start\nError: Cannot find module '\.\/x'$/,
    );
  });
});

describe("a preview that failed", () => {
  for (const [failure, remedy] of [
    [
      "no resource plugin 'pulumi-resource-kubernetes' found in the workspace at version v4.34.2 or on your $PATH\n    at /x.js:1:1",
      /npm test$/,
    ],
    ["error: PULUMI_ACCESS_TOKEN must be set for login during non-interactive CLI sessions", /set PULUMI_BACKEND_URL/],
    ["stack iad needs identity deployed first: pulumi up --stack identity.", /up --stack identity\.$/],
  ] as const) {
    it(`says what to do: ${failure.split("\n")[0]}`, () => {
      const text = withRemedy(failure);
      assert.match(text, remedy);
      assert.doesNotMatch(text, / at \/x/);
    });
  }
});

describe("the report", () => {
  const clean: StackFindings = {
    stack: "local-iad",
    resources: 7,
    rules: ["stack-is-small", "stream-is-bounded"],
    violations: [],
    notJudged: [],
    failures: [],
  };
  const broken: StackFindings = {
    ...{ stack: "local-jetstream", resources: 55, rules: ["stack-is-small", "stream-is-bounded"], failures: [] },
    violations: [finding(small, urnOf("B"), "55 resources"), finding(bounded, urnOf("A"), "stream A has no limit")],
    notJudged: [finding(bounded, urnOf("C"), "reads maxAge"), finding(bounded, urnOf("D"), "reads maxAge")],
  };

  it("has what stops a deployment first, each with how to fix it, and what was not judged", () => {
    assert.equal(
      renderStack(broken),
      [
        "local-jetstream: 55 resources, 2 rules",
        "  mandatory high  stream-is-bounded  A",
        "    stream A has no limit",
        "    fix: Set maxAge (docs/policies.md#here)",
        "  advisory high  stack-is-small  B",
        "    55 resources",
        "    fix: Set maxAge (docs/policies.md#here)",
        "  not judged  stream-is-bounded  C, D",
        "    reads maxAge",
      ].join("\n"),
    );
    assert.equal(
      renderStack({ ...clean, failures: ["one", "two"] }),
      "local-iad: 7 resources, 2 rules\n  not checked whole\n    one\n    two",
    );
    assert.equal(renderStack(clean), "local-iad: 7 resources, 2 rules, nothing violated");
  });

  it("counts in one line, and is good only without mandatory violations and failures", () => {
    const verdict = verdictOf([clean, broken]);
    assert.equal(verdict.summary, "2 stacks, 2 rules: 1 mandatory violation, 1 advisory, 2 not judged");
    assert.ok(!verdict.ok);
    assert.ok(verdictOf([clean, { ...broken, violations: broken.violations.slice(0, 1) }]).ok);
    const failed = verdictOf([{ ...clean, failures: ["the engine ran no policy pack"] }]);
    assert.deepEqual(
      [failed.ok, failed.summary],
      [false, "1 stack, 2 rules: 0 mandatory violations, 0 advisory, not checked whole: local-iad"],
    );
  });
});

describe("the findings of a state", () => {
  const secret = (beside: Record<string, string>) => ({
    "4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270",
    ...beside,
  });
  const resource = (name: string, inputs: object, beside = {}) => ({
    urn: urnOf(name),
    type: streamType,
    inputs,
    ...beside,
  });
  const state = (...resources: object[]) =>
    readState(JSON.stringify({ version: 3, deployment: { resources } }), "state.json");
  const findings = (...resources: object[]) => findingsOfState("local-jetstream", state(...resources), rules);

  it("are those of the same rules, of one resource and of all", async () => {
    const good = ["A", "B", "C"].map((name) => resource(name, { name, maxAge: "1d" }));
    assert.deepEqual((await findings(...good)).violations, []);
    const { violations, resources } = await findings(...good, resource("D", { name: "D" }));
    assert.equal(resources, 4);
    assert.deepEqual(
      violations.map(({ rule, resource: name, what }) => [rule, name, what]),
      [
        ["stream-is-bounded", "D", "stream D has no limit"],
        ["stack-is-small", "D", "4 resources"],
      ],
    );
  });

  it("say which rule cannot judge what is encrypted, and judge it where it was exported in plain text", async () => {
    const encrypted = await findings(resource("A", { name: "A", maxAge: secret({ ciphertext: "v1:abc" }) }));
    assert.deepEqual(encrypted.violations, []);
    assert.deepEqual(
      encrypted.notJudged.map(({ rule, resource: name, what }) => [rule, name, what]),
      [["stream-is-bounded", "A", "reads maxAge, which is encrypted in the state"]],
    );
    const plain = await findings(resource("A", { name: "A", maxAge: secret({ plaintext: '""' }) }));
    assert.deepEqual([plain.violations.length, plain.notJudged], [1, []]);
  });

  it("leave out what is read, and what is to be deleted", async () => {
    assert.equal(
      (
        await findings(
          resource("A", { maxAge: "1d" }),
          resource("B", {}, { external: true }),
          resource("C", {}, { delete: true }),
        )
      ).resources,
      1,
    );
  });

  it("give rules what the engine gives them: options, parents, providers, dependencies", async () => {
    const seen: unknown[] = [];
    const curious: Policy = {
      ...bounded,
      validateResource: ({ name, opts, provider }) =>
        void seen.push([name, opts.protect, opts.parent, provider?.name, provider?.props.region]),
    };
    const whole: Policy = {
      ...small,
      validateStack: ({ resources }) =>
        void seen.push(
          resources.map(({ parent, dependencies }) => [parent?.name, dependencies.map(({ name }) => name)]),
        ),
    };
    const provider = {
      urn: urnOf("eu", "pulumi:providers:aws"),
      type: "pulumi:providers:aws",
      inputs: { region: "eu-west-1" },
    };
    const child = resource(
      "A",
      {},
      { protect: true, parent: provider.urn, provider: `${provider.urn}::0f1e`, dependencies: [provider.urn] },
    );
    await findingsOfState("local-jetstream", state(provider, child), [curious, whole]);
    assert.deepEqual(seen, [
      ["eu", false, undefined, undefined, undefined],
      ["A", true, provider.urn, "eu", "eu-west-1"],
      [
        [undefined, []],
        ["eu", ["eu"]],
      ],
    ]);
  });

  it("are a failure where a rule crashes, and where nothing is deployed", async () => {
    const crashing: Policy = {
      ...bounded,
      validateResource: () => {
        throw new Error("boom");
      },
    };
    assert.deepEqual((await findingsOfState("x", state(resource("A", {})), [crashing])).failures, [
      `rule stream-is-bounded failed at ${urnOf("A")}: boom`,
    ]);
    assert.deepEqual((await findings()).failures, ["nothing of stack local-jetstream is deployed"]);
    const shy: Policy = { ...bounded, validateResource: ({ notApplicable }) => notApplicable("not here") };
    assert.deepEqual((await findingsOfState("x", state(resource("A", {})), [shy])).failures, []);
  });

  it("are refused of a file that is no state, with how to write one", () => {
    for (const text of ["", "{}", '{"deployment":{"resources":[{}]}}'])
      assert.throws(
        () => readState(text, "state.json"),
        (thrown) => thrown instanceof BadUsage && /pulumi stack export/.test(thrown.message),
      );
    assert.equal(stackOfState(state(resource("A", {}))), "local-jetstream");
  });
});

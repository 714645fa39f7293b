import assert from "node:assert/strict";
import { BadUsage } from "../../../../engine/failure";
import type { Policy } from "../../../../operations/policy/pack";
import { findingsOfState, readState, stackOfState } from "../../../../operations/policy/state";
import { bounded, rules, small, streamType, urnOf } from "../../../support/example-policies";

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
    assert.deepEqual((await findings()).failures, ["stack local-jetstream has no deployed resources"]);
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

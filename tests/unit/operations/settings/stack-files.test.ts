import assert from "node:assert/strict";
import { readProject, type ProjectFiles } from "../../../../engine/project";
import { checkedEnvironment } from "../../../../operations/settings/checked-environment";
import { stackFileProblems } from "../../../../operations/settings/stack-files";

const stackKey = "supercluster:stack";

describe("the stack files of an environment", () => {
  const project = readProject();
  const { environment } = checkedEnvironment("local", project);
  const problemsOf = (change: (files: ProjectFiles) => void): string[] => {
    const files = structuredClone(project);
    change(files);
    return stackFileProblems(files, "local", environment).map(({ path, message }) => `${path}: ${message}`);
  };

  it("have no problems as they are", () =>
    assert.deepEqual(
      problemsOf(() => undefined),
      [],
    ));

  for (const [what, change, expected] of [
    [
      "a missing stack file, with the content it should have",
      (files: ProjectFiles) => delete files.stacks["local-syd"],
      /^Pulumi\.local-syd\.yaml: is missing; write it.*kind: region, region: syd/s,
    ],
    [
      "a stack of no region",
      (files: ProjectFiles) =>
        (files.stacks["local-sfo"] = {
          config: { [stackKey]: { environment: "local", kind: "region", region: "sfo" } },
        }),
      /^Pulumi\.local-sfo\.yaml: is not a stack of environment local: its regions are iad, ams, syd/,
    ],
    [
      "a name that is not what the stack is",
      (files: ProjectFiles) =>
        (files.stacks["local-iad"] = {
          config: { [stackKey]: { environment: "local", kind: "region", region: "ams" } },
        }),
      /^Pulumi\.local-iad\.yaml: .*describes the stack local-ams/,
    ],
    [
      "an unknown key of a file",
      (files: ProjectFiles) => ((files.stacks["local-iad"] as Record<string, unknown>).encryptionsal = "x"),
      /^Pulumi\.local-iad\.yaml: encryptionsal: is not a known key; did you mean "encryptionsalt"/,
    ],
    [
      "an unknown region called lost",
      (files: ProjectFiles) =>
        ((files.stacks["local-jetstream"] as { config: Record<string, unknown> }).config["supercluster:degraded"] = [
          "sid",
        ]),
      /^Pulumi\.local-jetstream\.yaml: .*degraded.*\[0\]: "sid" is not a region of the environment; did you mean "syd"/,
    ],
    [
      "an unknown setting",
      (files: ProjectFiles) =>
        ((files.stacks["local-iad"] as { config: Record<string, unknown> }).config["supercluster:degradd"] = []),
      /did you mean "supercluster:degraded"/,
    ],
    [
      "a setting of no namespace known here",
      (files: ProjectFiles) =>
        ((files.stacks["local-iad"] as { config: Record<string, unknown> }).config["superclustr:stack"] = {}),
      /did you mean "supercluster:stack"/,
    ],
    [
      "what is shared, in one stack's file",
      (files: ProjectFiles) =>
        ((files.stacks["local-iad"] as { config: Record<string, unknown> }).config["supercluster:environments"] = {}),
      /is set in Pulumi\.yaml only/,
    ],
    [
      "an unknown kind",
      (files: ProjectFiles) =>
        (files.stacks["local-iad"] = {
          config: { [stackKey]: { environment: "local", kind: "regio", region: "iad" } },
        }),
      /supercluster:stack/,
    ],
  ] as const) {
    it(`refuse ${what}`, () => {
      const problems = problemsOf(change);
      assert.equal(problems.length, 1, problems.join("\n"));
      assert.match(problems[0]!, expected);
    });
  }
});

import assert from "node:assert/strict";
import { readProject, type ProjectFiles } from "../../../../engine/project";
import { checkedEnvironment } from "../../../../operations/settings/checked-environment";
import { InvalidInput } from "../../../../config/problems";

const project = readProject();

/** The project with some of its files changed. */
const changed = (change: (files: ProjectFiles) => void): ProjectFiles => {
  const copy = structuredClone(project);
  change(copy);
  return copy;
};

function problemsOf(files: ProjectFiles, environment = "local"): string[] {
  try {
    checkedEnvironment(environment, files);
  } catch (error) {
    assert.ok(error instanceof InvalidInput, String(error));
    return error.problems.map(({ path, message }) => `${path}: ${message}`);
  }
  return [];
}

const stackKey = "supercluster:stack";

describe("the settings of an environment", () => {
  it("are sound as they are, and give the stacks in order", () => {
    assert.deepEqual(checkedEnvironment("local").stacks, {
      identity: "local-identity",
      regions: ["local-iad", "local-ams", "local-syd"],
      jetstream: ["local-jetstream"],
    });
    assert.deepEqual(checkedEnvironment("production").stacks, {
      identity: "identity",
      regions: ["iad", "ams", "syd"],
      jetstream: ["jetstream"],
    });
  });

  it("have every mistake told at once, each with its place", () => {
    const files = changed(({ stacks, environments }) => {
      (environments as { local: { servers: unknown } }).local.servers = 4;
      delete stacks["local-syd"];
      stacks["local-iad"] = {
        config: { [stackKey]: { environment: "local", kind: "region", region: "ams" }, "supercluster:degradd": [] },
      };
    });
    const problems = problemsOf(files);
    const expected = [
      /^environments\.local\.servers: 4/,
      /^Pulumi\.local-syd\.yaml: is missing/,
      /^Pulumi\.local-iad\.yaml: .*describes/,
      /did you mean "supercluster:degraded"/,
    ];
    for (const pattern of expected)
      assert.ok(
        problems.some((line) => pattern.test(line)),
        `${pattern}\n${problems.join("\n")}`,
      );
    assert.equal(problems.length, expected.length);
  });

  // How long it takes is measured by `npm run bench:reconcile -- clients`.
  it("are checked without a server", () => {
    assert.ok(checkedEnvironment("local"));
  });

  it("name the nearest environment", () =>
    assert.match(problemsOf(project, "locl")[0]!, /"locl" is not an environment; did you mean "local"/));
});

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import * as path from "node:path";
import { parse } from "yaml";
import { projectFolder } from "../../../../engine/project";
import { withSetting } from "../../../../operations/settings/yaml-edit";

const text = `# settings
local:
  target: local
  # three each
  regions: [iad, ams]
  nats: { tag: 2.14.9-alpine, digest: abc }
other:
  # of the others
  kubernetes:
    chart:
      version: 2.14.2 # tested
last: 1
`;

describe("a setting in a YAML text", () => {
  for (const [what, at, value, from, to] of [
    ["is replaced", "last", "2", "last: 1\n", 'last: "2"\n'],
    ["keeps a comment behind it", "other.kubernetes.chart.version", "2.15.0", "version: 2.14.2 #", "version: 2.15.0 #"],
    ["is replaced in a flow map", "local.nats.tag", "2.15.3", "tag: 2.14.9-alpine,", "tag: 2.15.3,"],
    [
      "is added behind the first line of its map",
      "local.serverVersion",
      "2.14.9",
      "target: local\n",
      "target: local\n  serverVersion: 2.14.9\n",
    ],
    [
      "is added with the maps around it",
      "other.kubernetes.images.nats.tag",
      "2.15.3",
      "kubernetes:\n",
      "kubernetes:\n    images:\n      nats:\n        tag: 2.15.3\n",
    ],
    ["is added to a flow map", "local.nats.registry", "r", "{ tag", "{ registry: r, tag"],
    ["is taken out", "local.target", undefined, "  target: local\n", ""],
    ["is taken out of a flow map", "local.nats.tag", undefined, "tag: 2.14.9-alpine, ", ""],
    ["is taken out at the end of a flow map", "local.nats.digest", undefined, ", digest: abc", ""],
    [
      "is taken out with the maps that would be empty",
      "other.kubernetes.chart.version",
      undefined,
      "other:\n  # of the others\n  kubernetes:\n    chart:\n      version: 2.14.2 # tested\n",
      "",
    ],
    ["that is not there needs no taking out", "local.serverVersion", undefined, "", ""],
  ] as const)
    it(what, () => {
      const changed = withSetting(text, at.split("."), value);
      assert.equal(changed, text.replace(from, to));
      const found = at
        .split(".")
        .reduce<unknown>((map, key) => (map as Record<string, unknown> | undefined)?.[key], parse(changed));
      assert.equal(found, value);
    });

  it("is not put where there is something else", () => {
    assert.throws(() => withSetting(text, ["local", "regions", "x"], "1"), /local\.regions is not a map/);
    assert.throws(() => withSetting(text, ["local", "nats"], "1"), /local\.nats is not a single value/);
    assert.throws(() => withSetting(text, ["none", "nats"], "1"), /no key none/);
  });

  it("goes into this project's own file and out again without a trace", () => {
    const project = readFileSync(path.join(projectFolder, "Pulumi.yaml"), "utf8");
    for (const at of ["local.serverVersion", "production.kubernetes.images.nats.tag"]) {
      const keys = ["config", "environments", "default", ...at.split(".")];
      const changed = withSetting(project, keys, "2.14.9");
      assert.notEqual(changed, project);
      assert.equal(withSetting(changed, keys, undefined), project);
    }
  });
});

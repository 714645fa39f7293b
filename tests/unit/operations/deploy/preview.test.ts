import assert from "node:assert/strict";
import { renderPreview } from "../../../../operations/deploy/preview";

describe("what a deployment would do to a stack", () => {
  const urn = (type: string, name: string) =>
    `urn:pulumi:iad::supercluster::supercluster:kubernetes:Region$${type}::${name}`;
  const paths = ["a", "b", "c", "d", "e", "f", "g", "h"];

  it("is a line for each resource that changes, with the paths that do, and what providers said; no values", () => {
    const text = renderPreview("iad", {
      steps: [
        { op: "same", urn: urn("x:y:Z", "same") },
        { op: "create", urn: urn("kubernetes:core/v1:Secret", "new") },
        { op: "update", urn: urn("kubernetes:helm.sh/v3:Release", "iad"), detailedDiff: { "values.config": {} } },
        {
          op: "update",
          urn: urn("x:y:Long", "long"),
          detailedDiff: Object.fromEntries(paths.map((path) => [path, {}])),
        },
        { op: "replace", urn: urn("x:y:Key", "key"), diffReasons: ["length", "special"], replaceReasons: ["length"] },
        { op: "delete-replaced", urn: urn("x:y:Key", "key") },
        { op: "delete", urn: urn("x:y:Z", "old") },
      ],
      diagnostics: [
        { severity: "info#err", message: "iad: jetstream.cipher changed: its servers are restarted\n" },
        { severity: "warning", message: "warning: using pulumi-resource-kubernetes from $PATH at /bin" },
        { severity: "debug", message: "debug: secret" },
      ],
    });
    assert.deepEqual(text.split("\n"), [
      "iad: 1 to create, 2 to update, 1 to replace, 1 to delete",
      "  +  kubernetes:core/v1:Secret new",
      "  ~  kubernetes:helm.sh/v3:Release iad: values.config",
      "  ~  x:y:Long long: a, b, c, d, e, f and 2 more paths",
      "  +- x:y:Key key: length (replaces), special",
      "  -  x:y:Z old",
      "  iad: jetstream.cipher changed: its servers are restarted",
    ]);
  });

  it("is nothing when nothing changes", () =>
    assert.equal(
      renderPreview("iad", { steps: [{ op: "same", urn: urn("x:y:Z", "same") }] }),
      "iad: nothing to change",
    ));
});

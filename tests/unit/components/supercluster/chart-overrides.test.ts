import assert from "node:assert/strict";
import * as fc from "fast-check";
import { mergedOver } from "../../../../components/supercluster/chart-overrides";

describe("overridden values", () => {
  it("are merged by key: patches are appended, other lists and values replaced", () =>
    assert.deepEqual(
      mergedOver(
        { config: { merge: { a: 1, list: [1] }, keep: true }, container: { patch: ["ours"] }, gone: { x: 1 } },
        { config: { merge: { b: 2, list: [2] } }, container: { patch: ["theirs"] }, gone: null, patch: ["new"] },
      ),
      {
        config: { merge: { a: 1, b: 2, list: [2] }, keep: true },
        container: { patch: ["ours", "theirs"] },
        gone: null,
        patch: ["new"],
      },
    ));

  it("leave everything else, and neither side is changed", () =>
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue(), { noNullPrototype: true }), (values) => {
        const before = structuredClone(values);
        assert.deepEqual(mergedOver(values, {}), values);
        assert.deepEqual(mergedOver({}, values), values);
        assert.deepEqual(mergedOver(values, structuredClone(values)), before);
      }),
    ));
});

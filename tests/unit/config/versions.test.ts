import * as assert from "node:assert/strict";
import * as fc from "fast-check";
import { byVersion, isAtLeast } from "../../../config/versions";

const versions = fc.array(fc.nat(200), { minLength: 3, maxLength: 3 });

describe("versions", () => {
  it("are compared by number, not by text", () =>
    fc.assert(
      fc.property(versions, versions, (left, right) => {
        const first = left.findIndex((part, index) => part !== right[index]);
        assert.equal(isAtLeast(left.join("."), right.join(".")), first < 0 || left[first]! > right[first]!);
      }),
    ));

  for (const [version, wanted, expected] of [
    ["2.15.0-RC.1", "2.15.0", true],
    ["2.14.4", "2.15.0-RC.1", false],
    ["v2.12.5", "2.12.5", true],
    ["dev", "2.12.5", false],
  ] as const)
    it(`${version} ${expected ? "has" : "has not"} what ${wanted} has`, () =>
      assert.equal(isAtLeast(version, wanted), expected));

  it("are ordered lowest first", () =>
    assert.deepEqual(["2.15.3", "2.9.0", "2.12.11"].toSorted(byVersion), ["2.9.0", "2.12.11", "2.15.3"]));
});

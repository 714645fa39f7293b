import assert from "node:assert/strict";
import { warningsOf } from "../../../../config/rules/warnings";

describe("an environment of two regions", () => {
  it("is warned about: each needs the other for every change; one, three and six are not", () => {
    assert.match(
      warningsOf({ regions: ["iad", "ams"] }).join(),
      /^iad and ams do not survive each other's loss: .*Add a third region .* or accept/,
    );
    for (const regions of [["iad"], ["iad", "ams", "syd"], ["iad", "ams", "syd", "sin", "sfo", "jnb"]])
      assert.deepEqual(warningsOf({ regions }), []);
  });
});

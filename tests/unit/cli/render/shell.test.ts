import assert from "node:assert/strict";
import { quoted } from "../../../../cli/render/shell";

describe("values for a shell", () => {
  it("are quoted", () => assert.equal(quoted("a'b $c"), `'a'\\''b $c'`));
});

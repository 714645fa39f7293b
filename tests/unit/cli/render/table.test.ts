import assert from "node:assert/strict";
import { table } from "../../../../cli/render/table";

describe("a table", () => {
  it("aligns columns, numbers to the right, and does not count colours", () => {
    assert.equal(
      table(
        ["STREAM", "MESSAGES"],
        [
          ["\x1b[31mSMS\x1b[39m", "7"],
          ["WEBHOOKS", "1200"],
        ],
      ),
      ["STREAM    MESSAGES", "\x1b[31mSMS\x1b[39m              7", "WEBHOOKS      1200"].join("\n"),
    );
  });

  it("has no space at the end of a line and takes short rows", () => {
    assert.equal(table(["A", "B"], [["x"], ["", "y"]]), "A  B\nx\n   y");
  });
});

import assert from "node:assert/strict";
import { isFinished, outcomeOf } from "../../../engine/output";
import { table } from "../../../cli/render/table";

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

const succeeded = `Updating (local-iad):

 +  pulumi:pulumi:Stack tiny-local-iad creating (0s)
@ updating.....
 +  pulumi-nodejs:dynamic/tiny:R r0 creating (0s)
 +  pulumi-nodejs:dynamic/tiny:R r0 created (0.01s)
 ~  pulumi-nodejs:dynamic/tiny:R r1 updated (1s)
Outputs:
    out: [secret]

Resources:
    + 2 created
    ~ 1 updated
    3 changes. 4 unchanged

Duration: 4s
`;

const failed = `Updating (local-iad):
 +  pulumi-nodejs:dynamic/tiny:R r0 creating (0s) error: no luck
 +  pulumi-nodejs:dynamic/tiny:R r0 **creating failed** error: no luck
Diagnostics:
  pulumi-nodejs:dynamic/tiny:R (r0):
    error: port 14220 is taken by process 12

Resources:
    1 unchanged

Duration: 1s
`;

describe("what pulumi printed", () => {
  it("gives the counts of a run", () => {
    assert.equal(outcomeOf(succeeded).summary, "2 created, 1 updated, 4 unchanged");
    assert.equal(outcomeOf("Resources:\n    4 unchanged\n\nDuration: 1s").summary, "4 unchanged");
    assert.equal(outcomeOf("").summary, "nothing to do");
  });

  it("gives the diagnostics of a failure, or the error where there are none", () => {
    assert.equal(
      outcomeOf(failed).diagnostics,
      "  pulumi-nodejs:dynamic/tiny:R (r0):\n    error: port 14220 is taken by process 12",
    );
    assert.equal(outcomeOf("x\nerror: no stack named 'y' found").diagnostics, "error: no stack named 'y' found");
  });

  it("tells when a resource is done", () => {
    assert.deepEqual(succeeded.split("\n").filter(isFinished).length, 2);
    assert.ok(isFinished(" -  pulumi-nodejs:dynamic/tiny:R r0 deleted (0.01s) "));
    assert.ok(isFinished("+-  pulumi-nodejs:dynamic/tiny:R r0 created replacement (0.01s)"));
    assert.ok(!isFinished(" +  pulumi-nodejs:dynamic/tiny:R r0 creating (0s)"));
  });
});

import assert from "node:assert/strict";
import { mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { BadUsage } from "../../../engine/failure";
import { Plans } from "../../../engine/plans";

describe("saved plans", () => {
  const folder = mkdtempSync(path.join(tmpdir(), "plans-"));
  const plans = new Plans(path.join(folder, "new"));
  after(() => rmSync(folder, { recursive: true }));
  const isBadUsage = (message: RegExp) => (error: unknown) => error instanceof BadUsage && message.test(error.message);

  it("are readable by their owner only", () => {
    plans.prepare();
    assert.equal(statSync(path.join(folder, "new")).mode & 0o777, 0o700);
  });

  it("are required for every stack: the message names those that are missing, and how to save them", () => {
    writeFileSync(plans.fileOf("iad"), "{}");
    plans.require(["iad"], "production");
    assert.throws(
      () => plans.require(["iad", "ams", "syd"], "production"),
      isBadUsage(
        /has no plan for ams, syd; save them: npm run deploy -- --dry-run --plan .*--env production\. Nothing/,
      ),
    );
  });

  it("are refused for stacks that do not exist yet", () => {
    Plans.refuseNew([]);
    assert.throws(() => Plans.refuseNew(["iad"]), isBadUsage(/do not exist yet: iad\. Create them/));
  });
});

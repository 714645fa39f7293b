import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { processorSeconds } from "../../../bench/processor-time";

describe("processor time of commands", function () {
  it("is that of the processes that were started, and of those that they have started", function () {
    const before = processorSeconds();
    if (process.platform !== "linux") return assert.equal(before, undefined);
    const busy = "while (process.cpuUsage().user < 300_000);";
    const nested = `require("node:child_process").spawnSync(process.execPath, ["-e", ${JSON.stringify(busy)}])`;
    assert.equal(spawnSync(process.execPath, ["-e", nested]).status, 0);
    const used = processorSeconds()! - before!;
    assert.ok(used >= 0.3, `${used} s`);
  });
});

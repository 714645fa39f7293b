import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { processorSeconds, secondsOf } from "../../../bench/processor-time";

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

  it("is that of a single process, too", function () {
    if (process.platform !== "linux") return this.skip();
    const before = secondsOf(process.pid);
    const end = process.cpuUsage().user + 300_000;
    while (process.cpuUsage().user < end);
    const used = secondsOf(process.pid) - before;
    // To two ticks.
    assert.ok(used >= 0.28, `${used} s`);
  });
});

import { strict as assert } from "node:assert";
import { processStat } from "../../tools/processes.mjs";

describe("/proc/<pid>/stat", () => {
  const fields = (state: string) => `${state} 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 987654 20 21\n`;

  it("has the state and the start time of a process", () => {
    assert.deepEqual(processStat(`42 (nats-server) ${fields("S")}`), { state: "S", parent: 1, startTime: "987654" });
  });

  it("may have anything in the command, parentheses and spaces too", () => {
    assert.deepEqual(processStat(`42 (a) Z (b ) c) ${fields("R")}`), { state: "R", parent: 1, startTime: "987654" });
  });
});

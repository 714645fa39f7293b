import assert from "node:assert/strict";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { readRecorded } from "../../../../operations/load/recorded";

describe("what sample traffic recorded", () => {
  it("is read line by line, without the one at which its program was killed", async () => {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), "supercluster-recorded-"));
    try {
      const file = path.join(folder, "irisx");
      const lines = [
        { id: "a", subject: "sms.send", stream: "SMS", seq: 1, ms: 2 },
        { id: "b", error: "no answer" },
      ];
      fs.writeFileSync(file, `${lines.map((line) => JSON.stringify(line)).join("\n")}\n{"id":"c","sub`);
      assert.deepEqual(await readRecorded(file), lines);
    } finally {
      fs.rmSync(folder, { recursive: true });
    }
  });
});

import assert from "node:assert/strict";
import { together } from "../../../../operations/deploy/deploy";

describe("stacks that are deployed at the same time", () => {
  /** Runs it, and returns what it logged and threw, with the items that ran to their end. */
  async function run(failing: string[]): Promise<{ logged: string[]; thrown?: string; ended: string[] }> {
    const logged: string[] = [];
    const ended: string[] = [];
    const { write } = process.stderr;
    process.stderr.write = (line: string | Uint8Array) => logged.push(String(line).trim()) > 0;
    try {
      await together(["iad", "ams", "syd"], async (stack) => {
        if (failing.includes(stack)) throw new Error(`${stack} failed`);
        await Promise.resolve();
        ended.push(stack);
      });
      return { logged, ended };
    } catch (error) {
      return { logged, ended, thrown: (error as Error).message };
    } finally {
      process.stderr.write = write;
    }
  }

  it("succeed when all do", async () => assert.deepEqual(await run([]), { logged: [], ended: ["iad", "ams", "syd"] }));

  it("all run to their end when one fails", async () =>
    assert.deepEqual(await run(["iad"]), { logged: [], ended: ["ams", "syd"], thrown: "iad failed" }));

  it("report every failure: the last is thrown, the others are logged", async () =>
    assert.deepEqual(await run(["iad", "syd"]), { logged: ["iad failed"], ended: ["ams"], thrown: "syd failed" }));
});

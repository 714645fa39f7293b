import * as assert from "node:assert/strict";
import { execFile } from "node:child_process";
import * as path from "node:path";
import { promisify } from "node:util";
import pLimit from "p-limit";
import { exampleStacks } from "./examples";
import { differences, type Golden, readGolden, writeGolden } from "./golden";
import { serversMs } from "../support/limits";

const run = promisify(execFile);

const stacks = [
  "local-identity",
  "local-iad",
  "local-ams",
  "local-syd",
  "local-jetstream",
  "identity",
  "iad",
  "ams",
  "syd",
  "jetstream",
  "production-kubernetes-iad",
  ...exampleStacks,
];

describe("golden registrations: what each stack asks the engine for", function () {
  this.timeout(serversMs);
  const registered = new Map<string, Promise<Golden>>();

  before(() => {
    const twoAtOnce = pLimit(2);
    for (const stack of stacks) registered.set(stack, twoAtOnce(register, stack));
    // Each is awaited by its own test; a failure before that is not unhandled.
    for (const golden of registered.values()) golden.catch(() => undefined);
  });

  for (const stack of stacks) {
    it(`${stack} registers what tests/golden/${stack}.json says`, async () => {
      const golden = await registered.get(stack)!;
      if (process.env.UPDATE_GOLDEN === "1") writeGolden(stack, golden);
      const changes = differences(readGolden(stack), golden);
      if (changes.length === 0) return;
      const advice = `differences: ${changes.length}; if all are intended: UPDATE_GOLDEN=1 npm test`;
      assert.fail([advice, ...changes].join("\n"));
    });
  }
});

describe("golden differences", () => {
  it("name the place of a change, of what is new and of what is gone, and nothing else", () => {
    const before = { resources: { a: { list: [1, 2] }, b: {} }, same: null };
    const after = { resources: { a: { list: [1, 3] }, c: { x: "y" } }, same: null };
    assert.deepEqual(differences(before, after), [
      "  resources.a.list.1: 2 -> 3",
      "- resources.b: {}",
      '+ resources.c: {"x":"y"}',
    ]);
  });
});

/** In a process of its own, with nothing of this one's environment. */
async function register(stack: string): Promise<Golden> {
  const program = path.join(__dirname, "register.ts");
  const { stdout } = await run(process.execPath, ["--require=./tools/runtime.cjs", program, stack], {
    cwd: path.join(__dirname, "..", ".."),
    env: { PATH: process.env.PATH },
    maxBuffer: 64 * 1024 ** 2,
    timeout: serversMs,
  });
  return JSON.parse(stdout) as Golden;
}

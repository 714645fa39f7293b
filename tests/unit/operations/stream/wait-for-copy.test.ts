import assert from "node:assert/strict";
import { mock } from "node:test";
import { Failure } from "../../../../engine/failure";
import { fewEnough, waitForCopy } from "../../../../operations/stream/wait-for-copy";

describe("the wait for a copy", () => {
  const lines: string[] = [];
  let now = 0;
  /** Each look finds the next number, `seconds` after the last one. */
  async function wait(found: number[], seconds: number, isStopped?: () => boolean): Promise<number[]> {
    const rest = [...found];
    const left = () => {
      now += seconds * 1000;
      return Promise.resolve(rest.shift()!);
    };
    const stalled = (count: number) => `stalled with ${count}`;
    await waitForCopy({ left, report: (line) => void lines.push(line), stalled, isStopped }, 1);
    return rest;
  }
  beforeEach(() => {
    lines.length = 0;
    mock.method(Date, "now", () => now);
  });
  afterEach(() => mock.restoreAll());

  it("ends once few enough are left, without a look more", async () => {
    assert.deepEqual(await wait([fewEnough + 2, fewEnough + 1, fewEnough, 0], 1), [0]);
  });

  it("ends early when it is stopped", async () => {
    assert.deepEqual(await wait([900, 800], 1, () => true), [800]);
  });

  it("reports every 5 s what is left, and nothing while that is unknown", async () => {
    await wait([Infinity, Infinity, 900, 800, 0], 6);
    assert.deepEqual(lines, ["900 messages left to copy", "800 messages left to copy"]);
  });

  it("fails when nothing was copied for a minute, and only then", async () => {
    await wait([900, 800, 700, 0], 50);
    await assert.rejects(
      wait([900, 900, 900], 50),
      (error) => error instanceof Failure && /with 900/.test(error.message),
    );
  });
});

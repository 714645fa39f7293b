import * as assert from "node:assert/strict";
import { pollUntil } from "../../../config/poll-until";

describe("pollUntil", () => {
  const answers =
    <T>(...list: T[]) =>
    () =>
      list.length > 1 ? list.shift() : list[0];

  for (const [name, find, expected] of [
    ["gives what is found at once", answers(7), 7],
    ["goes on after undefined and false", answers<number | false | undefined>(undefined, false, 7), 7],
    ["takes zero, null and an empty text for found", answers<number | string | null>(0), 0],
    ["awaits the answer", () => Promise.resolve("later"), "later"],
    ["gives undefined when the time is over", answers<number | undefined>(undefined), undefined],
    ["gives undefined, not false, when the time is over", answers<number | false>(false), undefined],
  ] as const)
    it(name, async () =>
      assert.equal(await pollUntil<number | string | null>(find, expected === undefined ? 20 : 60_000, 1), expected),
    );

  it("calls once where no time is given", async () => {
    let calls = 0;
    assert.equal(await pollUntil(() => void calls++, 0, 1), undefined);
    assert.equal(calls, 1);
  });

  it("ends with what is thrown", async () => {
    await assert.rejects(
      pollUntil(() => Promise.reject(new Error("closed")), 1_000),
      /closed/,
    );
  });
});

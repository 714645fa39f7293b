import assert from "node:assert/strict";
import { PassThrough } from "node:stream";
import { agree, requireTerminal } from "../../../cli/confirm";
import { BadUsage } from "../../../engine/failure";

describe("a confirmation", () => {
  const { isTTY } = process.stdin;
  const withTerminal = (there: boolean) =>
    Object.defineProperty(process.stdin, "isTTY", { value: there, configurable: true });
  after(() => withTerminal(isTTY));

  it("needs a terminal, or --yes", () => {
    withTerminal(false);
    assert.throws(
      () => requireTerminal(false),
      (error) => error instanceof BadUsage && /pass --yes/.test(error.message),
    );
    requireTerminal(true);
    withTerminal(true);
    requireTerminal(false);
  });

  const typed = (keys: string, isEnd = false): Promise<boolean> => {
    const [input, output] = [new PassThrough(), Object.assign(new PassThrough(), { isTTY: true })];
    const answer = agree("Deploy the rest now?", { input, output });
    input.write(keys);
    if (isEnd) input.end();
    return answer;
  };

  it("is given by yes alone", async () => {
    assert.equal(await typed("Yes\n"), true);
    for (const other of ["y\n", "no\n", "\n"]) assert.equal(await typed(other), false);
  });

  it("is refused by Ctrl-C, by Ctrl-D and by the end of input", async () => {
    assert.equal(await typed("ye\u0003"), false);
    assert.equal(await typed("\u0004"), false);
    assert.equal(await typed("", true), false);
  });
});

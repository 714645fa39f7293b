import assert from "node:assert/strict";
import { requireTerminal } from "../../../cli/confirm";
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
});

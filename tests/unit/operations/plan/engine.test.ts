import assert from "node:assert/strict";
import { Failure } from "../../../../engine/failure";
import { PulumiFailure, pulumiExit, type Result } from "../../../../engine/run";
import { readPreview, resultOf } from "../../../../operations/plan/engine";

describe("the preview that a run printed", () => {
  const result = (change: Partial<Result>): Result =>
    ({ stdout: "{}", exitCode: 0, diagnostics: "", log: "x.log", ...change }) as Result;
  const read = (change: Partial<Result>, environment = "local") =>
    readPreview(environment, "local-jetstream", result(change));
  const failsWith = (message: RegExp) => (error: unknown) => error instanceof Failure && message.test(error.message);
  const refusal = JSON.stringify({ diagnostics: [{ severity: "error", message: "error: refused", urn: "u" }] });

  it("is read", () => assert.deepEqual(read({ stdout: '{"steps":[]}' }), { steps: [] }));

  it("is read where the run failed for a reason that is in it", () =>
    assert.ok(read({ stdout: refusal, exitCode: 255 }).diagnostics));

  for (const [what, change, message] of [
    ["nothing", { stdout: "", diagnostics: "boom" }, /pulumi printed no plan: boom\nwhole output: x\.log/],
    ["no reason for its failure", { exitCode: 255, diagnostics: "boom" }, /pulumi printed no plan: boom/],
  ] as const)
    it(`is a failure where it has ${what}`, () => assert.throws(() => read(change), failsWith(message)));

  it("needs a stack: where there is none, it says how to create it", () => {
    const missing = { exitCode: pulumiExit.noSuchStack };
    assert.throws(
      () => read(missing),
      failsWith(/does not exist yet, so an up would create all of it; run: npm start$/),
    );
    assert.throws(() => read(missing, "production"), failsWith(/npm run deploy -- --env production$/));
  });

  it("of a run that failed is in the failure; another error is thrown on", () => {
    const failed = result({ exitCode: 1 });
    const command = { stack: "s", args: ["preview"], env: {} };
    assert.equal(resultOf(new PulumiFailure(command, failed)), failed);
    assert.throws(() => resultOf(new Error("other")), /^Error: other$/);
  });
});

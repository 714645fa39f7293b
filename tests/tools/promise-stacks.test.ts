import * as assert from "node:assert/strict";
import "../../tools/promise-stacks.cjs";

/** As in the SDK, whose types do not have it. */
const { debuggablePromise } = require("@pulumi/pulumi/runtime/debuggable") as {
  debuggablePromise<T>(promise: Promise<T>, context?: unknown): Promise<T>;
};

describe("stacks of the SDK's promises", () => {
  it("are empty; what a promise settles with is what it was, and errors keep their stacks", async () => {
    const failed = new Error("refused");
    const promises = [Promise.resolve(1), Promise.reject<number>(failed)];
    const settled = promises.map((promise) => debuggablePromise(promise, "test"));
    assert.deepEqual(
      promises.map((promise) => (promise as { _debugStackTrace?: string })._debugStackTrace),
      ["Error", "Error"],
    );
    assert.equal(await settled[0], 1);
    await assert.rejects(settled[1]!, failed);
    assert.match(failed.stack!, /promise-stacks\.test\.ts:/);
    assert.match(new Error("later").stack!, /promise-stacks\.test\.ts:/);
  });
});

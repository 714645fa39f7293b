import assert from "node:assert/strict";
import { deletionOptions } from "../../../../components/jetstream/deletion";

describe("deletion policies", () => {
  it("are the engine's options where only it can refuse; the provider gets only delete-if-empty", () => {
    const cases = [
      [undefined, {}, true],
      ["retain", {}, true],
      ["delete-if-empty", { deletionPolicy: "delete-if-empty" }, false],
      ["delete", {}, false],
    ] as const;
    for (const [deletionPolicy, props, retained] of cases) {
      assert.deepEqual(deletionOptions({ deletionPolicy }), {
        props,
        options: { protect: retained, retainOnDelete: retained },
      });
    }
    assert.equal(deletionOptions({}, { protect: false }).options.protect, false, "what is said outright counts");
  });
});

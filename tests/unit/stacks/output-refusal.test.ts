import assert from "node:assert/strict";
import { outputRefusal } from "../../../stacks/output-refusal";

const names = { reader: "iad", stack: "identity", output: "iad" };

describe("output of another stack", () => {
  it("is used when it has a value", () => {
    assert.equal(outputRefusal({ iad: { jetstreamKey: "key" } }, names), undefined);
    assert.equal(outputRefusal({ iad: "" }, names), undefined);
  });

  it("is refused when the stack is missing or empty, with the command that deploys it", () => {
    for (const outputs of [undefined, {}])
      assert.equal(
        outputRefusal(outputs, names),
        "stack iad needs identity deployed first: pulumi up --stack identity.",
      );
  });

  it("is refused when the stack was deployed without it", () => {
    assert.equal(
      outputRefusal({ ams: {} }, names),
      "stack iad needs output iad of identity, which was deployed without it: pulumi up --stack identity.",
    );
  });

  it("is refused when it lacks what the reader needs", () => {
    assert.equal(
      outputRefusal({ iad: { users: {} } }, { ...names, lacks: () => ["the password of a", "the password of b"] }),
      "stack iad needs the password of a, the password of b of identity, which was deployed without: " +
        "pulumi up --stack identity.",
    );
  });

  it("is refused when it is a secret that cannot be decrypted, which the engine replaces by an empty object", () => {
    assert.match(outputRefusal({ iad: {} }, names)!, /^stack iad cannot decrypt output iad of identity: .*passphrase/);
  });
});

import assert from "node:assert/strict";
import { mistakes } from "../../../../components/jetstream/provider/check";
import { type AssetKind, consumerKind, streamKind } from "../../../../jetstream/kinds";
import { plainConsumer, plainStream } from "../../../support/rule-examples";

describe("extraConfig", () => {
  it("takes no field that has an argument", () => {
    const refused = (kind: AssetKind, args: object, name: string) =>
      mistakes(kind, { ...args, extraConfig: { [name]: 1 } }).map(({ property, reason }) => `${property} ${reason}`);
    assert.deepEqual(refused(streamKind, plainStream, "newest_field"), []);
    assert.deepEqual(refused(streamKind, plainStream, "max_age"), [
      'extraConfig.max_age "max_age" has an argument of its own; write maxAge',
    ]);
    for (const { wire } of streamKind.fields)
      assert.match(refused(streamKind, plainStream, wire.split(".")[0]!).join(), /of its own; write /, wire);
    for (const { wire } of consumerKind.fields)
      assert.match(refused(consumerKind, plainConsumer, wire.split(".")[0]!).join(), /of its own; write /, wire);
  });
});

import assert from "node:assert/strict";
import { kindNames, kinds } from "../../../../workers/aigentflow/kinds";
import { sample } from "../../../../workers/aigentflow/samples";

describe("sample events of aigentflow", () => {
  const samples = Array.from({ length: 600 }, (_, number) => sample(number));

  it("are of every kind and tenant, on the subjects that streams have", () => {
    for (const kind of kindNames) {
      const own = samples.filter((each) => each.kind === kind);
      assert.equal(new Set(own.map(({ message }) => message.tenantId)).size, 3, kind);
      for (const { subject, message } of own) {
        assert.ok(subject.startsWith(kinds[kind].filter.slice(0, -1)), subject);
        assert.deepEqual(kinds[kind].schema.parse(message), message);
      }
    }
  });

  it("have an id each, and are the same for the same number otherwise", () => {
    assert.equal(new Set(samples.map(({ message }) => message.id)).size, samples.length);
    const { id: _id, timestamp: _timestamp, ...rest } = sample(17).message;
    const { id: _other, timestamp: _later, ...again } = sample(17).message;
    assert.deepEqual(rest, again);
  });
});

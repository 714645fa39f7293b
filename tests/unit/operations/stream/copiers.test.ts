import assert from "node:assert/strict";
import type { Wire } from "../../../../jetstream/fields";
import { copierOf, isCopier } from "../../../../operations/stream/copiers";

describe("a consumer by which servers copy a stream", () => {
  it("is marked as one, and no durable is", () =>
    assert.deepEqual([{ sourcing: true }, { durable_name: "worker" }].map(isCopier), [true, false]));

  it("names the stream that it copies into by its labels, else by its own name", () => {
    const consumers: Wire[] = [
      { name: "x", metadata: { "_nats.src.stream": "T" } },
      { name: "x", metadata: { "_nats.mirror.stream": "M" } },
      { name: "x" },
    ];
    assert.deepEqual(consumers.map(copierOf), ["T", "M", "x"]);
  });
});

import assert from "node:assert/strict";
import { spareDeliveries } from "../../../../../config/rules/arguments/acknowledgements";
import { consumerArgumentRules } from "../../../../../config/rules/arguments/consumer";
import { consumerKind } from "../../../../../jetstream/kinds";
import { itFindsExamples } from "../../../../support/argument-rules";
import { plainConsumer } from "../../../../support/rule-examples";
import { spareDeliveries as ofWorkers } from "../../../../../workers/messaging/consumer/durable";

describe("rules about one consumer", () => {
  itFindsExamples(consumerKind, consumerArgumentRules, plainConsumer);

  it("leave room for as many deliveries after the attempts as a worker runs", () =>
    assert.equal(spareDeliveries, ofWorkers));
});

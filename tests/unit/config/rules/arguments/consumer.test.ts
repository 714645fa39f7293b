import { consumerArgumentRules } from "../../../../../config/rules/arguments/consumer";
import { consumerKind } from "../../../../../jetstream/kinds";
import { itFindsExamples } from "../../../../support/argument-rules";
import { plainConsumer } from "../../../../support/rule-examples";

describe("rules about one consumer", () => {
  itFindsExamples(consumerKind, consumerArgumentRules, plainConsumer);
});

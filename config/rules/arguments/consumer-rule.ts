import type { consumerManagement, consumerShape, pullShape, pushShape } from "../../schema/consumer";
import { type ArgumentRule, type PartialOfShape, rulesAbout } from "./argument-rule";

/** What the rules about one consumer check: its arguments, pull or push, all but the name optional. */
export type ConsumerArguments = { name: string; filterSubject?: string; filterSubjects?: string[] } & PartialOfShape<
  typeof consumerShape & typeof pullShape & typeof pushShape & typeof consumerManagement
>;
export type ConsumerRule = ArgumentRule<ConsumerArguments>;

export const { rule, ruleOfEach } = rulesAbout<ConsumerArguments>();

/** A consumer with nothing wrong: the rules' examples are changes of it. */
export const exampleConsumer: ConsumerArguments = { name: "example", ackPolicy: "explicit" };

/** What makes an example a push consumer. */
export const pushExample = { deliverSubject: "deliver.example" };

import { toMilliseconds } from "../../config/units";
import { covers } from "../../config/subjects";
import {
  type ConsumerResource,
  consumerType,
  exceptions,
  isExcepted,
  jetstreamResources,
  streamType,
} from "../jetstream-resources";
import type { StackRule } from "../rule";

const hours = 1;

export const givenUpMessageStays: StackRule<string[]> = {
  name: "given-up-message-stays",
  description:
    "A message that a consumer has given up stays in its stream for at least an hour, " +
    "or a stream of its account keeps the advisory about it.",
  severity: "medium",
  enforcementLevel: "mandatory",
  why:
    "What was delivered maxDeliver times stays in its stream until it expires, " +
    "and the advisory $JS.EVENT.ADVISORY.CONSUMER.MAX_DELIVERIES names its sequence: " +
    "that is the dead-letter path. A stream that expires it as soon as it is given up has none.",
  remediation:
    "Raise the stream's maxAge, lower maxDeliver or the waits between deliveries, " +
    "keep the advisories in a stream, or except the consumer",
  types: [streamType, consumerType],
  setting: exceptions("Consumers", "*/CANARY/canary"),
  violationsOfStack(resources, except) {
    const { streams, consumers, byKey } = jetstreamResources(resources);
    return consumers.flatMap((consumer) => {
      const { args, key, resource, stream } = consumer;
      const age = byKey.get(stream)?.args.maxAge;
      if (!(parseFloat(String(age)) > 0) || !(Number(args.maxDeliver) > 0) || isExcepted(key, except)) return [];
      const advisory = `$JS.EVENT.ADVISORY.CONSUMER.MAX_DELIVERIES.${args.stream}.${args.name}`;
      if (
        streams.some(
          (other) =>
            other.args.account === args.account && other.args.subjects?.some((subject) => covers(subject, advisory)),
        )
      )
        return [];
      const left = toMilliseconds(age!) - milliseconds(consumer);
      return left < hours * 3_600_000
        ? [
            {
              resource,
              message:
                `${key} gives up a message ${milliseconds(consumer) / 1000} s after it arrived, ` +
                `and ${stream} expires it after ${age}`,
            },
          ]
        : [];
    });
  },
};

/** How long the deliveries of one message take, if none is acknowledged. */
function milliseconds({ args: { maxDeliver, backoff, ackWait = "30s" } }: ConsumerResource): number {
  const waits = (backoff?.length ? backoff : [ackWait]).slice(0, maxDeliver).map(toMilliseconds);
  // The last wait is that of all deliveries that have none of their own.
  return waits.reduce((sum, wait) => sum + wait, 0) + (Number(maxDeliver) - waits.length) * waits.at(-1)!;
}

import type { Environment } from "../../config/schema/settings";
import { deadLetterNames } from "../../workers/messaging/contract";
import { max, sum } from "../promql";
import { failedShare, quantiles, rateOf } from "./expressions";
import { accounts, as, consumers, type Dashboard, graph, limitOf, noneOf, value } from "./panel";

const consumer = "{{consumer}}";
const ofConsumer = ["account", "consumer"] as const;

/** Messages of a tenant's stream of dead letters. */
const letters = (stream_name: string) =>
  max(["account"], accounts.series("nats_stream_total_messages", { stream_name, is_stream_leader: "true" }));

/** Processes that take messages, and what they have given up. */
export const workers = (environment: Environment): Dashboard => ({
  uid: "nats-workers",
  title: "NATS / Workers and dead letters",
  description: "The processes that take messages: whether they run, what fails, and what was given up.",
  variables: ["region", "account", "consumer"],
  rows: [
    {
      title: "Processes",
      panels: [
        graph("Connected", "number", "Processes that are connected to a server, by worker.", [
          as("{{worker}} of {{account}}", sum(["account", "worker"], accounts.series("nats_connection_up"))),
        ]),
        graph("Reconnections", "number", "A second. Some follow the restart of a server; a steady number is wrong.", [
          as(
            "{{worker}} of {{account}}",
            rateOf(["account", "worker"], accounts.series("nats_connection_reconnects_total")),
          ),
        ]),
        graph(
          "Stopped by a dependency",
          "number",
          "1: the worker takes no messages, because a database or provider does not answer.",
          [as(consumer, max(ofConsumer, consumers.series("nats_consumer_breaker_open")))],
          { limit: noneOf("warning") },
        ),
      ],
    },
    {
      title: "Messages",
      panels: [
        graph("Finished", "messages/s", "By outcome: success, retry, unavailable, terminal.", [
          as(
            "{{consumer}} {{status}}",
            rateOf([...ofConsumer, "status"], consumers.series("nats_consumer_messages_processed_total")),
          ),
        ]),
        graph("Failed", "percent", "Of what was finished.", [as(consumer, failedShare)], {
          limit: limitOf(environment, "NATSConsumerProcessingErrors"),
          whenEmpty: "No message has failed",
        }),
        graph(
          "Waiting",
          "number",
          "Not acknowledged yet, as workers see it; autoscalers follow it.",
          [as(consumer, max(ofConsumer, consumers.series("nats_consumer_lag")))],
          { limit: limitOf(environment, "NATSConsumerLagHigh") },
        ),
        graph("In hand", "number", "Received and not finished.", [
          as(consumer, sum(ofConsumer, consumers.series("nats_consumer_in_flight"))),
        ]),
        graph(
          "Redeliveries",
          "messages/s",
          "Received a second time or later: a handler failed, was too slow, or its process ended.",
          [as(consumer, rateOf(ofConsumer, consumers.series("nats_consumer_redeliveries_total")))],
          { whenEmpty: "None was delivered twice" },
        ),
        graph(
          "Handlers",
          "seconds",
          "How long they take for a message: p50, p95, p99.",
          quantiles(consumers, "nats_consumer_message_processing_duration_seconds", ["consumer"]),
        ),
      ],
    },
    {
      title: "Dead letters",
      panels: [
        value(
          "Dead letters",
          "number",
          "Given up, and kept until they are sent again or deleted: npm run dead-letters.",
          [as("{{account}}", letters(deadLetterNames.copies))],
          { width: 8, limit: noneOf("warning"), whenEmpty: "No tenant keeps dead letters" },
        ),
        value(
          "Waiting to be copied",
          "number",
          "Given up by the server; until the worker dead-letters copies them, limits of their stream may delete them.",
          [as("{{account}}", letters(deadLetterNames.events))],
          { width: 8, limit: noneOf("warning"), whenEmpty: "No tenant keeps dead letters" },
        ),
        graph(
          "Given up",
          "messages/s",
          "By outcome: stored; exists, another process stored it first; failed, the message is kept and tried again.",
          [
            as(
              "{{consumer}} {{outcome}}",
              rateOf([...ofConsumer, "outcome"], consumers.series("nats_consumer_dead_letters_total")),
            ),
          ],
          { width: 12, whenEmpty: "None was given up" },
        ),
        graph(
          "Of an unknown type",
          "messages/s",
          "A sender is newer than the worker, or sends to the wrong subject.",
          [as(consumer, rateOf(ofConsumer, consumers.series("nats_consumer_unknown_messages_total")))],
          { width: 12, whenEmpty: "None is of an unknown type" },
        ),
      ],
    },
    {
      title: "Publishing",
      panels: [
        graph(
          "Published",
          "messages/s",
          "By status: acknowledged, duplicate, refused; unacknowledged, which may be stored or not.",
          [
            as(
              "{{worker}} {{status}}",
              rateOf(["account", "worker", "status"], accounts.series("nats_publisher_messages_total")),
            ),
          ],
          { whenEmpty: "No worker has published" },
        ),
        graph("Attempts after the first", "requests/s", "A stream has no leader, or answers too late.", [
          as("{{worker}}", rateOf(["account", "worker"], accounts.series("nats_publisher_retries_total"))),
        ]),
        graph(
          "Until acknowledged",
          "seconds",
          "From the first attempt: p50, p95, p99.",
          quantiles(accounts, "nats_publisher_message_duration_seconds", ["account", "worker"]),
          { whenEmpty: "No worker has published" },
        ),
      ],
    },
  ],
});

import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from "prom-client";

/** What became of a request: `refused` is an answer with an error, `failed` has none. */
export type RequestStatus = "success" | "refused" | "failed";

/** From 1 ms to 5 min: the longest handlers of which systems have told us. */
const seconds = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300];

/**
 * Metrics of a worker process, for Prometheus. The label `consumer` is the durable's name. No label has a value that
 * senders of messages choose.
 *
 * @param registry where they are registered. Default: one of their own, with those of the process (CPU, memory, event
 *   loop).
 */
export function createWorkerMetrics(registry: Registry = processRegistry()) {
  const registers = [registry];
  const counter = <L extends string = never>(name: string, help: string, labelNames: readonly L[] = []) =>
    new Counter<L>({ name, help, labelNames, registers });
  const gauge = <L extends string = never>(name: string, help: string, labelNames: readonly L[] = []) =>
    new Gauge<L>({ name, help, labelNames, registers });
  const histogram = <L extends string = never>(name: string, help: string, labelNames: readonly L[] = []) =>
    new Histogram<L>({ name, help, labelNames, buckets: seconds, registers });
  const consumer = ["consumer"] as const;

  return {
    registry,

    messagesProcessed: counter(
      "nats_consumer_messages_processed_total",
      "Messages that a handler has finished: success; retry, delivered again; unavailable, kept; terminal, given up",
      ["consumer", "status"] as const,
    ),
    processingDuration: histogram(
      "nats_consumer_message_processing_duration_seconds",
      "How long the handler took for a message",
      consumer,
    ),
    deliveryDelay: histogram(
      "nats_consumer_delivery_delay_seconds",
      "From a message being stored to its first delivery",
      consumer,
    ),
    lag: gauge("nats_consumer_lag", "Messages of the durable that are not acknowledged yet", consumer),
    inFlight: gauge("nats_consumer_in_flight", "Messages that this process has received and not finished", consumer),
    redeliveries: counter("nats_consumer_redeliveries_total", "Messages received a second time or later", consumer),
    // `exists`: another process stored it first. `failed`: its message is kept.
    deadLetters: counter("nats_consumer_dead_letters_total", "Dead letters, by outcome: stored, exists, failed", [
      "consumer",
      "outcome",
    ] as const),
    unknownMessages: counter(
      "nats_consumer_unknown_messages_total",
      "Messages of a type that the worker does not know",
      consumer,
    ),
    breakerOpen: gauge(
      "nats_consumer_breaker_open",
      "1 while the consumer takes no messages because a dependency does not answer",
      consumer,
    ),

    connected: gauge("nats_connection_up", "1 while the process is connected to a server"),
    reconnects: counter("nats_connection_reconnects_total", "Connections that replaced a lost one"),
    connectionEvents: counter("nats_connection_events_total", "What the client has reported about its connection", [
      "type",
    ] as const),

    // `unacknowledged`: it may be stored or not.
    published: counter(
      "nats_publisher_messages_total",
      "Published messages, by status: acknowledged, duplicate, refused, unacknowledged",
      ["status"] as const,
    ),
    publishDuration: histogram(
      "nats_publisher_message_duration_seconds",
      "From the first attempt to publish a message to its acknowledgement",
    ),
    publishRetries: counter("nats_publisher_retries_total", "Attempts after the first to publish a message"),
    publishing: gauge("nats_publisher_in_flight", "Messages that are not acknowledged yet"),

    requests: histogram("nats_request_duration_seconds", "How long answers to requests took, by status", [
      "status",
    ] as const),
    answers: histogram("nats_service_request_duration_seconds", "How long the handler took for a request, by status", [
      "service",
      "endpoint",
      "status",
    ] as const),
  };
}

export type WorkerMetrics = ReturnType<typeof createWorkerMetrics>;

function processRegistry(): Registry {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  return registry;
}

import { provedBy, type Requirement } from "./requirement";

const engine = "tests/unit/workers/messaging/consumer/consumer.test.ts";
const outcome = "tests/unit/workers/messaging/consumer/outcome.test.ts";
const health = "tests/unit/workers/messaging/health.test.ts";
const servers = "tests/workers/consumer.test.ts";
const processes = "tests/workers/messaging/process.test.ts";

/** The runtime of workers, in the order of the documents. */
export const arrakis: readonly Requirement[] = [
  {
    document: "`BaseNatsConsumer<T>`: `start(js)`, `stop()`, `processMessage(payload, msg)`",
    files: ["workers/messaging/consumer/consumer.ts"],
    tests: provedBy(
      engine,
      "acknowledges success, and lets a failure come back after the durable's backoff",
      "when it stops, what waits is handed over at once, what runs is finished",
    ),
  },
  {
    id: "C000-8",
    document: "`ProcessResult`: success acks, retryable naks for 5 s, anything else is terminal and terms",
    here: "with `unavailable` for outages; a nak waits as its durable's backoff says, else 5 s and more",
    files: ["workers/messaging/result.ts", "workers/messaging/consumer/outcome.ts"],
    tests: [
      ...provedBy(outcome, "each result has one outcome: success, then unavailable, then retryable decide"),
      ...provedBy(
        servers,
        "poison messages run as often as they may fail, then lie in the dead letters; the others pass them",
      ),
    ],
  },
  {
    document: "metrics of processed messages, their duration and the lag, by consumer",
    id: "C001-3",
    files: ["workers/messaging/metrics.ts"],
    tests: provedBy(
      "tests/unit/workers/messaging/metrics.test.ts",
      "have the names and labels that dashboards and autoscalers read",
    ),
  },
  {
    id: "C001-6",
    document: "time limits of 60 s and 5 min, which equal ack_wait",
    here: "a message in hand is kept for as long as it takes: `working()` at a third of its wait",
    files: ["workers/messaging/consumer/engine.ts"],
    tests: provedBy(
      servers,
      "a handler that takes several times the ack wait runs once, also where messages wait for it",
    ),
  },
  {
    id: "C001-8",
    document: 'a start that "ensures" streams',
    here: "workers bind to what is deployed and wait for it",
    files: ["workers/messaging/run.ts", "workers/messaging/consumer/binding.ts"],
    tests: provedBy(processes, "waits for a durable that is deployed later"),
  },
  {
    id: "C001-4",
    document: "`/healthz` and `/health` with `NatsWorkerHealthStatus`, from NATS, consumers, Redis and memory",
    here: "they answer 200 for as long as the process is alive: an outage of NATS or Redis needs no restart",
    files: ["workers/messaging/health.ts"],
    tests: provedBy(health, "answers /health and /healthz with checks and totals"),
  },
  {
    document: "`/ready` and `/readyz`: `{ ready }`, where connected, consumers running, Redis reachable, memory left",
    files: ["workers/messaging/health.ts"],
    tests: [
      ...provedBy(health, "answers /ready and /readyz with nothing but whether it is ready"),
      ...provedBy(processes, "is not ready while its server is away, stays alive, and is ready again"),
    ],
  },
  {
    document: "`/metrics` for Prometheus, on port 8080",
    files: ["workers/messaging/health.ts"],
    tests: provedBy(health, "serves metrics for Prometheus"),
  },
  {
    id: "C001-9",
    document: "a stop in order: health server, consumers, connections",
    here: "not ready, consumers, dependencies and connection, the health server last: probes see what still works",
    files: ["workers/messaging/run.ts"],
    tests: provedBy(
      processes,
      "becomes ready last, and ends in order: not ready, work done, dependencies, the health server",
    ),
  },
];

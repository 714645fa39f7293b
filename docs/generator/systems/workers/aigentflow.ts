import { provedBy, type Requirement } from "./requirement";

const servers = "tests/workers/aigentflow.test.ts";
const states = "tests/workers/aigentflow/states.test.ts";
const unit = (name: string): string => `tests/unit/workers/aigentflow/${name}.test.ts`;

const everyKind = provedBy(servers, "publishes events of every kind, subscribes to them, and reads them again");

/** Module, services, schemas and proofs, in the order of the documents. */
export const aigentflow: readonly Requirement[] = [
  {
    id: "C004-13, C004-14",
    document: "`messagingConfigSchema`: `NATS_URL` (a list), `NATS_USER`, `NATS_PASSWORD`, `NATS_TOKEN`",
    here: "with `NATS_CREDS`, `NATS_CA` and `NATS_INBOX_PREFIX`; two ways to log in at once are refused",
    files: ["workers/aigentflow/messages.ts", "workers/messaging/connection/settings.ts"],
    tests: provedBy(unit("messages"), "the configuration is read from variables, with every mistake at once"),
  },
  {
    document: "reconnects without limit, logs the status of the connection, drains at the end",
    files: ["workers/messaging/connection/connect.ts", "workers/aigentflow/nest/nats-service.ts"],
    tests: provedBy(
      servers,
      "health is down, the process stays, and durables go on where they were once the servers are back",
    ),
  },
  {
    document: "`NatsModule`, global, exports `NatsService` and `NatsHealthIndicator`; connects at the start",
    here: "`forRoot` and `forRootAsync`; it exports the services for events, too",
    files: ["workers/aigentflow/nest/nats-module.ts"],
    tests: [
      ...everyKind,
      ...provedBy(
        unit("nest/nats-module"),
        "serves every module of an application, over a connection that is there already",
        "ends the start of an application that cannot connect in time, or has nothing to connect by",
      ),
    ],
  },
  {
    id: "C004-12",
    document: "`NatsService.publish(subject, data)`",
    here: "with the field `id` as message id, and sent again with it until the stream has acknowledged",
    files: ["workers/aigentflow/nest/nats-service.ts", "workers/messaging/publisher.ts"],
    tests: everyKind,
  },
  {
    id: "C004-3, C004-8",
    document: "`NatsService.subscribe(stream, subject, durableName, handler(data, ack, nak))`",
    here: "on pull durables, which several instances share; what is not acknowledged comes back",
    files: ["workers/aigentflow/nest/nats-service.ts"],
    tests: [
      ...provedBy(servers, "refuses a durable that filters another subject"),
      ...provedBy(
        unit("nest/nats-service"),
        "a handler's first call counts; neither call, or an error, is no acknowledgement",
      ),
    ],
  },
  {
    id: "C004-5",
    document: "errors of handlers are logged and acknowledged; JSON errors come back at once, without end",
    here: "neither: errors come back after the durable's backoff, JSON errors are terminal; dead letters keep both",
    files: ["workers/aigentflow/nest/event-subscriber-service.ts", "workers/messaging/consumer/outcome.ts"],
    tests: provedBy(
      servers,
      "acknowledges no failure of a handler; five failures, and what is no event, are dead letters",
    ),
  },
  {
    id: "C004-6",
    document: "`NatsService.request(subject, data, timeoutMs = 5000)`",
    here: "also by a question with schemas; on a stream's subject it is refused before it is stored",
    files: ["workers/aigentflow/nest/nats-service.ts", "workers/aigentflow/queries.ts"],
    tests: provedBy(
      servers,
      "keep the newest state of each thing, which their services answer",
      "asks no stream: a request on its subject is refused, and nothing is stored",
    ),
  },
  {
    id: "C004-7",
    document: "`isConnected()`, which is true while the server is dead",
    here: "false from the loss of the connection until the next one",
    files: ["workers/aigentflow/nest/nats-service.ts"],
    tests: provedBy(
      servers,
      "health is down, the process stays, and durables go on where they were once the servers are back",
    ),
  },
  {
    document: "`getJetStream()`",
    files: ["workers/aigentflow/nest/nats-service.ts"],
    tests: provedBy(
      unit("nest/nats-module"),
      "serves every module of an application, over a connection that is there already",
    ),
  },
  {
    document: "durables `api-agent-consumer`, `api-workflow-consumer`, `api-task-consumer`",
    here: "and `api-audit-consumer`: their workers keep the newest state of each agent, workflow, task and resource",
    files: ["workers/aigentflow/workers.ts", "workers/aigentflow/projection"],
    tests: [
      ...provedBy(
        servers,
        "keep the newest state of each thing, which their services answer",
        "take an event once, whenever it is published again, and never go back to an older one",
        "lose nothing under traffic while workers are killed and the database is down, and show it",
      ),
      ...provedBy(states, "are those of the newest event by the order of the stream, whatever the senders' clocks say"),
    ],
  },
  {
    document:
      "`baseMessageSchema`, `agentEventSchema`, `workflowEventSchema`, `taskEventSchema`, `auditEventSchema`, " +
      "and their types",
    files: ["workers/aigentflow/messages.ts"],
    tests: [
      ...provedBy(unit("messages"), "take what the documents show, and refuse every field that is missing or wrong"),
      ...provedBy(servers, "takes what the documents' applications send: doubled subjects, and their envelope"),
    ],
  },
  {
    document: "the context of the tenant in all messages",
    here: "`tenantId` in each, audit events first: without it none is published, and none is accepted",
    files: ["workers/aigentflow/messages.ts", "workers/aigentflow/nest/event-publisher-service.ts"],
    tests: provedBy(unit("messages"), "no message of any kind is without its tenant, audit events included"),
  },
  {
    id: "C004-4",
    document:
      "`EventPublisherService`: `createBaseMessage`, a method for each kind, on `agent.<type>.agent.<event>` ...",
    here: "on `agent.<type>.<event>`, with tokens checked",
    files: ["workers/aigentflow/nest/event-publisher-service.ts", "workers/aigentflow/kinds.ts"],
    tests: [
      ...everyKind,
      ...provedBy(
        unit("nest/event-publisher-service"),
        "publishes on the subject of its kind, with its id as message id",
        "refuses what would be several tokens, a wildcard or a space in the subject, and publishes nothing",
      ),
    ],
  },
  {
    document: "`EventSubscriberService`: `onAgentEvent`, `onWorkflowEvent`, `onTaskEvent`, with `*` for all types",
    here: "and `onAuditEvent`",
    files: ["workers/aigentflow/nest/event-subscriber-service.ts"],
    tests: [
      ...everyKind,
      ...provedBy(
        unit("nest/event-subscriber-service"),
        "subscribes to the durables of the kinds that have handlers, and calls those of the type and of all",
        "acknowledges when all handlers have succeeded, and not when one has not",
      ),
    ],
  },
  {
    document: "replay",
    here: "`EventReplayService`, by time or sequence, of one tenant or all, with one right: to read",
    files: ["workers/aigentflow/nest/event-replay-service.ts", "workers/messaging/history.ts"],
    tests: [
      ...everyKind,
      ...provedBy(servers, "reads again with one right, and makes no consumer; workers have not even that"),
    ],
  },
  {
    id: "C004-7",
    document: "`NatsHealthIndicator.isHealthy(key)`: `connected`, or an error with `disconnected`",
    here: "`up` or `down` as @nestjs/terminus 12 has it, by an answer of the server; subscriptions count, too",
    files: ["workers/aigentflow/nest/nats-health-indicator.ts"],
    tests: [
      ...provedBy(
        servers,
        "health is down, the process stays, and durables go on where they were once the servers are back",
      ),
      ...provedBy(
        unit("nest/nats-health-indicator"),
        "is down while the server does not answer, or a subscription stands still",
      ),
    ],
  },
  {
    document: "durables outlive restarts",
    files: ["workers/messaging/consumer/binding.ts"],
    tests: provedBy(
      servers,
      "health is down, the process stays, and durables go on where they were once the servers are back",
    ),
  },
];

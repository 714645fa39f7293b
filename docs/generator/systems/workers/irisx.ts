import { provedBy, type Requirement } from "./requirement";

const whole = "tests/workers/irisx.test.ts";
const adapters = "tests/workers/irisx/adapters.test.ts";
const states = "tests/workers/irisx/deliveries.test.ts";
const processes = "tests/workers/messaging/process.test.ts";
const unit = (name: string): string => `tests/unit/workers/irisx/${name}.test.ts`;
const library = (name: string): string => `tests/unit/workers/messaging/${name}.test.ts`;

const oneOfEach = "one of each arrives, and the API shows where it stands";
const stopped = "SIGTERM ends every worker with 0; logs have no secret, and no user lacked a permission";
const refused = "what the provider refuses is failed, reported, and a dead letter";
const again = "a webhook that fails is published again, numbered, for a later attempt";

/** Client, workers and publishers of the documents, then what they leave to be done; each in their order. */
export const irisx: readonly Requirement[] = [
  {
    id: "C003-9",
    document: "connects by itself, reconnects without limit, waits 2 s between attempts",
    here: "with jitter, by TLS and as a user of its own; readiness and a metric follow the connection",
    files: ["workers/messaging/connection/connect.ts", "workers/messaging/connection/settings.ts"],
    tests: [
      ...provedBy(library("connection/settings"), "reads every variable"),
      ...provedBy(processes, "is not ready while its server is away, stays alive, and is ready again"),
    ],
  },
  {
    document: "creates its streams when it starts",
    here: "the provider deploys streams and durables; workers bind to them, and wait for them",
    files: ["tenants/irisx.ts", "workers/messaging/consumer/binding.ts"],
    tests: provedBy(processes, "waits for a durable that is deployed later"),
  },
  {
    id: "C003-6",
    document: "subscribes to a durable with a handler, and acknowledges each message",
    here: "the handler has the message and returns a result; the runtime acknowledges by it",
    files: ["workers/messaging/consumer/consumer.ts", "workers/irisx/consumers/delivery-consumer.ts"],
    tests: [
      ...provedBy(
        library("consumer/consumer"),
        "acknowledges success, and lets a failure come back after the durable's backoff",
      ),
      ...provedBy(whole, oneOfEach),
    ],
  },
  {
    document: "stops in order",
    here: "on SIGTERM; what runs is finished, what waits is handed over",
    files: ["workers/irisx/main.ts", "workers/messaging/run.ts"],
    tests: [
      ...provedBy(
        library("consumer/consumer"),
        "when it stops, what waits is handed over at once, what runs is finished",
      ),
      ...provedBy(whole, stopped),
    ],
  },
  {
    id: "C003-5",
    document: "`sms-worker` on `SMS.sms.send`: delivers by Twilio",
    here: "on `sms.send`, by Twilio's REST API; by default it only logs what it would send",
    files: ["workers/irisx/consumers/sms.ts", "workers/irisx/adapters/twilio.ts", "workers/irisx/adapters/log.ts"],
    tests: [
      ...provedBy(whole, oneOfEach, "by default nothing is sent: each message is logged, and its status says so"),
      ...provedBy(adapters, "gets a form with the account's login, and its answer's sid is kept"),
      ...provedBy(unit("settings"), "choose the real provider by one variable"),
    ],
  },
  {
    id: "C003-3, C003-8",
    document: "a failure is a nak and comes back with exponential backoff, five attempts in all",
    here: "after the durable's backoff; the fifth failure is a dead letter; an outage is no attempt",
    files: ["tenants/irisx.ts", "workers/messaging/consumer/outcome.ts", "workers/messaging/consumer/breaker.ts"],
    tests: [
      ...provedBy(
        "tests/workers/consumer.test.ts",
        "poison messages run as often as they may fail, then lie in the dead letters; the others pass them",
      ),
      ...provedBy(
        whole,
        refused,
        "while the provider takes nothing, messages wait, with few calls, and none becomes a dead letter",
      ),
    ],
  },
  {
    document: "updates the state in the database",
    here: "in PostgreSQL by `DATABASE_URL`, else in PGlite; what was sent is claimed by no later message",
    files: ["workers/irisx/deliveries/deliver.ts", "workers/irisx/deliveries/postgres.ts"],
    tests: [
      ...provedBy(whole, oneOfEach, "what was sent is not sent again where it is published again"),
      ...provedBy(states, "is queued, claimed, sent, and then never claimed again"),
      ...provedBy(unit("deliveries/deliver"), "claims, sends, stores, reports: in this order"),
    ],
  },
  {
    document: "`email-worker` on `email.send` (to be made)",
    here: "by SMTP with TLS; its Message-ID is made of the delivery's id",
    files: ["workers/irisx/consumers/email.ts", "workers/irisx/adapters/smtp.ts"],
    tests: [
      ...provedBy(whole, oneOfEach),
      ...provedBy(adapters, "takes an e-mail by STARTTLS and login, with a Message-ID made of the delivery's id"),
    ],
  },
  {
    document: "a worker for webhooks, like that of SMS (to be made)",
    here: "`webhook-worker`, signed as Standard Webhooks; no private address is called unless the settings allow it",
    files: [
      "workers/irisx/consumers/webhook.ts",
      "workers/irisx/adapters/http-webhook.ts",
      "workers/irisx/adapters/public-address.ts",
      "workers/irisx/adapters/webhook-secret.ts",
    ],
    tests: [
      ...provedBy(whole, oneOfEach),
      ...provedBy(
        adapters,
        "are verified by the library of Standard Webhooks, with the tenant's secret and no other's",
        "reach no private address, and nothing without TLS, unless the settings say any",
      ),
    ],
  },
  {
    id: "C003-11",
    document: "`webhooks.retry`, without a consumer",
    here: "`webhook-worker` reads it; a failed webhook is published there for its next attempt, five in all",
    files: ["workers/irisx/deliveries/retry.ts", "workers/irisx/consumers/webhook.ts"],
    tests: [
      ...provedBy(whole, again),
      ...provedBy(unit("deliveries/retry"), "are five, with waits that are the durable's backoff"),
      ...provedBy(unit("consumers/webhook"), "gives it up after the fifth attempt"),
    ],
  },
  {
    document: "`sms.status`, `email.status`, without a consumer",
    here: "workers publish on them what was sent, logged or given up; the stream keeps it for its readers",
    files: ["workers/irisx/deliveries/reports.ts", "workers/irisx/deliveries/failures.ts"],
    tests: [
      ...provedBy(whole, oneOfEach, refused),
      ...provedBy(unit("deliveries/failures"), "is copied, then noted as failed, then reported"),
    ],
  },
  {
    document: "`publish('sms.send', { messageId, ... })`, and the like with `emailId` and `deliveryId`",
    here: "one `id` for all three, in an envelope with the tenant, as zod schemas that both sides check",
    files: ["workers/irisx/messages.ts", "workers/messaging/envelope.ts"],
    tests: [
      ...provedBy(unit("samples"), "are what the API takes, and reach no one"),
      ...provedBy(unit("api/server"), "takes an id of the client, so that a request can be repeated"),
    ],
  },
  {
    document: "the services publish, and answer `{ status: 'queued' }` at once",
    here: "a small HTTP API with a token, which answers once the stream has the message, whatever the database does",
    files: ["workers/irisx/api/server.ts", "workers/irisx/api/part.ts"],
    tests: [
      ...provedBy(
        whole,
        oneOfEach,
        "while the database does not answer, the API queues, and messages wait until it does",
      ),
      ...provedBy(
        unit("api/server"),
        "answers 503 with the id where it is not certain that the message is stored",
        "asks for its token where it has one",
      ),
    ],
  },
  {
    document: "several workers share the load",
    here: "they share the pull durables; a delivery is claimed by one of them at a time",
    files: ["workers/irisx/workers.ts", "workers/irisx/deliveries/postgres.ts"],
    tests: provedBy(states, "is claimed by one worker of many at a time"),
  },
  {
    id: "C003-7",
    document: "activation and integration: services and workers deployed and started (PM2)",
    here: "by `npm start -- --with-workers`, or as Deployments; each with a user that has only the rights it needs",
    files: ["workers/irisx/main.ts", "workers/irisx/workers.ts", "tenants/irisx.ts", "components/workers"],
    tests: [
      ...provedBy(whole, stopped),
      ...provedBy(
        "tests/workers/irisx/commands.test.ts",
        "main ends with 2 and every mistake of all its workers at once",
      ),
    ],
  },
  {
    document: "later: a queue for dead letters",
    here: "with replays to the durable that failed; a replay is sent and shown as sent",
    files: ["workers/messaging/dead-letters/writer.ts", "workers/irisx/deliveries/failures.ts"],
    tests: provedBy(whole, refused, "what a replay asks for is sent, and shown as sent"),
  },
  {
    document: "later: queues by priority",
    here: "lanes `sms.send.high`, `.normal` and `.low` share the slots of one worker; none starves",
    files: ["tenants/irisx.ts", "workers/messaging/consumer/lanes.ts"],
    tests: [
      ...provedBy(whole, "an SMS with a priority goes by the lane of it, and arrives"),
      ...provedBy(
        library("consumer/lanes"),
        "while all have messages, slots are divided by the shares, and each lane gets one again and again",
      ),
    ],
  },
  {
    document: "end-to-end test",
    here: "real servers, users, receivers and PostgreSQL; traffic for trials by `npm run traffic`",
    files: ["workers/irisx/samples.ts", "workers/irisx/traffic.ts"],
    tests: provedBy(
      whole,
      "with embedded state: one of each arrives, and SIGTERM ends every worker with 0",
      oneOfEach,
      "is published until Ctrl-C, and then summed up",
    ),
  },
];

import { provedBy, type Requirement } from "./requirement";

const engine = "tests/unit/workers/messaging/consumer/consumer.test.ts";
const outcome = "tests/unit/workers/messaging/consumer/outcome.test.ts";
const health = "tests/unit/workers/messaging/health.test.ts";
const servers = "tests/workers/consumer.test.ts";
const processes = "tests/workers/messaging/process.test.ts";

const command = "tests/unit/workers/arrakis/consumers/command.test.ts";
const bridges = "tests/unit/workers/arrakis/bridges.test.ts";
const events = "tests/unit/workers/arrakis/handlers/events.test.ts";
const checks = "tests/unit/workers/arrakis/eligibility/handlers.test.ts";
const discord = "tests/workers/arrakis/discord.test.ts";
const whole = "tests/workers/arrakis.test.ts";

const embedded = "one process with embedded state: an interaction, events and a batch; SIGTERM ends it with 0";
const stored = "events are in the profile store, and a member's tier and role follow from its wallet";
const answered = "a single check, a batch and a sync are answered; a sync answers what has changed";
const commands = "each of the eleven commands is deferred within 3 s and answered; so are buttons and selects";

/** The runtime of workers, then what arrakis does with it; each in the order of the documents. */
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
  {
    document: "`createNatsClient(logger)`, `connect()`, by `NATS_URL`; `RABBITMQ_URL` optional",
    here: "`NATS_URL` and logins by environment; RabbitMQ is left out",
    files: ["workers/messaging/connection/connect.ts", "workers/messaging/connection/settings.ts"],
    tests: [...provedBy(processes, "is not ready while its server is away, stays alive, and is ready again")],
  },
  {
    document: "a consumer class for each kind of work, to be scaled independently (AD-S5.4)",
    files: ["workers/arrakis/workers.ts", "tenants/arrakis.ts"],
    tests: provedBy(whole, "SIGTERM ends every worker with 0, and no user lacked a permission"),
  },
  {
    id: "C000-9",
    document: "CommandNatsConsumer: parses, defers at Discord within 3 s, routes to a handler, follows up on an error",
    here: "what could not be deferred within 3 s is dropped and counted: Discord takes no answer to it",
    files: ["workers/arrakis/consumers/command.ts"],
    tests: [
      ...provedBy(
        command,
        "defers first, within what is left of 3 s, then has the command handled",
        "drops and counts what is past 3 s without a deferral, and does not call Discord for it",
        "tries again twice, 5 s apart; then the member is told, and it is a dead letter",
      ),
      ...provedBy(whole, commands),
    ],
  },
  {
    document: "Discord REST within the 3 s; handlers manage their own deferral",
    here: "the consumer defers; a second deferral that Discord answers with 40060 counts as done",
    files: ["workers/arrakis/discord/rest.ts"],
    tests: [
      ...provedBy(
        discord,
        "defers an interaction, answers it and follows up; a second deferral finds it acknowledged",
        "waits for a short rate limit, and fails at once for a long one, with what it asks to wait",
      ),
      ...provedBy(command, "takes a second deferral that finds it acknowledged as success"),
    ],
  },
  {
    id: "C000-7",
    document: "`commands.test` with `{ test: true }` for a test",
    here: "it is no interaction: a dead letter, at once; so is an unknown command, whose member is told",
    files: ["workers/arrakis/consumers/command.ts"],
    tests: provedBy(
      whole,
      "an unknown command is a dead letter and its member is told; one past 3 s is dropped and counted",
    ),
  },
  {
    document: "handleGuildJoin creates a community, handleGuildLeave marks it inactive",
    files: ["workers/arrakis/handlers/events.ts", "workers/arrakis/profiles/postgres.ts"],
    tests: [...provedBy(events, "make, change and end communities and profiles"), ...provedBy(whole, stored)],
  },
  {
    document: "handleMemberJoin creates a profile and checks eligibility, handleMemberLeave updates activity",
    files: ["workers/arrakis/handlers/events.ts"],
    tests: [
      ...provedBy(
        events,
        "a member that joins with a wallet is checked; delivered again, the event asks for the same check",
      ),
      ...provedBy(whole, stored),
    ],
  },
  {
    document: "handleMemberUpdate syncs tier and roles",
    here: "roles follow from the tier; a check sets them, which outlasts an outage of Discord, as an event would not",
    files: ["workers/arrakis/handlers/events.ts", "workers/arrakis/profiles/roles.ts"],
    tests: [
      ...provedBy(events, "an update whose roles are not those of the tier is checked, and no other"),
      ...provedBy(whole, stored),
    ],
  },
  {
    document: "CommandNatsConsumer is made with its config, Discord, a registry of handlers and a logger",
    files: ["workers/arrakis/consumers/command.ts", "workers/arrakis/handlers/registry.ts"],
    tests: provedBy(
      command,
      "asks native handlers first, with the payload as it is, then injected legacy ones, then global ones",
    ),
  },
  {
    id: "C001-10",
    document: "a registry that is injected (AD-S6.4); the global one as fallback",
    here: "both: what is injected is asked first",
    files: ["workers/arrakis/handlers/registry.ts"],
    tests: provedBy(
      command,
      "asks native handlers first, with the payload as it is, then injected legacy ones, then global ones",
    ),
  },
  {
    document: "`ConsumeResult` ack, nack, nack-requeue becomes a `ProcessResult`: ack, term, nak of 5 s",
    files: ["workers/arrakis/bridges.ts"],
    tests: provedBy(bridges, "ConsumeResult: ack acknowledges, nack terminates, nack-requeue comes back after 5 s"),
  },
  {
    document: "EventNatsConsumer: native handlers first, then legacy ones with `toDiscordEventPayload()` (AD-S6.2)",
    files: ["workers/arrakis/consumers/event.ts"],
    tests: provedBy(events, "go to native handlers first, then to legacy ones; others are acknowledged"),
  },
  {
    document: "payload bridge `toDiscordEventPayload()` maps all fields (AD-S6.1)",
    here: "messages that are in the legacy form already are taken too, and reach legacy handlers unchanged",
    files: ["workers/arrakis/bridges.ts"],
    tests: [
      ...provedBy(
        bridges,
        "maps all fields for legacy handlers",
        "legacy messages reach legacy handlers unchanged, and others as the gateway would have them",
      ),
      ...provedBy(whole, "a message of before NATS, in camel case, is handled alike"),
    ],
  },
  {
    document: "schemas InteractionPayload, DiscordEventPayload, GatewayEventPayload",
    files: ["workers/arrakis/messages.ts"],
    tests: provedBy(
      bridges,
      "snake case goes through unchanged, also in fields that are not known",
      "report every mistake of a message in either form, and no values",
    ),
  },
  {
    document:
      "schemas EligibilityCheckPayload (`wallet_address`, type), EligibilityResult (`tier`, `balance`, `rules`)",
    here: "a check is answered on `internal.eligibility.<check_type>`; the documents say not where",
    files: ["workers/arrakis/messages.ts"],
    tests: provedBy(checks, "set tier and roles, tell who wants to be told, and are answered with the check's id"),
  },
  {
    document: "NatsConsumerStats: `processed`, `errored`, `running`",
    files: ["workers/messaging/health.ts"],
    tests: provedBy(health, "answers /health and /healthz with checks and totals"),
  },
  {
    document: "EligibilityHandler: `(payload, logger) => EligibilityResult | EligibilityResult[]`",
    files: ["workers/arrakis/eligibility/handlers.ts"],
    tests: provedBy(checks, "answer a batch in its order"),
  },
  {
    id: "C000-3",
    document: "checks `single`, `batch` (60 s, 200 pending) and `community_sync` (5 min, 10 pending)",
    here: "no limit of time: every call has its own, and a sync that was interrupted goes on where it was",
    files: ["workers/arrakis/consumers/eligibility.ts", "workers/arrakis/eligibility/handlers.ts"],
    tests: [...provedBy(checks, "a sync that was interrupted goes on where it was"), ...provedBy(whole, answered)],
  },
  {
    document: "eligibility handlers are placeholders; balances from an RPC pool (S-2)",
    here: "rules and balances are ports: tiers by balance, from Ethereum nodes or the profile store",
    files: ["workers/arrakis/eligibility/rules.ts", "workers/arrakis/eligibility/rpc.ts"],
    tests: provedBy(
      "tests/workers/arrakis/rpc.test.ts",
      "are the chain's own coin, or a token's",
      "come from the next node where one does not answer, and are unavailable where none does",
    ),
  },
  {
    id: "C001-1",
    document: "the commands, each by its factory; 12 are counted, 11 listed",
    here:
      "eleven: stats, position, threshold, leaderboard, naib, profile, badges, directory, alerts, admin-stats, " +
      "admin-badge",
    files: ["workers/arrakis/handlers/commands", "workers/arrakis/handlers/registration.ts"],
    tests: provedBy(whole, commands),
  },
  {
    document:
      "registerAllCommandHandlers, registerAutocompleteHandlers, registerButtonHandlers, registerSelectHandlers",
    files: ["workers/arrakis/handlers/registration.ts"],
    tests: [...provedBy(whole, commands), ...provedBy(discord, "completes what a member types")],
  },
  {
    document: "role updates by Discord's REST API",
    files: ["workers/arrakis/discord/rest.ts", "workers/arrakis/eligibility/handlers.ts"],
    tests: provedBy(discord, "gives and takes roles, and writes to a member, as the bot"),
  },
  {
    document: "State Manager in Redis; profile updates in PostgreSQL",
    here: "by `REDIS_URL` and `DATABASE_URL`; without them in memory and PGlite, of one process",
    files: ["workers/arrakis/state", "workers/arrakis/profiles", "workers/redis", "workers/database"],
    tests: [
      ...provedBy(whole, "while Redis is away, commands are answered, and readiness says so"),
      ...provedBy(
        whole,
        "while PostgreSQL is away, events wait and members are told to try again; none is a dead letter",
      ),
    ],
  },
  {
    id: "C001-2",
    document: "`npm run nats` starts main-nats.ts, beside index.ts (AD-S6.3), with three consumers",
    here: "four, in one process; `main.ts <worker>...` starts others",
    files: ["workers/arrakis/package.json", "workers/arrakis/main.ts"],
    tests: provedBy(whole, embedded),
  },
  {
    document: "start: settings, Discord and state, NATS, handlers, consumers, health server",
    here: "the health server first, so that probes see a process that waits",
    files: ["workers/arrakis/main.ts", "workers/messaging/run.ts"],
    tests: provedBy(whole, embedded),
  },
  {
    id: "C001-11",
    document: "10 stuck syncs stop the consumer for 5 minutes",
    here: "an outage holds two: the breaker keeps what is in hand, and asks for no more",
    files: ["workers/arrakis/consumers/eligibility.ts", "workers/messaging/consumer/breaker.ts"],
    tests: provedBy(whole, "while Discord is away, roles and open deferrals wait, readiness says so; then it goes on"),
  },
  {
    document: "drain on a stop; what a worker that died had in hand is delivered again",
    files: ["workers/messaging/consumer/engine.ts"],
    tests: provedBy(
      whole,
      "killed with commands in hand, the next worker answers those that were deferred",
      "killed with events, checks and a sync in hand, none is lost",
    ),
  },
];

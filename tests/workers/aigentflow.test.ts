import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { jetstream } from "@nats-io/jetstream";
import { type NatsConnection, PermissionViolationError } from "@nats-io/transport-node";
import { Controller, Get, type INestApplicationContext, Inject } from "@nestjs/common";
import { FastifyAdapter, type NestFastifyApplication } from "@nestjs/platform-fastify";
import { HealthCheckService, TerminusModule } from "@nestjs/terminus";
import { Test } from "@nestjs/testing";
import pg from "pg";
import { pino } from "pino";
import type { TenantSpec } from "../../config/schema/tenant";
import { aigentflow } from "../../tenants/aigentflow";
import {
  type AgentEvent,
  EventPublisherService,
  EventReplayService,
  EventSubscriberService,
  messagingConfigSchema,
  NatsHealthIndicator,
  NatsModule,
  NatsService,
  stateOf,
} from "../../workers/aigentflow";
import { kindNames, kinds } from "../../workers/aigentflow/kinds";
import { sample } from "../../workers/aigentflow/samples";
import { createPublisher, readHistory } from "../../workers/messaging";
import { publishSamples } from "../../workers/traffic";
import { requestMs, serversMs } from "../support/limits";
import { patiently } from "../support/messages";
import { type PostgresServer, startPostgres } from "../support/postgres";
import { SystemLab, type SystemWorker, until } from "../support/system-lab";

const tenantId = "aaaaaaaa-0000-4000-8000-000000000000";
const otherTenant = "bbbbbbbb-0000-4000-8000-000000000000";

/** The tenant, with failures that are tried again after a second: in production five take 8.5 minutes. */
const tenant: TenantSpec = {
  ...aigentflow,
  consumers: Object.fromEntries(
    Object.entries(aigentflow.consumers).map(([name, consumer]) => [name, { ...consumer, backoff: ["1s"] }]),
  ),
};

/** Streams by durable. */
const durables = Object.fromEntries(Object.values(kinds).map(({ durable, stream }) => [durable, stream]));

describe("aigentflow: NestJS applications and workers on real servers", function () {
  this.timeout(serversMs);
  let lab: SystemLab;
  const applications: INestApplicationContext[] = [];

  before(async () => {
    lab = await SystemLab.start(tenant);
  });
  after(async () => {
    await Promise.all(applications.map((application) => application.close()));
    await lab?.stop();
  });

  /** A NestJS application that connects as the user `api`, with handlers that `register` gives it. */
  async function start(
    register: (events: EventSubscriberService) => void = () => undefined,
    user = "api",
  ): Promise<INestApplicationContext> {
    const environment = Symbol("environment");
    const module = await Test.createTestingModule({
      imports: [
        NatsModule.forRootAsync({
          imports: [
            {
              module: class Settings {},
              providers: [{ provide: environment, useValue: lab.variables(user) }],
              exports: [environment],
            },
          ],
          inject: [environment],
          useFactory: (variables: Record<string, string>) => ({
            config: messagingConfigSchema.parse(variables),
            log: pino({ level: "silent" }),
            grace: 5_000,
          }),
        }),
      ],
      providers: [{ provide: "handlers", inject: [EventSubscriberService], useFactory: register }],
    }).compile();
    const application = await module.init();
    applications.push(application);
    return application;
  }

  const agentEvent = (type: AgentEvent["type"], more: Partial<AgentEvent> = {}) => ({
    ...{ tenantId, type, agentId: randomUUID(), agentType: "coder", payload: { step: 1 } },
    ...more,
  });

  /** Stores a message as it is, as the administrator of nothing: the user that publishes. */
  async function store(subject: string, body: string, id: string = randomUUID()): Promise<number> {
    const nc = await lab.connect("api");
    const { seq } = await jetstream(nc).publish(subject, body, { msgID: id, ...patiently });
    await nc.close();
    return seq;
  }

  describe("an application with NatsModule", () => {
    it("publishes events of every kind, subscribes to them, and reads them again", async () => {
      const received: string[] = [];
      const application = await start((events) => {
        events.onAgentEvent("agent.started", ({ type, agentId }) => void received.push(`${type} ${agentId}`));
        events.onAgentEvent("*", ({ type }) => void received.push(`* ${type}`));
        events.onWorkflowEvent("workflow.step.started", ({ type, stepId }) => void received.push(`${type} ${stepId}`));
        events.onTaskEvent("*", ({ type, tenantId }) => void received.push(`* ${type} ${tenantId}`));
        events.onAuditEvent("audit.access", ({ action, tenantId }) => void received.push(`${action} ${tenantId}`));
      });
      const began = new Date();
      const publisher = application.get(EventPublisherService);
      const started = await publisher.publishAgentEvent(agentEvent("agent.started"));
      await publisher.publishAgentEvent(agentEvent("agent.completed", { tenantId: otherTenant }));
      const workflowId = randomUUID();
      const step = { tenantId, type: "workflow.step.started", workflowId, stepId: "plan", payload: {} } as const;
      await publisher.publishWorkflowEvent(step);
      const task = { tenantId, type: "task.created", taskId: randomUUID(), taskType: "review", payload: {} } as const;
      await publisher.publishTaskEvent({ ...task, correlationId: started.id });
      const audit = { tenantId, type: "audit.access", action: "read", resourceType: "task", metadata: {} } as const;
      await publisher.publishAuditEvent({ ...audit, resourceId: task.taskId });

      await until("all handlers have run", () => received.length >= 6);
      await lab.untilDone(durables);
      assert.deepEqual(received.sort(), [
        "* agent.completed",
        "* agent.started",
        `* task.created ${tenantId}`,
        `agent.started ${started.agentId}`,
        `read ${tenantId}`,
        "workflow.step.started plan",
      ]);
      const stored = await lab.stored("AGENT_EVENTS");
      assert.deepEqual(
        stored.map(({ subject }) => subject),
        ["agent.coder.started", "agent.coder.completed", "workflow.step.started"],
      );
      assert.deepEqual([started.source, stored[0]!.headers.get("Nats-Msg-Id")], ["aigentflow-api", started.id]);

      const replay = application.get(EventReplayService);
      const read = async (...args: Parameters<typeof replay.replay>) => {
        const found = [];
        for await (const { event, sequence } of replay.replay(...args)) found.push(`${sequence} ${event.type}`);
        return found;
      };
      assert.deepEqual(await read("agent", { from: { sequence: 1 } }), ["1 agent.started", "2 agent.completed"]);
      assert.deepEqual(await read("agent", { from: { sequence: 2 } }), ["2 agent.completed"]);
      assert.deepEqual(await read("agent", { from: { sequence: 1 }, tenantId: otherTenant }), ["2 agent.completed"]);
      for (const [kind, event] of [
        ["workflow", "3 workflow.step.started"],
        ["task", "1 task.created"],
        ["audit", "1 audit.access"],
      ] as const) {
        assert.deepEqual(await read(kind, { from: { time: began } }), [event]);
        assert.deepEqual(await read(kind, { from: { time: new Date(Date.now() + 60_000) } }), []);
      }
      // What was read again was delivered to no one.
      assert.equal(received.length, 6);
      await application.close();
    });

    it("takes what the documents' applications send: doubled subjects, and their envelope", async () => {
      const received: AgentEvent[] = [];
      const application = await start((events) =>
        events.onAgentEvent("agent.failed", (event) => void received.push(event)),
      );
      const event = {
        id: "11111111-1111-1111-1111-111111111111",
        timestamp: "2026-01-02T03:04:05.678Z",
        source: "aigentflow-api",
        tenantId: "22222222-2222-2222-2222-222222222222",
        type: "agent.failed",
        agentId: "33333333-3333-3333-3333-333333333333",
        agentType: "coder",
        payload: { error: "out of memory" },
      };
      await store("agent.coder.agent.failed", JSON.stringify(event), event.id);
      await until("it is handled", () => received.length > 0);
      assert.deepEqual(received, [event]);
      await application.close();
    });

    it("acknowledges no failure of a handler; five failures, and what is no event, are dead letters", async () => {
      const before = (await lab.stored("DEAD_LETTERS")).length;
      let failures = 0;
      const application = await start((events) =>
        events.onTaskEvent("*", ({ taskType }) => {
          if (taskType !== "broken") return;
          failures++;
          throw new Error("the database of this handler has no such column");
        }),
      );
      const publisher = application.get(EventPublisherService);
      const task = { tenantId, type: "task.failed", taskId: randomUUID(), payload: {} } as const;
      await publisher.publishTaskEvent({ ...task, taskType: "broken" });
      await store("task.review.created", "{ not JSON");
      await store("task.review.created", JSON.stringify({ type: "task.created" }));
      await publisher.publishTaskEvent({ ...task, taskType: "fine" });
      const letters = await until("three dead letters", async () => {
        const found = (await lab.stored("DEAD_LETTERS")).slice(before);
        return found.length >= 3 && found;
      });
      await lab.untilDone(durables);
      // On a busy machine the server may deliver again before a failure is reported.
      assert.ok(failures >= 2 && failures <= 5, `${failures} failures`);
      const reasons = letters.map(
        ({ headers }) => `${headers.get("Dead-Letter-Reason")} ${headers.get("Dead-Letter-Error")}`,
      );
      for (const expected of [
        /^attempts Error: the database of this handler has no such column$/,
        /^invalid SyntaxError: /,
        /^invalid MessageError: wrong message: id: Invalid input: /,
      ])
        assert.equal(reasons.filter((reason) => expected.test(reason)).length, 1, `${expected}: ${reasons.join("\n")}`);
      await application.close();
    });

    it("reads again with one right, and makes no consumer; workers have not even that", async () => {
      const nc = await lab.connect("api");
      const found = [];
      for await (const { sequence } of readHistory(nc, { stream: "AUDIT_EVENTS", from: { sequence: 1 }, batch: 1 }))
        found.push(sequence);
      assert.deepEqual(found, [1]);
      const config = { ack_policy: "none", deliver_policy: "all" };
      const refused = async (connection: NatsConnection, subject: string, body: object) =>
        assert.rejects(
          connection.request(subject, JSON.stringify(body), { timeout: requestMs }),
          ({ cause }: Error) => {
            assert.ok(cause instanceof PermissionViolationError, subject);
            return true;
          },
        );
      const requests = ["CONSUMER.CREATE.AUDIT_EVENTS.mine", "CONSUMER.DURABLE.CREATE.AUDIT_EVENTS.mine"];
      for (const request of [...requests, "STREAM.INFO.AUDIT_EVENTS", "STREAM.MSG.GET.AUDIT_EVENTS"])
        await refused(nc, `$JS.API.${request}`, { stream_name: "AUDIT_EVENTS", config, seq: 1 });
      await refused(nc, "$JS.API.DIRECT.GET.DEAD_LETTERS", { seq: 1 });
      await nc.close();
      const worker = await lab.connect("api-audit-consumer");
      await refused(worker, "$JS.API.DIRECT.GET.AUDIT_EVENTS", { seq: 1 });
      await refused(worker, "audit.access", {});
      await worker.close();
    });

    it("asks no stream: a request on its subject is refused, and nothing is stored", async () => {
      const application = await start();
      const stored = (await lab.stored("AGENT_EVENTS")).length;
      await assert.rejects(application.get(NatsService).request("agent.coder.started", {}), /is a subject of a stream/);
      assert.equal((await lab.stored("AGENT_EVENTS")).length, stored);
      await assert.rejects(
        application.get(NatsService).request(stateOf.agent, { tenantId, id: "x" }),
        ({ reason }: { reason?: string }) => reason === "no-responders",
      );
      await application.close();
    });

    it("refuses a durable that filters another subject", async () => {
      const application = await start();
      const nats = application.get(NatsService);
      const subscribe = (subject: string, durable: string) =>
        nats.subscribe("AGENT_EVENTS", subject, durable, (_data, ack) => ack());
      await assert.rejects(
        subscribe("agent.coder.>", "api-agent-consumer"),
        /filters "agent.>", and the worker expects/,
      );
      await application.close();
    });
  });

  describe("the workers, with their states in PostgreSQL", () => {
    let postgres: PostgresServer;
    let database: pg.Pool;
    let application: INestApplicationContext;
    let publisher: EventPublisherService;
    const workers = new Map<string, SystemWorker>();

    const startWorker = (durable: string): SystemWorker => {
      const worker = lab.worker(durable, { DATABASE_URL: postgres.url });
      workers.set(durable, worker);
      return worker;
    };

    before(async () => {
      postgres = await startPostgres();
      database = new pg.Pool({ connectionString: postgres.url });
      database.on("error", () => undefined);
      await Promise.all(Object.keys(durables).map((durable) => startWorker(durable).ready()));
      application = await start();
      publisher = application.get(EventPublisherService);
      // A ready worker listens, and the application's server may not know of it yet.
      for (const kind of Object.keys(stateOf) as (keyof typeof stateOf)[])
        await until(`${kind} is answered`, () =>
          ask(kind, randomUUID()).then(
            () => true,
            ({ reason = "" }: { reason?: string }) => !["no-responders", "timeout"].includes(reason),
          ),
        );
    });
    after(async () => {
      await Promise.all([...workers.values()].map((worker) => worker.stop()));
      await database?.end();
      await postgres?.stop();
    });

    const ask = (kind: keyof typeof stateOf, id: string, tenant = tenantId) =>
      application.get(NatsService).request(stateOf[kind], { tenantId: tenant, id });

    it("keep the newest state of each thing, which their services answer", async () => {
      const { agentId } = await publisher.publishAgentEvent(agentEvent("agent.started"));
      const done = await publisher.publishAgentEvent(agentEvent("agent.completed", { agentId, payload: { lines: 7 } }));
      const audit = {
        tenantId,
        type: "audit.mutation",
        action: "delete",
        resourceType: "agent",
        metadata: {},
      } as const;
      await publisher.publishAuditEvent({ ...audit, resourceId: agentId });
      await lab.untilDone(durables);
      const { state } = await ask("agent", agentId);
      const { sequence, ...rest } = state!;
      assert.deepEqual(rest, {
        ...{ kind: "agent", tenantId, id: agentId, type: "agent.completed", eventId: done.id },
        details: { agentId, agentType: "coder", payload: { lines: 7 } },
        timestamp: done.timestamp,
      });
      assert.ok(sequence > 1);
      assert.equal((await ask("audit", `agent/${agentId}`)).state?.details.action, "delete");
      // Whose it is is part of the key.
      assert.deepEqual(await ask("agent", agentId, otherTenant), {});
      assert.deepEqual(await ask("task", randomUUID()), {});
      await assert.rejects(ask("agent", ""), /wrong message: id/);
    });

    it("take an event once, whenever it is published again, and never go back to an older one", async () => {
      const first = await publisher.publishAgentEvent(agentEvent("agent.started"));
      const { agentId } = first;
      await publisher.publishAgentEvent(agentEvent("agent.failed", { agentId }));
      // Past the duplicate window: to the stream it is another message.
      await store("agent.coder.started", JSON.stringify(first));
      await lab.untilDone(durables);
      assert.equal((await ask("agent", agentId)).state?.type, "agent.failed");
    });

    it("make a dead letter of what no database can store; processed again, it changes nothing newer", async () => {
      const before = (await lab.stored("DEAD_LETTERS")).length;
      const broken = await publisher.publishAgentEvent(agentEvent("agent.started", { payload: { text: "\u0000" } }));
      const [letter] = await until("a dead letter", async () => {
        const found = (await lab.stored("DEAD_LETTERS")).slice(before);
        return found.length > 0 && found;
      });
      assert.equal(letter!.headers.get("Dead-Letter-Reason"), "terminal");
      assert.match(letter!.headers.get("Dead-Letter-Error"), /unicode|\\u0000/i);
      const { agentId } = broken;
      await publisher.publishAgentEvent(agentEvent("agent.completed", { agentId }));
      await lab.untilDone(durables);
      const cli = await lab.connect("dead-letters-cli");
      const corrected = { ...broken, payload: {} };
      await jetstream(cli).publish("replay.AGENT_EVENTS.api-agent-consumer", JSON.stringify(corrected));
      await lab.untilDone({ "AGENT_EVENTS-api-agent-consumer": "REPLAYS" });
      assert.equal((await ask("agent", agentId)).state?.type, "agent.completed");
      const later = { ...corrected, id: randomUUID(), type: "agent.blocked", timestamp: new Date().toISOString() };
      await jetstream(cli).publish("replay.AGENT_EVENTS.api-agent-consumer", JSON.stringify(later));
      await cli.close();
      await lab.untilDone({ "AGENT_EVENTS-api-agent-consumer": "REPLAYS" });
      assert.equal((await ask("agent", agentId)).state?.type, "agent.blocked");
    });

    it("lose nothing under traffic while workers are killed and the database is down, and show it", async () => {
      const letters = (await lab.stored("DEAD_LETTERS")).length;
      const from = new Date();
      const nc = await lab.connect("api", { reconnect: true });
      const stop = new AbortController();
      const counts = { published: { agent: 0, workflow: 0, task: 0, audit: 0 }, acknowledged: 0, failed: 0 };
      const limits = { rate: 50, count: Infinity, signal: stop.signal };
      const traffic = publishSamples(createPublisher(jetstream(nc)), sample, limits, counts, assert.ifError);
      try {
        await until("traffic", () => counts.acknowledged > 50);
        const agents = workers.get("api-agent-consumer")!;
        await agents.kill("SIGKILL");
        await postgres.pause();
        const tasks = workers.get("api-task-consumer")!;
        await until("a worker whose database is down is alive, and not ready", async () => {
          const [alive, ready] = [await tasks.ask("/healthz"), await tasks.ask("/readyz")];
          return alive?.code === 200 && /"status":"unhealthy"/.test(alive.body) && ready?.code === 503;
        });
        await until("its breaker is open", async () =>
          /nats_consumer_breaker_open\{consumer="api-task-consumer"\} 1/.test((await tasks.ask("/metrics"))!.body),
        );
        // One that starts meanwhile waits for the database.
        const again = startWorker("api-agent-consumer");
        await until("it is alive, and not ready", async () => (await again.ask("/readyz"))?.code === 503);
        await workers.get("api-workflow-consumer")!.kill("SIGKILL");
        const published = counts.acknowledged;
        await until("more traffic", () => counts.acknowledged > published + 100);
        await postgres.start();
        await startWorker("api-workflow-consumer").ready();
        await again.ready();
        await tasks.ready();
      } finally {
        stop.abort();
        await traffic;
        await nc.close();
      }
      assert.equal(counts.failed, 0);
      await lab.untilDone(durables);

      // The events of the streams, and what has to be known of them.
      const replay = application.get(EventReplayService);
      const ids = new Set<string>();
      let states = 0;
      for (const kind of kindNames) {
        const newest = new Map<string, { id: string; sequence: number }>();
        for await (const { event, sequence } of replay.replay(kind, { from: { time: from } })) {
          ids.add(event.id);
          const thing = event as unknown as Record<string, string>;
          const key = kind === "audit" ? `${thing.resourceType}/${thing.resourceId}` : thing[`${kind}Id`]!;
          newest.set(`${event.tenantId} ${key}`, { id: event.id, sequence });
        }
        const { rows } = await database.query<{ tenant_id: string; id: string; event_id: string; sequence: string }>(
          "select tenant_id, id, event_id, sequence from aigentflow.states where kind = $1",
          [kind],
        );
        const known = new Map(rows.map((row) => [`${row.tenant_id} ${row.id}`, row]));
        for (const [key, { id, sequence }] of newest) {
          const row = known.get(key);
          assert.deepEqual([row?.event_id, Number(row?.sequence)], [id, sequence], `${kind} ${key}`);
          states++;
        }
      }
      assert.equal(ids.size, counts.acknowledged);
      assert.ok(states > 50, `${states} states`);
      const { rows } = await database.query<{ event_id: string }>("select event_id from aigentflow.events");
      const seen = new Set(rows.map((row) => row.event_id));
      assert.deepEqual(
        [...ids].filter((id) => !seen.has(id)),
        [],
      );
      assert.equal((await lab.stored("DEAD_LETTERS")).length, letters);
    });

    it("count what they have answered", async () => {
      await ask("agent", randomUUID());
      const metrics = (await workers.get("api-agent-consumer")!.ask("/metrics"))!.body;
      assert.match(
        metrics,
        /nats_service_request_duration_seconds_count\{service="agent-state",endpoint="agent",status="success"\} [1-9]/,
      );
    });

    it("are stopped by SIGTERM with 0; logs have no password, and no user lacked a permission", async () => {
      const codes = await Promise.all([...workers.values()].map((worker) => worker.stop()));
      assert.deepEqual(codes, [0, 0, 0, 0]);
      const text = [...workers.values()].flatMap(({ lines }) => lines).join("\n");
      assert.ok(text.length > 0);
      assert.ok(!text.includes(new URL(postgres.url).password));
      assert.doesNotMatch(text, /permission/i);
    });
  });

  describe("while the servers are down", () => {
    /** A health endpoint as an HTTP application with @nestjs/terminus has it, of the services of `application`. */
    async function healthOverHttp(application: INestApplicationContext) {
      class Health {
        constructor(
          private readonly checks: HealthCheckService,
          private readonly nats: NatsHealthIndicator,
        ) {}
        check() {
          return this.checks.check([() => this.nats.isHealthy("nats")]);
        }
      }
      Controller("health")(Health);
      Get()(Health.prototype, "check", Object.getOwnPropertyDescriptor(Health.prototype, "check")!);
      Inject(HealthCheckService)(Health, undefined, 0);
      Inject(NatsHealthIndicator)(Health, undefined, 1);
      const indicator = application.get(NatsHealthIndicator);
      const module = await Test.createTestingModule({
        imports: [TerminusModule.forRoot({ logger: false })],
        controllers: [Health],
        providers: [{ provide: NatsHealthIndicator, useValue: indicator }],
      }).compile();
      const http = module.createNestApplication<NestFastifyApplication>(new FastifyAdapter(), { logger: false });
      await http.listen(0, "127.0.0.1");
      const url = `${await http.getUrl()}/health`;
      /** Code, status and connection. */
      const probe = async (): Promise<[number, unknown, unknown]> => {
        const answer = await fetch(url);
        const { details } = (await answer.json()) as { details: { nats: { status: string; connection: string } } };
        return [answer.status, details.nats.status, details.nats.connection];
      };
      return { probe, close: () => http.close() };
    }

    it("health is down, the process stays, and durables go on where they were once the servers are back", async () => {
      const received: string[] = [];
      const application = await start((events) => events.onAgentEvent("*", ({ id }) => void received.push(id)));
      const { probe, close } = await healthOverHttp(application);
      const publisher = application.get(EventPublisherService);
      const nats = application.get(NatsService);
      const first = await publisher.publishAgentEvent(agentEvent("agent.started"));
      await until("it is handled", () => received.includes(first.id));
      const up = await until("it is up", async () => {
        const found = await probe();
        return found[0] === 200 && found;
      });
      assert.deepEqual([nats.isConnected(), up], [true, [200, "up", "connected"]]);

      const servers = Object.keys(lab.cluster.inputs());
      await Promise.all(servers.map((server) => lab.cluster.kill(server)));
      await until("the loss is seen", () => !nats.isConnected());
      assert.deepEqual(await probe(), [503, "down", "disconnected"]);

      await lab.cluster.ensure();
      await lab.cluster.ready();
      await until("it is connected again", async () => (await probe())[0] === 200);
      const second = await publisher.publishAgentEvent(agentEvent("agent.completed"));
      await until("it is handled", () => received.includes(second.id));
      await lab.untilDone(durables);
      // What was acknowledged before the kill is not delivered again, but for the one whose acknowledgement was lost.
      assert.ok(received.filter((id) => id === first.id).length <= 2);
      await close();
    });
  });
});

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { jetstream, jetstreamManager } from "@nats-io/jetstream";
import type { NatsConnection } from "@nats-io/transport-node";
import { createClient } from "redis";
import type { TenantSpec } from "../../config/schema/tenant";
import { covenant } from "../../tenants/covenant";
import { cacheKeys, invalidationChannel } from "../../workers/covenant/adapters/cache";
import { checkTrail, compareWithStreams, positionsOf } from "../../workers/covenant/audit/verify-trail";
import { entityStreams, entitySubject, incidentStream } from "../../workers/covenant/messages";
import { schema } from "../../workers/covenant/schema";
import { type Database, openDatabase } from "../../workers/database/database";
import { startFirebase } from "../support/firebase";
import { serversMs } from "../support/limits";
import { patiently } from "../support/messages";
import { type PostgresServer, startPostgres } from "../support/postgres";
import { projectFolder } from "../support/project-copy";
import { type RedisServer, startRedis } from "../support/redis";
import { SystemLab, SystemWorker, until } from "../support/system-lab";

/** An hour is 12 s: more redeliveries than a message has attempts, if nothing kept it from being delivered again. */
const hourMs = 12_000;
const scaled = (): TenantSpec => ({
  ...covenant,
  consumers: Object.fromEntries(
    Object.entries(covenant.consumers).map(([name, { backoff, ackWait: _, ...consumer }]) => [
      name,
      { ...consumer, ...(backoff ? { backoff: backoff.map(() => "500ms" as const) } : { ackWait: "500ms" as const }) },
    ]),
  ),
});

const users = {
  ANALYTICS: "analytics",
  CACHE_INVALIDATOR: "cache-invalidator",
  NOTIFICATIONS: "notifications",
  AUDIT_LOGGER: "audit-logger",
} as const;
type Name = keyof typeof users;
const names = Object.keys(users) as Name[];

const streams = [...Object.values(entityStreams), incidentStream];
const decoded = (body: string) => JSON.parse(body) as { code?: string; id?: string };

describe("covenant from its streams to PostgreSQL, Redis, the audit trail and a push service", function () {
  this.timeout(serversMs);
  let lab: SystemLab;
  let postgres: PostgresServer;
  let redis: RedisServer;
  let firebase: Awaited<ReturnType<typeof startFirebase>>;
  let database: Database;
  let api: NatsConnection;
  const workers = {} as Record<Name, SystemWorker>;
  const ended: SystemWorker[] = [];

  const settings = (): Record<Name, Record<string, string>> => ({
    ANALYTICS: { DATABASE_URL: postgres.url },
    CACHE_INVALIDATOR: { REDIS_URL: redis.url },
    NOTIFICATIONS: {
      PUSH_PROVIDER: "fcm",
      FCM_URL: firebase.url,
      FCM_CREDENTIALS: firebase.credentials,
    },
    AUDIT_LOGGER: { DATABASE_URL: postgres.url },
  });
  const start = (name: Name) => {
    workers[name] = lab.worker(name, settings()[name], users[name]);
    return workers[name];
  };
  const kill = async (name: Name) => {
    const worker = workers[name];
    ended.push(worker);
    await worker.kill("SIGKILL");
  };
  const readiness = async (): Promise<Record<string, number | undefined>> => {
    const codes = await Promise.all(names.map(async (name) => (await workers[name].ask("/readyz"))?.code));
    return Object.fromEntries(names.map((name, index) => [name, codes[index]]));
  };
  const untilReadiness = (what: string, expected: Record<Name, number>) =>
    until(what, async () => JSON.stringify(await readiness()) === JSON.stringify(expected));
  const allReady = { ANALYTICS: 200, CACHE_INVALIDATOR: 200, NOTIFICATIONS: 200, AUDIT_LOGGER: 200 };

  before(async () => {
    lab = await SystemLab.start(scaled());
    [postgres, redis, firebase] = await Promise.all([startPostgres(), startRedis(), startFirebase()]);
    database = openDatabase({ url: postgres.url, connections: 2 }, schema, () => undefined);
    api = await lab.connect("api");
    for (const name of names) start(name);
    await Promise.all(names.map((name) => workers[name].ready()));
  });
  after(async () => {
    await Promise.all(Object.values(workers).map((worker) => worker.kill("SIGKILL")));
    await api?.close();
    await database?.close();
    await Promise.all([firebase?.close(), redis?.stop(), postgres?.stop()]);
    await lab?.stop();
  });

  const redisClient = () => createClient({ url: redis.url });
  const withRedis = async <T>(use: (client: ReturnType<typeof redisClient>) => Promise<T>): Promise<T> => {
    const client = redisClient();
    await client.connect();
    try {
      return await use(client);
    } finally {
      client.destroy();
    }
  };
  const publish = (subject: string, message: unknown) =>
    jetstream(api).publish(subject, JSON.stringify(message), { msgID: randomUUID(), ...patiently });
  const nothingWaits = () =>
    until("nothing waits", async () => {
      const durables = names.flatMap((name) =>
        covenant.consumers[name]!.streams.map((stream) => lab.info(stream, name)),
      );
      return (await Promise.all(durables)).every((info) => info.num_pending === 0 && info.num_ack_pending === 0);
    });
  const rows = async (query: string, values: unknown[] = []) =>
    (await database.query<Record<string, unknown>>(query, values)).rows;
  const deadLetters = async () => (await lab.stored("DEAD_LETTERS")).map(({ subject }) => subject);

  it("an event as the source shows it arrives in PostgreSQL, in the cache and in the trail", async () => {
    const keys = cacheKeys("countries", "USA");
    const published: string[] = [];
    await withRedis(async (client) => {
      const subscriber = client.duplicate();
      await subscriber.connect();
      await subscriber.subscribe(invalidationChannel, (key) => published.push(key));
      await client.mSet({ [keys.entity]: "{}", [keys.lists]: "[]" });
      const body = { code: "USA", name: "United States" };
      await publish("covenant.countries.created", body);
      await nothingWaits();
      const [entity, lists, version] = await client.mGet([keys.entity, keys.lists, keys.version]);
      assert.deepEqual([entity, lists], [null, null]);
      // A message whose acknowledgement took longer than the ack wait is delivered, and invalidates, once more.
      assert.ok(Number(version) >= 1, `version ${version}`);
      await until("it is published", () => published.length > 0);
      subscriber.destroy();
    });
    assert.deepEqual([...new Set(published)], [keys.entity]);
    assert.deepEqual(
      await rows("select stream, sequence, durable, entity, action, key, payload from covenant.events"),
      [
        {
          ...{ stream: "COVENANT_COUNTRIES", sequence: "1", durable: "ANALYTICS", entity: "countries" },
          ...{ action: "created", key: "USA", payload: { code: "USA", name: "United States" } },
        },
      ],
    );
    const [entry] = await rows("select kind, sequence, subject, body from covenant.trail");
    assert.deepEqual(
      { ...entry, body: String(entry!.body) },
      {
        ...{ kind: "message", sequence: "1", subject: "covenant.countries.created" },
        body: '{"code":"USA","name":"United States"}',
      },
    );
  });

  it("an incident arrives at the push service, for all who subscribe to its level, and in the trail", async () => {
    const { seq } = await publish("alerts.incidents.critical", {
      id: "disk",
      title: "Disk full",
      description: "iad-1",
    });
    await nothingWaits();
    const [message] = firebase.taken;
    assert.deepEqual([...new Set(firebase.taken.map(({ data }) => data.incident))], ["disk"]);
    assert.deepEqual(
      [message!.topic, message!.notification, message!.data.incident, message!.android.notification.tag],
      ["incidents-critical", { title: "Disk full", body: "iad-1" }, "disk", "disk"],
    );
    assert.equal(message!.apns.headers["apns-collapse-id"], "disk");
    assert.deepEqual(await rows("select sequence from covenant.trail where stream = $1", [incidentStream]), [
      { sequence: String(seq) },
    ]);
  });

  it("what can never be processed is a dead letter of each worker that needs it, and recorded as it is", async () => {
    await publish("covenant.users.created", { name: "without an id" });
    // PostgreSQL stores no such text; the cache does not look at it.
    await publish("covenant.users.updated", { id: "u1", name: "\0" });
    await publish("alerts.incidents.info", { title: "" });
    await nothingWaits();
    assert.deepEqual((await deadLetters()).sort(), [
      "dead.ALERTS_INCIDENTS.2.NOTIFICATIONS",
      "dead.COVENANT_USERS.1.ANALYTICS",
      "dead.COVENANT_USERS.1.CACHE_INVALIDATOR",
      "dead.COVENANT_USERS.2.ANALYTICS",
    ]);
    assert.deepEqual(await rows("select kind, sequence from covenant.trail where stream = 'COVENANT_USERS'"), [
      { kind: "message", sequence: "1" },
      { kind: "message", sequence: "2" },
    ]);
  });

  describe("under traffic", () => {
    let before: string[] = [];
    let traffic: ReturnType<typeof spawn>;
    const output = { out: "", err: "" };
    beforeEach(async () => {
      before = await deadLetters();
      Object.assign(output, { out: "", err: "" });
      traffic = spawn(process.execPath, ["-r", "./tools/runtime.cjs", "workers/covenant/traffic.ts", "--rate", "50"], {
        cwd: projectFolder,
        env: { ...process.env, ...lab.variables("api") },
        stdio: ["ignore", "pipe", "pipe"],
      });
      traffic.stdout!.on("data", (chunk) => (output.out += String(chunk)));
      traffic.stderr!.on("data", (chunk) => (output.err += String(chunk)));
      await until("traffic", () => /[1-9]\d* acknowledged/.test(output.err));
    });

    /** Ends the traffic, waits until all is processed, and compares what arrived with what was published. */
    async function nothingIsLost(): Promise<void> {
      traffic.kill("SIGINT");
      await once(traffic, "close");
      const [, , acknowledged, failed] =
        /(\d+) incidents published; (\d+) acknowledged, (\d+) failed\n$/.exec(output.out) ?? assert.fail(output.err);
      assert.equal(failed, "0");
      assert.ok(Number(acknowledged) > 100, acknowledged);
      await nothingWaits();
      assert.deepEqual(await deadLetters(), before, "only what cannot succeed is a dead letter");

      const auditor = await lab.connect("audit-logger");
      const manager = await jetstreamManager(auditor, { checkAPI: false });
      const positions = await positionsOf(manager);
      const reports = await checkTrail(database);
      await compareWithStreams(manager, positions, reports);
      await auditor.close();
      const versions = new Map<string, number>();
      for (const stream of streams) {
        const messages = await lab.stored(stream);
        const report = reports.find((each) => each.stream === stream);
        assert.deepEqual(
          [report?.counts.message, report?.skipped, report?.problems],
          [messages.length, [], []],
          stream,
        );
        if (stream === incidentStream) {
          const sent = new Set(firebase.taken.map(({ data }) => data.incident));
          const ids = messages.flatMap(({ body }) => decoded(body).id ?? []);
          assert.deepEqual(
            ids.filter((id) => !sent.has(id)),
            [],
            "incidents that reached nobody",
          );
          continue;
        }
        const stored = await rows("select sequence::integer as seq from covenant.events where stream = $1", [stream]);
        const refused = before.flatMap((id) => (id.startsWith(`dead.${stream}.`) ? Number(id.split(".")[2]) : []));
        assert.deepEqual(
          stored.map(({ seq }) => Number(seq)).sort((a, b) => a - b),
          messages.map(({ seq }) => seq).filter((seq) => !refused.includes(seq)),
          `events of ${stream}`,
        );
        for (const { subject, body } of messages) {
          const { code, id } = decoded(body);
          const key = code ?? id;
          if (!key) continue;
          const { version } = cacheKeys(entitySubject(subject)!.entity, key);
          versions.set(version, (versions.get(version) ?? 0) + 1);
        }
      }
      const found = await withRedis((client) => client.mGet([...versions.keys()]));
      const missed = [...versions].filter(([, count], index) => Number(found[index]) < count);
      assert.deepEqual(missed, [], "entities that were invalidated less often than they changed");
    }

    it("each worker is killed, again and again: nothing is lost", async () => {
      for (let round = 0; round < 2; round++) {
        await Promise.all(names.map(kill));
        for (const name of names) start(name);
        await Promise.all(names.map((name) => workers[name].ready()));
      }
      await nothingIsLost();
    });

    it("all three are down for an hour: nothing is lost, and health says what is missing", async () => {
      await postgres.pause();
      await untilReadiness("PostgreSQL is missed", { ...allReady, ANALYTICS: 503, AUDIT_LOGGER: 503 });
      await redis.pause();
      await untilReadiness("Redis is missed", {
        ...allReady,
        ANALYTICS: 503,
        AUDIT_LOGGER: 503,
        CACHE_INVALIDATOR: 503,
      });
      firebase.fail({ status: 503, code: "UNAVAILABLE" });
      await untilReadiness("the push service is missed", {
        ANALYTICS: 503,
        CACHE_INVALIDATOR: 503,
        NOTIFICATIONS: 503,
        AUDIT_LOGGER: 503,
      });
      const began = Date.now();
      const requests = firebase.counts.requests;

      const health = async (name: Name) => {
        const answer = await workers[name].ask("/healthz");
        assert.equal(answer?.code, 200, `${name} is alive`);
        return JSON.parse(answer.body) as { status: string; checks: Record<string, { ok: boolean }> };
      };
      for (const [name, check] of [
        ["ANALYTICS", "database"],
        ["AUDIT_LOGGER", "database"],
        ["CACHE_INVALIDATOR", "redis"],
        ["NOTIFICATIONS", "consumers"],
      ] as const) {
        // The result of a check counts for a second.
        await until(`${name} says what is missing`, async () => {
          const { status, checks } = await health(name);
          return status === "unhealthy" && checks.nats!.ok && !checks[check]!.ok;
        });
      }
      // One that is killed meanwhile comes back, alive and not ready.
      await kill("AUDIT_LOGGER");
      start("AUDIT_LOGGER");
      await until("it is alive again", async () => (await workers.AUDIT_LOGGER.ask("/healthz"))?.code === 200);
      assert.equal((await workers.AUDIT_LOGGER.ask("/readyz"))?.code, 503);

      await sleep(began + hourMs / 2 - Date.now());
      firebase.fail({ status: 429, code: "QUOTA_EXCEEDED", retryAfter: "1" });
      await sleep(began + hourMs - Date.now());
      const calls = firebase.counts.requests - requests;
      assert.ok(calls <= 15, `${calls} calls of a push service that was down`);

      firebase.fail();
      await redis.start();
      await postgres.start();
      await untilReadiness("all is well again", allReady);
      await nothingIsLost();
    });
  });

  describe("after all that", () => {
    it("verify-trail reports by its exit code whether the trail is whole, and what was done to it", async () => {
      const verify = async (...args: string[]) => {
        const child = spawn(
          process.execPath,
          ["-r", "./tools/runtime.cjs", "workers/covenant/main.ts", "verify-trail", ...args],
          {
            cwd: projectFolder,
            env: { ...process.env, ...lab.variables("audit-logger"), DATABASE_URL: postgres.url },
            stdio: ["ignore", "pipe", "pipe"],
          },
        );
        let out = "";
        for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk) => (out += String(chunk)));
        await once(child, "close");
        return { code: child.exitCode, out };
      };
      const whole = await verify();
      assert.equal(whole.code, 0, whole.out);
      assert.match(
        whole.out,
        /COVENANT_COUNTRIES: \d+ messages, 0 expired, 0 dead-lettered; 0 wait\. anchor COVENANT_COUNTRIES:\d+:[0-9a-f]{64}\n/,
      );
      const anchor = /anchor (\S+)/.exec(whole.out)![1]!;
      assert.equal((await verify("--anchor", anchor)).code, 0);

      // The end of the trail and its head: the stream shows that more was acknowledged.
      await database.query("alter table covenant.trail disable trigger trail_is_append_only");
      await database.query(
        `with removed as (
         delete from covenant.trail where stream = 'COVENANT_USERS' and position = (
           select max(position) from covenant.trail where stream = 'COVENANT_USERS') 
         returning position, previous, sequence)
       update covenant.trail_heads as heads
         set position = removed.position - 1, hash = removed.previous, sequence = removed.sequence - 1
       from removed where heads.stream = 'COVENANT_USERS'`,
      );
      await database.query("update covenant.trail set body = 'x' where stream = 'COVENANT_COUNTRIES' and position = 1");
      const broken = await verify();
      assert.equal(broken.code, 1, broken.out);
      assert.match(broken.out, /PROBLEM: 1 acknowledged messages without an entry, sequences \d+ to \d+: lost\n/);
      assert.match(broken.out, /PROBLEM: entry 1 \(sequence 1\) does not match its hash: changed\nCOVENANT/);
      assert.match(broken.out, /THE TRAIL IS NOT WHOLE/);
      const wrong = await verify("--anchor", "x");
      assert.deepEqual(
        [wrong.code, wrong.out.split("\n")[0]],
        [2, '--anchor "x": expected <stream>:<position>:<hash of 64 digits>'],
      );
    });

    it("SIGTERM ends every worker with 0; logs have no secret, and no user lacked a permission", async () => {
      assert.deepEqual(await Promise.all(names.map((name) => workers[name].stop())), [0, 0, 0, 0]);
      const text = [...ended, ...Object.values(workers)].flatMap(({ lines }) => lines).join("\n");
      const { private_key: key } = JSON.parse(firebase.credentials) as { private_key: string };
      for (const secret of [key.split("\n")[1]!, new URL(postgres.url).password, new URL(redis.url).password])
        assert.ok(!text.includes(secret), `${secret} is in a log`);
      assert.doesNotMatch(text, /permission/i);
    });
  });
});

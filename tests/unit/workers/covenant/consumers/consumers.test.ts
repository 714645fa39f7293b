import assert from "node:assert/strict";
import type { DeliveryInfo, JsMsg } from "@nats-io/jetstream";
import { ErrorReply } from "redis";
import { logCache, logPushService } from "../../../../../workers/covenant/adapters/log";
import type { Notification, PushResult } from "../../../../../workers/covenant/adapters/push-service";
import { EventStore } from "../../../../../workers/covenant/analytics/events";
import { Analytics } from "../../../../../workers/covenant/consumers/analytics";
import { CacheInvalidator } from "../../../../../workers/covenant/consumers/cache-invalidator";
import { Notifications } from "../../../../../workers/covenant/consumers/notifications";
import { DatabaseUnavailable } from "../../../../../workers/database/database";
import { createLogger } from "../../../../../workers/messaging";
import { RedisUnavailable } from "../../../../../workers/redis/redis";

const log = createLogger({ name: "test", level: "silent" });
const ports = { log, deadLetters: { write: () => assert.fail() } };
const time = new Date("2026-01-01T00:00:00Z");

const message = (subject: string, stream = "COVENANT_USERS") =>
  ({ subject, time, info: { stream, streamSequence: 7, consumer: "x" } as DeliveryInfo }) as JsMsg;

describe("the analytics of covenant", () => {
  const failing = (error: Error) => new Analytics(new EventStore({ query: () => Promise.reject(error) }), ports);

  it("keep what the database did not take: all of it while it is away, one that it refuses not", async () => {
    const event = message("covenant.users.created");
    const away = new DatabaseUnavailable("connect ECONNREFUSED");
    assert.deepEqual(await failing(away).processMessage({ id: "u1" }, event), {
      ...{ success: false, unavailable: true, error: away },
    });
    for (const [code, retryable] of [
      ["22P05", false],
      ["42P01", true],
    ] as const) {
      const refused = Object.assign(new Error("refused"), { code });
      const result = await failing(refused).processMessage({ id: "u1" }, event);
      assert.deepEqual(result, { success: false, retryable, error: refused });
    }
  });

  it("take no event of another subject", async () => {
    const { success, retryable } = await failing(new Error()).processMessage(
      { id: "x" },
      message("covenant.x.created"),
    );
    assert.deepEqual([success, retryable], [false, undefined]);
  });
});

describe("the cache invalidator of covenant", () => {
  const invalidated: string[] = [];
  const answering = (error?: Error) =>
    new CacheInvalidator(
      {
        invalidate: (entity, key) => {
          invalidated.push(`${entity} ${key}`);
          return error ? Promise.reject(error) : Promise.resolve();
        },
      },
      ports,
    );

  it("has the entity forgotten; an error of its own is tried again, an outage keeps the message", async () => {
    const event = message("covenant.countries.updated", "COVENANT_COUNTRIES");
    assert.deepEqual(await answering().processMessage({ code: "USA" }, event), { success: true });
    assert.deepEqual(invalidated, ["countries USA"]);
    const away = await answering(new RedisUnavailable("no answer")).processMessage({ code: "USA" }, event);
    assert.equal(away.unavailable, true);
    const wrong = await answering(new ErrorReply("WRONGTYPE")).processMessage({ code: "USA" }, event);
    assert.deepEqual([wrong.unavailable, wrong.retryable], [false, true]);
    assert.equal((await answering().processMessage({ code: "USA" }, message("alerts.incidents.info"))).success, false);
  });
});

describe("the notifications of covenant", () => {
  const sent: Notification[] = [];
  const answering = (result: PushResult) =>
    new Notifications(
      {
        provider: "test",
        send: (notification) => {
          sent.push(notification);
          return Promise.resolve(result);
        },
      },
      ports,
    );
  const incident = message("alerts.incidents.critical", "ALERTS_INCIDENTS");

  it("have the incident's id, else its place in the stream", async () => {
    const sender = answering({ outcome: "sent" });
    assert.deepEqual(await sender.processMessage({ title: "Disk full", id: "disk" }, incident), { success: true });
    await sender.processMessage({ title: "Disk full" }, incident);
    assert.deepEqual(
      sent.map(({ id, level, time: at }) => [id, level, at]),
      [
        ["disk", "critical", time],
        ["ALERTS_INCIDENTS-7", "critical", time],
      ],
    );
    assert.equal((await sender.processMessage({ title: "x" }, message("alerts.incidents.fatal"))).success, false);
  });

  it("end as the push service says", async () => {
    const resultOf = async (result: PushResult) => {
      const { error, ...rest } = await answering(result).processMessage({ title: "Disk full" }, incident);
      assert.equal(error?.message, "why");
      return rest;
    };
    assert.deepEqual(await resultOf({ outcome: "rejected", reason: "why" }), { success: false });
    assert.deepEqual(await resultOf({ outcome: "retry", reason: "why" }), {
      ...{ success: false, retryable: true, retryAfter: undefined },
    });
    assert.deepEqual(await resultOf({ outcome: "unavailable", reason: "why", retryAfter: 5 }), {
      ...{ success: false, unavailable: true, retryAfter: 5 },
    });
  });
});

describe("without a cache and a push service", () => {
  it("each invalidation and notification is logged", async () => {
    const lines: string[] = [];
    const logger = { info: (fields: object, line: string) => void lines.push(`${JSON.stringify(fields)} ${line}`) };
    const cache = logCache(logger as typeof log);
    await cache.check();
    await cache.invalidate("users", "u1");
    await cache.close();
    const pushed = await logPushService(logger as typeof log).send({ id: "disk", level: "info", title: "x", time });
    assert.deepEqual(pushed, { outcome: "sent" });
    assert.deepEqual(lines, [
      '{"key":"covenant:users:u1"} not invalidated, only logged: REDIS_URL is not set',
      '{"id":"disk","level":"info"} the notification is not sent, only logged: PUSH_PROVIDER is "log"',
    ]);
  });
});

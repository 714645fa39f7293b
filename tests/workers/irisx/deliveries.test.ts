import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import * as fs from "node:fs";
import * as path from "node:path";
import pg from "pg";
import { pollUntil } from "../../../config/poll-until";
import type { DeliveryKey, DeliveryStore } from "../../../workers/irisx/deliveries/delivery";
import { DatabaseUnavailable } from "../../../workers/database/database";
import type { DatabaseSettings } from "../../../workers/database/settings";
import { deliveryStore } from "../../../workers/irisx/deliveries/postgres";
import { schema } from "../../../workers/irisx/deliveries/schema";
import { serversMs, waitMs } from "../../support/limits";
import { type PostgresServer, startPostgres } from "../../support/postgres";
import { runFolder } from "../../support/run";

const lease = 60_000;
const sms = (): DeliveryKey => ({ channel: "sms", id: randomUUID(), tenantId: "acme" });

/** What both databases have to do; `open` returns another connection to the same state, if there can be one. */
function behavesAsStore(open: () => DeliveryStore): void {
  let store: DeliveryStore;
  before(() => {
    store = open();
  });
  after(() => store?.close());

  it("is queued, claimed, sent, and then never claimed again", async () => {
    const key = sms();
    assert.equal(await store.find(key), undefined);
    await store.queued(key);
    assert.deepEqual(pick(await store.find(key)), { ...key, status: "queued", attempts: 0 });
    assert.deepEqual(await store.claim(key, lease), { kind: "claimed", attempts: 1 });
    assert.deepEqual(pick(await store.find(key)), { ...key, status: "sending", attempts: 1 });
    await store.record(key, { status: "sent", provider: "twilio", providerId: "SM1" });
    const sent = { ...key, status: "sent", attempts: 1, provider: "twilio", providerId: "SM1" };
    assert.deepEqual(pick(await store.find(key)), sent);
    const claim = await store.claim(key, lease);
    assert.equal(claim.kind, "done");
    assert.deepEqual(pick(claim.kind === "done" ? claim.delivery : undefined), sent);
    // The API's note came late: it changes nothing.
    await store.queued(key);
    assert.deepEqual(pick(await store.find(key)), sent);
  });

  it("is claimed by one worker of many at a time", async () => {
    const key = sms();
    const claims = await Promise.all(Array.from({ length: 10 }, () => store.claim(key, lease)));
    assert.equal(claims.filter(({ kind }) => kind === "claimed").length, 1);
    const busy = claims.flatMap((claim) => (claim.kind === "busy" ? [claim.remaining] : []));
    assert.equal(busy.length, 9);
    assert.ok(busy.every((remaining) => remaining > 0 && remaining <= lease));
  });

  it("is claimed again after a failure, and after its worker died", async () => {
    const key = sms();
    await store.claim(key, lease);
    await store.record(key, { status: "retrying", provider: "twilio", error: "503 \0 busy" });
    assert.equal((await store.find(key))?.error, "503  busy");
    assert.deepEqual(await store.claim(key, 1), { kind: "claimed", attempts: 2 });
    const again = await pollUntil(async () => {
      const claim = await store.claim(key, lease);
      return claim.kind === "claimed" && claim;
    }, waitMs);
    assert.deepEqual(again, { kind: "claimed", attempts: 3 });
  });

  it("is claimed again after it was given up: somebody replays it", async () => {
    const key = sms();
    await store.claim(key, lease);
    await store.record(key, { status: "failed", error: "no such number" });
    assert.equal((await store.claim(key, lease)).kind, "claimed");
  });

  it("belongs to one tenant, and is one per channel", async () => {
    const key = sms();
    await store.claim(key, lease);
    assert.deepEqual(await store.claim({ ...key, tenantId: "umbrella" }, lease), { kind: "foreign" });
    assert.equal((await store.claim({ ...key, channel: "email" }, lease)).kind, "claimed");
  });

  it("is purged when it has not changed for the retention", async () => {
    const [old, fresh] = [sms(), sms()];
    await store.queued(old);
    assert.ok(await pollUntil(async () => (await store.purge(1)) > 0 && !(await store.find(old)), waitMs));
    await store.queued(fresh);
    assert.equal(await store.purge(serversMs), 0);
    assert.notEqual(await store.find(fresh), undefined);
  });

  it("refuses an id that is no UUID, and answers checks", async () => {
    await assert.rejects(store.queued({ ...sms(), id: "1; drop table" }), /^error: invalid input syntax for type uuid/);
    await store.check();
  });
}

const unexpected = (error: Error) => assert.fail(error);

const pick = (delivery: object | undefined) =>
  delivery &&
  Object.fromEntries(
    Object.entries(delivery).filter(([name, value]) => value !== undefined && !/(created|updated)At/.test(name)),
  );

describe("state of deliveries in PGlite", function () {
  this.timeout(serversMs);
  behavesAsStore(() => deliveryStore({ connections: 1 }, unexpected));

  it("is still there, in a folder, for the next process", async () => {
    const folder = fs.mkdtempSync(path.join(runFolder, "deliveries-"));
    const key = sms();
    // Of a process that was killed.
    fs.writeFileSync(`${folder}.lock`, String(2 ** 30));
    const first = deliveryStore({ folder, connections: 1 }, unexpected);
    assert.throws(
      () => deliveryStore({ folder, connections: 1 }, unexpected),
      /in use by process \d+; give each process/,
    );
    await first.claim(key, lease);
    await first.record(key, { status: "sent" });
    await first.close();
    const second = deliveryStore({ folder, connections: 1 }, unexpected);
    assert.equal((await second.claim(key, lease)).kind, "done");
    await second.close();
    assert.ok(!fs.existsSync(`${folder}.lock`));
  });
});

describe("state of deliveries in PostgreSQL", function () {
  this.timeout(serversMs);
  let server: PostgresServer;
  const settings = (): DatabaseSettings => ({ url: server.url, connections: 5 });
  before(async () => {
    server = await startPostgres();
  });
  after(() => server?.stop());

  it("is on a real server", () => assert.match(server.version, /^PostgreSQL \d+/));

  describe("", () => behavesAsStore(() => deliveryStore(settings(), unexpected)));

  it("gets its schema once, whichever process starts first", async () => {
    const stores = Array.from({ length: 5 }, () => deliveryStore(settings(), unexpected));
    await Promise.all(stores.map((store) => store.check()));
    await Promise.all(stores.map((store) => store.close()));
    const client = new pg.Client(server.url);
    await client.connect();
    const { rows } = await client.query("select version from irisx.migrations order by version");
    await client.end();
    assert.deepEqual(
      rows,
      schema.migrations.map((_, index) => ({ version: index + 1 })),
    );
  });

  it("survives a restart of the server: calls fail, then work again", async () => {
    const errors: Error[] = [];
    const store = deliveryStore(settings(), (error) => errors.push(error));
    const key = sms();
    await store.claim(key, lease);
    await server.pause();
    // A call that takes the connection before its end is read would be told of it instead.
    assert.ok(
      await pollUntil(() => errors.length > 0, waitMs),
      "the end of a connection that is not in use is reported",
    );
    await assert.rejects(store.check(), DatabaseUnavailable);
    await server.start();
    assert.ok(
      await pollUntil(
        () =>
          store.check().then(
            () => true,
            () => false,
          ),
        waitMs,
      ),
    );
    await store.record(key, { status: "sent" });
    assert.equal((await store.claim(key, lease)).kind, "done");
    await store.close();
  });

  it("is not available while the server does not answer or the password is wrong, and says why", async () => {
    for (const [url, why] of [
      [server.url.replace(/:[^:@]+@/, ":wrong@"), /^DatabaseUnavailable: password authentication failed/],
      ["postgres://u:p@127.0.0.1:9/x", /^DatabaseUnavailable: connect ECONNREFUSED/],
    ] as const) {
      const store = deliveryStore({ url, connections: 1 }, unexpected);
      await assert.rejects(store.check(), why);
      await assert.rejects(store.claim(sms(), lease), why);
      await store.close();
    }
  });
});

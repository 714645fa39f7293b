import assert from "node:assert/strict";
import { fcm, type FcmSettings } from "../../../workers/covenant/adapters/fcm";
import type { Notification } from "../../../workers/covenant/adapters/push-service";
import { pushSettings } from "../../../workers/covenant/settings";
import { readSettings } from "../../../workers/messaging";
import { startFirebase } from "../../support/firebase";
import { serversMs } from "../../support/limits";

const incident: Notification = {
  ...{ id: "disk", level: "warning", title: "Disk full", description: "iad-1" },
  time: new Date("2026-01-01T00:00:00Z"),
};

describe("Firebase Cloud Messaging", function () {
  this.timeout(serversMs);
  let firebase: Awaited<ReturnType<typeof startFirebase>>;
  const serviceOf = (change: Partial<FcmSettings> = {}) => {
    const { kind: _, ...settings } = readSettings(pushSettings, {
      PUSH_PROVIDER: "fcm",
      FCM_URL: firebase.url,
      FCM_CREDENTIALS: firebase.credentials,
      PUSH_TIMEOUT: "2s",
    }) as { kind: "fcm" } & FcmSettings;
    return fcm({ ...settings, ...change });
  };

  beforeEach(async () => {
    firebase = await startFirebase();
  });
  afterEach(() => firebase.close());

  it("takes a notification for a topic; on a device it replaces an earlier one of the same incident", async () => {
    const service = serviceOf();
    assert.deepEqual(await service.send(incident), { outcome: "sent", id: "projects/covenant-test/messages/1" });
    assert.deepEqual(firebase.taken, [
      {
        topic: "incidents-warning",
        notification: { title: "Disk full", body: "iad-1" },
        data: { incident: "disk", level: "warning", time: "2026-01-01T00:00:00.000Z" },
        android: { priority: "NORMAL", collapse_key: "disk", ttl: "86400s", notification: { tag: "disk" } },
        apns: {
          headers: { "apns-collapse-id": "disk", "apns-priority": "5", "apns-expiration": "1767312000" },
        },
        webpush: { headers: { TTL: "86400", Urgency: "normal" }, notification: { tag: "disk" } },
      },
    ]);
    await service.send({ ...incident, level: "critical", description: undefined });
    const [, urgent] = firebase.taken;
    assert.deepEqual(urgent!.notification, { title: "Disk full" });
    assert.deepEqual([urgent!.android.priority, urgent!.apns.headers["apns-priority"]], ["HIGH", "10"]);
  });

  it("takes the longest texts and ids: they are shortened to its limits", async () => {
    const long = { ...incident, id: "i".repeat(200), title: "Ü".repeat(200), description: "漢".repeat(2_000) };
    assert.equal((await serviceOf().send(long)).outcome, "sent");
    const { notification, data } = firebase.taken[0]!;
    assert.match(notification.body!, /^漢+…$/);
    assert.match(notification.title, /^Ü+$/);
    assert.match(data.incident!, /^[0-9a-f]{64}$/);
  });

  it("is asked for one access token by all who send, and for another when that has ended", async () => {
    const service = serviceOf();
    await Promise.all([service.send(incident), service.send(incident), service.send(incident)]);
    assert.equal(firebase.counts.tokens, 1);
    firebase.endTokens();
    const refused = await service.send(incident);
    assert.deepEqual(refused, {
      ...{ outcome: "unavailable", reason: "FCM 401 UNAUTHENTICATED: Request had invalid credentials." },
      retryAfter: undefined,
    });
    assert.equal((await service.send(incident)).outcome, "sent");
    assert.equal(firebase.counts.tokens, 2);
  });

  for (const [status, code, header, expected] of [
    [400, "INVALID_ARGUMENT", undefined, { outcome: "rejected" }],
    [404, "UNREGISTERED", undefined, { outcome: "rejected" }],
    [403, "SENDER_ID_MISMATCH", undefined, { outcome: "unavailable", retryAfter: undefined }],
    [404, "NOT_FOUND", undefined, { outcome: "unavailable", retryAfter: undefined }],
    [429, "QUOTA_EXCEEDED", "7", { outcome: "unavailable", retryAfter: 7_000 }],
    [429, "QUOTA_EXCEEDED", undefined, { outcome: "unavailable", retryAfter: 60_000 }],
    // An outage: what has nothing to be refused for is not taken either.
    [500, "INTERNAL", undefined, { outcome: "unavailable", retryAfter: undefined }],
    [503, "UNAVAILABLE", "120", { outcome: "unavailable", retryAfter: 120_000 }],
  ] as const)
    it(`answers ${status} ${code}${header ? `, Retry-After ${header}` : ""}: ${expected.outcome}`, async () => {
      firebase.fail({ status, code, retryAfter: header });
      const reason = `FCM ${status} ${code}: as the test wants`;
      assert.deepEqual(await serviceOf().send(incident), { ...expected, reason });
      assert.deepEqual(firebase.taken, []);
    });

  it("answers 500 INTERNAL to one notification, and takes another one: retry", async () => {
    firebase.fail({ status: 500, code: "INTERNAL", of: "notifications" });
    assert.deepEqual(await serviceOf().send(incident), {
      ...{ outcome: "retry", reason: "FCM 500 INTERNAL: as the test wants", retryAfter: undefined },
    });
    assert.deepEqual([firebase.taken, firebase.counts.requests], [[], 2]);
    assert.deepEqual(firebase.silent, [{ topic: "incidents-check", data: { check: "1" } }], "which shows nothing");
  });

  it("answers 500 INTERNAL to all that is to be delivered, though it validates: unavailable", async () => {
    firebase.fail({ status: 500, code: "INTERNAL", of: "sends" });
    assert.equal((await serviceOf().send(incident)).outcome, "unavailable");
    assert.deepEqual([firebase.taken, firebase.silent], [[], []]);
  });

  it("is unavailable while it does not answer, or gives no token", async () => {
    const nowhere = await serviceOf({ url: "http://127.0.0.1:9" }).send(incident);
    assert.deepEqual(nowhere.outcome === "unavailable" && nowhere.reason, "FCM did not answer: bad port");
    firebase.withoutTokens(true);
    const without = await serviceOf().send(incident);
    assert.match(without.outcome === "unavailable" ? without.reason : "", /^no access token of Google: /);
    firebase.withoutTokens(false);
    const { account } = readSettings(pushSettings, {
      ...{ PUSH_PROVIDER: "fcm", FCM_CREDENTIALS: firebase.credentials },
    }) as { kind: "fcm" } & FcmSettings;
    const stranger = await serviceOf({ account: { ...account, clientEmail: "stranger@example.com" } }).send(incident);
    assert.deepEqual(stranger, {
      outcome: "unavailable",
      reason: 'no access token of Google: 400 {"error":"invalid_grant","error_description":"Invalid JWT"}',
    });
  });
});

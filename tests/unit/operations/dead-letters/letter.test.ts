import assert from "node:assert/strict";
import type { StoredMsg } from "@nats-io/jetstream";
import { headers } from "@nats-io/transport-node";
import { mostReplays } from "../../../../config/assets/dead-letters";
import {
  type DeadLetter,
  headersOfReplay,
  isLetterId,
  letterOf,
  targetOf,
  unplayable,
} from "../../../../operations/dead-letters/letter";
import { countsOf, filterOf, isSelected, sinceOf } from "../../../../operations/dead-letters/selection";
import { deadLetterHeaders } from "../../../../workers/messaging";
import { tenants } from "../../../../tenants";

const stored = (subject: string, header = headers(), body = "{}"): StoredMsg =>
  ({
    subject,
    seq: 3,
    header,
    timestamp: "2026-11-27T03:15:09.1Z",
    data: Buffer.from(body),
  }) as unknown as StoredMsg;

const origin = {
  subject: "sms.send",
  stream: "SMS",
  sequence: 17,
  durable: "sms-worker",
  deliveries: 5,
  time: "2026-11-27T03:00:00Z",
};

/** As a worker writes it. */
function written(change: Partial<typeof origin> = {}, own: Record<string, string> = { "Nats-Msg-Id": "id-1" }) {
  const made = headers();
  for (const [name, value] of Object.entries(own)) made.set(name, value);
  const message = { ...origin, ...change };
  const header = deadLetterHeaders({ ...message, headers: made }, { reason: "attempts", error: new Error("503") });
  return letterOf(stored(`dead.${message.stream}.${message.sequence}.${message.durable}`, header));
}

describe("a dead letter", () => {
  it("is read as a worker wrote it", () => {
    const letter = written({}, { "Nats-Msg-Id": "id-1", traceparent: "00-1" });
    assert.deepEqual(
      { ...letter, data: Buffer.from(letter.data).toString() },
      {
        id: "SMS.17.sms-worker",
        sequence: 3,
        subject: "sms.send",
        stream: "SMS",
        streamSequence: 17,
        durable: "sms-worker",
        deliveries: 5,
        published: "2026-11-27T03:00:00Z",
        givenUp: "2026-11-27T03:15:09.1Z",
        reason: "attempts",
        error: "Error: 503",
        replays: 0,
        missing: undefined,
        data: "{}",
        headers: { traceparent: ["00-1"] },
        messageId: "id-1",
      },
    );
  });

  it("is read by its subject where nothing else says what it is", () => {
    const { stream, streamSequence, durable, reason } = letterOf(stored("dead.SMS.17.sms-worker"));
    assert.deepEqual([stream, streamSequence, durable, reason], ["SMS", 17, "sms-worker", "unknown"]);
  });

  it("has an id of three parts", () => {
    assert.ok(isLetterId("SMS.17.sms-worker"));
    for (const wrong of ["SMS", "SMS.17", "SMS.x.worker", "SMS.17.*", "a.b.17.c", "SMS.17.a b"])
      assert.ok(!isLetterId(wrong), wrong);
  });

  it("goes to the durable that gave it up, or that its durable stood for in a failover", () => {
    const target = (letter: Pick<DeadLetter, "stream" | "durable" | "subject">) => targetOf(letter, tenants.covenant!);
    const durable = "ANALYTICS";
    const home = { subject: "replay.COVENANT_USERS.ANALYTICS", durable: "COVENANT_USERS-ANALYTICS" };
    assert.deepEqual(target({ stream: "COVENANT_USERS", durable, subject: "covenant.users.created" }), home);
    assert.deepEqual(target({ stream: "COVENANT_USERS-ams", durable, subject: "covenant.users.created" }), home);
    assert.deepEqual(
      target({ stream: "REPLAYS", durable: home.durable, subject: home.subject }),
      home,
      "again, after a replay",
    );
  });

  it("is replayed with its own headers, its first id and subject, and a count", () => {
    const first = headersOfReplay(written({}, { "Nats-Msg-Id": "id-1", traceparent: "00-1" }));
    assert.deepEqual(Object.fromEntries(first), {
      traceparent: ["00-1"],
      "Replay-Of": ["id-1"],
      "Replay-Count": ["1"],
      "Replay-Subject": ["sms.send"],
      "Replay-Origin": ["SMS:17:sms-worker"],
      "Replay-Time": [origin.time],
    });
    const again = written(
      { stream: "REPLAYS", sequence: 4, durable: "SMS-sms-worker", subject: "replay.SMS.sms-worker" },
      { ...Object.fromEntries([...first].map(([name, [value]]) => [name, value!])), "Nats-Msg-Id": "another" },
    );
    assert.equal(again.replays, 1);
    assert.deepEqual(Object.fromEntries(headersOfReplay(again)), {
      ...Object.fromEntries(first),
      "Replay-Count": ["2"],
    });
    assert.equal(headersOfReplay(written({}, {})).get("Replay-Of"), "SMS:17:sms-worker");
  });

  it("is replayed three times at most, and not without its body", () => {
    assert.equal(unplayable({ replays: mostReplays - 1 }), undefined);
    assert.match(unplayable({ replays: mostReplays })!, /has been replayed 3 times, and 3 are allowed/);
    assert.match(unplayable({ replays: 0, missing: "expired" })!, /body had expired/);
    assert.equal(unplayable({ replays: 0, missing: "too-large" }), undefined);
  });
});

describe("a selection of dead letters", () => {
  it("is by subject, time, reason and text of the error", () => {
    assert.equal(filterOf({ durable: "sms-worker" }), "dead.*.*.sms-worker");
    assert.equal(filterOf({ stream: "SMS" }), "dead.SMS.*.*");
    assert.deepEqual(sinceOf({ since: "2h" }, 7_200_000), new Date(0));
    assert.equal(sinceOf({}), undefined);
    assert.ok(isSelected(written(), { reason: "attempts", error: "503" }));
    assert.ok(!isSelected(written(), { reason: "invalid" }));
    assert.ok(!isSelected(written(), { error: "504" }));
  });

  it("is counted by durable and reason, most first", () => {
    const letter = (durable: string, reason: string) => ({ stream: "SMS", durable, reason });
    assert.deepEqual(
      countsOf([letter("a", "invalid"), letter("b", "invalid"), letter("b", "attempts"), letter("b", "attempts")]),
      ["SMS/b: 2 attempts, 1 invalid", "SMS/a: 1 invalid"],
    );
  });
});

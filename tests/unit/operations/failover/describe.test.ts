import assert from "node:assert/strict";
import { workersOf } from "../../../../config/assets/workers";
import { missingText, unknownText, unreadText } from "../../../../operations/failover/describe";
import { tenants } from "../../../../tenants";
import type { StreamSummary } from "../../../../operations/failover/steps";

const upTo = (lastSeq: number): StreamSummary => ({ isMirror: false, sources: [], messages: 1, firstSeq: 1, lastSeq });
const names = { name: "S", region: "iad", mirror: "S-ams" };

describe("workers after a failover", () => {
  const unread = (stream: string, durables: string[], workers = workersOf(tenants.arrakis!)) =>
    unreadText({ name: stream, mirror: `${stream}-ams` }, durables, workers);

  it("leave the promoted mirror: the plan names its durables that none reads, and what becomes of messages", () =>
    assert.deepEqual(unread("ELIGIBILITY", ["eligibility-worker", "sync-worker"]), [
      "no worker reads ELIGIBILITY-ams: what it stores for eligibility-worker, sync-worker waits there until the " +
        "failback, within its limits",
    ]));

  it("are not mentioned for durables that clients of one's own read", () => {
    assert.deepEqual(unread("ELIGIBILITY", ["reports"]), []);
    assert.deepEqual(unread("ELIGIBILITY", ["eligibility-worker"], []), []);
    assert.deepEqual(unread("OTHER", ["eligibility-worker"]), []);
  });
});

describe("what a mirror may lack before a failover", () => {
  it("is unknown while the stream's region does not answer", () =>
    assert.match(missingText(names, "unreachable", upTo(5)), /stored after that sequence are not in S-ams/));

  it("is still to be copied while it does", () =>
    assert.match(missingText(names, upTo(7), upTo(5)), /^2 messages of S still to be copied/));

  it("is nothing where both end alike", () =>
    assert.equal(missingText(names, upTo(5), upTo(5)), "nothing of S is missing in S-ams"));
});

describe("durables whose position is unknown", () => {
  it("take one line of the plan together, however many there are", () => {
    assert.deepEqual(unknownText([], "S-ams", "all"), []);
    assert.deepEqual(unknownText(["a"], "S-ams", 7), [
      "durable a: its position is unknown, so on S-ams it begins with sequence 7 (--start)",
    ]);
    assert.deepEqual(unknownText(["a", "b"], "S-ams", 7), [
      "2 durables (a, b): their positions are unknown, so on S-ams they begin with sequence 7 (--start)",
    ]);
  });
});

import assert from "node:assert/strict";
import fc from "fast-check";
import { messageId } from "../../../../operations/load/observe";
import { type DurableFacts, reportOf, type StreamFacts } from "../../../../operations/load/report";
import { renderLoad } from "../../../../cli/render/load";
import type { Acknowledged } from "../../../../workers/messaging/contract";

const acknowledged = (seq: number, more: Partial<Acknowledged> = {}): Acknowledged => ({
  id: `id-${seq}`,
  subject: "orders.new",
  stream: "ORDERS",
  seq,
  ms: seq,
  ...more,
});

const durable = (more: Partial<DurableFacts> = {}): DurableFacts => ({
  name: "worker",
  filters: [],
  waiting: 0,
  ackFloor: 0,
  ...more,
});

const orders = (more: Partial<StreamFacts> = {}): StreamFacts => ({
  name: "ORDERS",
  retention: "limits",
  firstSeq: 1,
  lastSeq: 4,
  deleted: new Set(),
  durables: [durable()],
  ids: new Map([1, 2, 3, 4].map((seq) => [seq, `id-${seq}`])),
  ...more,
});

const four = [1, 2, 3, 4].map((seq) => acknowledged(seq));
const missing = (stream: StreamFacts | undefined, messages = four) =>
  reportOf("shop", messages, stream ? [stream] : [], []).missing.map(({ id, why }) => `${id}: ${why}`);

describe("the report of a load", () => {
  it("counts what was published, acknowledged and processed, with percentiles of the publishes", () => {
    const report = reportOf("shop", [...four, { id: "id-5", error: "no answer" }], [orders()], []);
    assert.deepEqual(report, {
      account: "shop",
      published: 5,
      acknowledged: 4,
      unacknowledged: 1,
      publish: { p50: 2, p95: 4, p99: 4 },
      processed: 4,
      waiting: 0,
      unread: 0,
      deadLetters: 0,
      missing: [],
    });
  });

  it("knows what waits: beyond the floor of a durable that has something left, and filters the subject", () => {
    const counts = (durables: DurableFacts[]) => {
      const { processed, waiting, unread } = reportOf("shop", four, [orders({ durables })], []);
      return [processed, waiting, unread];
    };
    assert.deepEqual(counts([durable({ waiting: 2, ackFloor: 2 })]), [2, 2, 0]);
    assert.deepEqual(counts([durable(), durable({ name: "other", waiting: 1, ackFloor: 3 })]), [3, 1, 0]);
    assert.deepEqual(counts([durable({ waiting: 4, filters: ["orders.old"] })]), [0, 0, 4]);
    assert.deepEqual(counts([durable({ waiting: 4, filters: ["orders.old", "orders.*"] })]), [0, 4, 0]);
    assert.deepEqual(counts([]), [0, 0, 4]);
  });

  it("finds what is missing, and says what stands in its place", () => {
    assert.deepEqual(missing(undefined)[0], "id-1: its stream does not exist");
    assert.deepEqual(missing(orders({ lastSeq: 3 })), ["id-4: the stream ends with sequence 3"]);
    assert.deepEqual(missing(orders({ ids: new Map([[2, "id-9"]]) })), ["id-2: the stream has id-9 there"]);
    assert.deepEqual(missing(orders({ ids: new Map([[2, ""]]) })), ["id-2: the stream has another message there"]);
    assert.deepEqual(missing(orders({ deleted: new Set([3]) })), ["id-3: it was deleted from the stream"]);
    const reused = [...four, acknowledged(4, { id: "id-5" })];
    assert.deepEqual(missing(orders({ ids: new Map() }), reused), ["id-4: its sequence was given to id-5 as well"]);
  });

  it("takes a message that a work queue has no longer for processed, and one that limits deleted for stored", () => {
    const gone = { deleted: new Set([2, 3]), ids: new Map() };
    assert.deepEqual(missing(orders({ ...gone, retention: "workqueue" })), []);
    assert.deepEqual(missing(orders({ ...gone, retention: "interest" })), []);
    assert.deepEqual(missing(orders({ firstSeq: 3 })), []);
  });

  it("counts dead letters of this run alone, each message once", () => {
    const letters = [2, 2, 9].map((streamSequence) => ({ stream: "ORDERS", streamSequence }));
    assert.equal(reportOf("shop", four, [orders()], letters).deadLetters, 1);
  });

  it("accounts for each acknowledged message exactly once, whatever servers report", () => {
    const facts = fc.record({
      retention: fc.constantFrom<StreamFacts["retention"][]>("limits", "interest", "workqueue"),
      firstSeq: fc.integer({ min: 1, max: 12 }),
      lastSeq: fc.integer({ min: 0, max: 12 }),
      deleted: fc.array(fc.integer({ min: 1, max: 12 })).map((all) => new Set(all)),
      durables: fc.array(
        fc.record({ waiting: fc.nat(3), ackFloor: fc.nat(12) }).map((one) => durable(one)),
        {
          maxLength: 3,
        },
      ),
      ids: fc.constant(new Map<number, string>()),
    });
    const messages = fc.array(
      fc.integer({ min: 1, max: 12 }).map((seq) => acknowledged(seq)),
      { maxLength: 20 },
    );
    fc.assert(
      fc.property(facts, messages, (stream, all) => {
        const report = reportOf("shop", all, [orders(stream)], []);
        const { processed, waiting, unread } = report;
        assert.equal(processed + waiting + unread + report.missing.length, all.length);
      }),
    );
  });

  it("reads ids of headers, and none where there is none", () => {
    const headers = (text: string) => Buffer.from(text).toString("base64");
    assert.equal(messageId(headers("NATS/1.0\r\nTrace: a\r\nNats-Msg-Id: order-7\r\n\r\n")), "order-7");
    assert.equal(messageId(headers("NATS/1.0\r\nTrace: Nats-Msg-Id: x\r\n\r\n")), "");
    assert.equal(messageId(), "");
  });

  it("is a table, and a list of what is missing that ends at twenty", () => {
    const lost = Array.from({ length: 25 }, (_, index) => acknowledged(index + 10));
    const report = reportOf("shop", [...four, ...lost], [orders()], []);
    const text = renderLoad({ accounts: [report], drained: 1.25 });
    assert.match(text, /^ACCOUNT +PUBLISHED .*MISSING$/m);
    assert.match(text, /^shop +29 +29 +\d.* 25$/m);
    assert.match(text, /all was processed 1\.\d s after the last publish/);
    assert.match(text, /25 acknowledged messages missing:\n  shop id-10 \(ORDERS, sequence 10\): the stream ends/);
    assert.match(text, /\n  \.\.\. and 5 more \(--json\)$/);
    const waiting = reportOf("shop", four, [orders({ durables: [durable({ waiting: 1 })] })], []);
    assert.match(renderLoad({ accounts: [waiting], drained: 30 }), /no durable came any further 30\.0 s after/);
  });
});

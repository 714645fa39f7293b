import assert from "node:assert/strict";
import type { NatsConnection } from "@nats-io/transport-node";
import * as fc from "fast-check";
import { changesOf } from "../../../jetstream/changes";
import { consumerFields, streamFields, type Wire } from "../../../jetstream/fields";
import { withWriteSlot, withReadSlot, read, write } from "../../../jetstream/api";
import { ApiError } from "../../../jetstream/errors";
import { missing } from "../../../jetstream/gate";
import { type Args, differences, fromWire, merge, toWire } from "../../../jetstream/wire";

const duration = fc
  .tuple(fc.integer({ min: 1, max: 999 }), fc.constantFrom("ms", "s", "m", "h", "d"))
  .map(([amount, unit]) => `${amount}${unit}`);
const size = fc
  .tuple(fc.integer({ min: 1, max: 999 }), fc.constantFrom("B", "KiB", "MiB", "GiB"))
  .map(([amount, unit]) => `${amount}${unit}`);
const count = fc.integer({ min: 1, max: 1_000_000 });

const streams: fc.Arbitrary<Args> = fc.record(
  {
    name: fc.constant("S"),
    region: fc.constantFrom("iad", "ams"),
    description: fc.string({ minLength: 1 }),
    subjects: fc.uniqueArray(fc.constantFrom("a", "b.*", "c.>"), { minLength: 1 }),
    retention: fc.constantFrom("limits", "interest", "workqueue"),
    storage: fc.constantFrom("file", "memory"),
    replicas: fc.constantFrom(1, 3, 5),
    maxAge: duration,
    maxBytes: size,
    maxMsgs: count,
    maxMsgSize: size,
    maxMsgsPerSubject: count,
    discard: fc.constantFrom("old", "new"),
    duplicateWindow: duration,
    denyDelete: fc.boolean(),
  },
  { requiredKeys: ["name"], noNullPrototype: true },
);
const consumers: fc.Arbitrary<Args> = fc.record(
  {
    name: fc.constant("C"),
    ackPolicy: fc.constantFrom("explicit", "all", "none"),
    ackWait: duration,
    backoff: fc.array(duration, { minLength: 1, maxLength: 4 }),
    maxDeliver: count,
    maxAckPending: count,
    filterSubjects: fc.uniqueArray(fc.constantFrom("a", "b", "c"), { minLength: 1 }),
    deliverSubject: fc.constant("d"),
    idleHeartbeat: duration,
  },
  { requiredKeys: ["name", "ackPolicy"], noNullPrototype: true },
);
const kinds: [string, typeof streamFields, fc.Arbitrary<Args>][] = [
  ["streams", streamFields, streams],
  ["consumers", consumerFields, consumers],
];

for (const [what, fields, args] of kinds) {
  describe(`the table of fields of ${what}`, () => {
    it("finds no difference in what it wrote itself, whatever the server leaves out as empty", () =>
      fc.assert(
        fc.property(args, (wanted) => {
          const found = Object.fromEntries(
            Object.entries(toWire(fields, wanted)).filter(([, value]) => value !== false && value !== 0),
          );
          assert.deepEqual(differences(fields, wanted, found), []);
          assert.deepEqual(fromWire(fields, found, wanted), wanted, "and a refresh keeps every text as it was written");
        }),
      ));

    it("brings any configuration to any other: unsets what is not asked for, keeps marks and unknown fields", () =>
      fc.assert(
        fc.property(args, args, (before, after) => {
          const merged = merge(fields, toWire(fields, after), {
            ...toWire(fields, before),
            newer_field: 1,
            metadata: { theirs: "x", "supercluster.nonce": "n" },
          });
          assert.deepEqual(differences(fields, after, merged), []);
          const metadata = merged.metadata as Record<string, string>;
          assert.deepEqual([merged.newer_field, metadata["supercluster.nonce"], metadata.theirs], [1, "n", undefined]);
        }),
      ));

    it("shows a refresh exactly what was changed by another client", () =>
      fc.assert(
        fc.property(args, args, (mine, theirs) => {
          const found = toWire(fields, theirs);
          assert.deepEqual(differences(fields, fromWire(fields, found, mine), found), []);
        }),
      ));
  });
}

describe("one filter subject", () => {
  const [one, list] = [
    { name: "C", ackPolicy: "explicit", filterSubject: "a" },
    { name: "C", ackPolicy: "explicit", filterSubjects: ["a"] },
  ];

  it("is the same by itself and in a list: nothing is written, and a refresh keeps it as it was", () => {
    for (const [mine, theirs] of [
      [one, list],
      [list, one],
    ] as const) {
      const found = toWire(consumerFields, theirs);
      assert.deepEqual(differences(consumerFields, mine, found), []);
      assert.deepEqual(changesOf(consumerFields, found, toWire(consumerFields, mine)), []);
      assert.deepEqual(fromWire(consumerFields, found, mine), mine);
    }
  });

  it("that another client changed is shown as it was written", () => {
    const found = toWire(consumerFields, { ...one, filterSubject: "b" });
    assert.deepEqual(fromWire(consumerFields, found, list), { ...list, filterSubjects: ["b"] });
    assert.deepEqual(differences(consumerFields, list, found), [
      { field: "filterSubjects", expected: ["a"], found: ["b"] },
    ]);
  });

  it("is sent in one spelling alone", () => {
    const sent = merge(
      consumerFields,
      toWire(consumerFields, { ...one, filterSubject: "b" }),
      toWire(consumerFields, list),
    );
    assert.deepEqual([sent.filter_subject, sent.filter_subjects], ["b", undefined]);
  });
});

describe("defaults that servers couple to other fields", () => {
  const window = (args: Args) => toWire(streamFields, { name: "S", ...args }).duplicate_window;
  const seconds = 1e9;

  it("remember message ids for two minutes, for maxAge where that is less, and not at all in a mirror", () => {
    assert.equal(window({}), 120 * seconds);
    assert.equal(window({ maxAge: "60s" }), 60 * seconds);
    assert.equal(window({ maxAge: "7d" }), 120 * seconds);
    assert.equal(window({ mirror: "ORIGIN" }), 0);
  });

  it("wait for an acknowledgement as long as the first backoff", () => {
    assert.equal(toWire(consumerFields, { name: "C", ackPolicy: "explicit", backoff: ["1s", "5s"] }).ack_wait, seconds);
    assert.equal(toWire(consumerFields, { name: "C", ackPolicy: "explicit" }).ack_wait, 30 * seconds);
    assert.equal(toWire(consumerFields, { name: "C", ackPolicy: "none" }).ack_wait, undefined);
  });
});

describe("requests to the JetStream API", () => {
  /** Answers after a moment, and counts. A double, because what is proved is how many are sent at once. */
  function counting(answer: () => Wire = () => ({})) {
    let inFlight = 0;
    const seen = { most: 0, sent: 0 };
    const connection = {
      request: async () => {
        seen.sent++;
        seen.most = Math.max(seen.most, ++inFlight);
        await new Promise((resolve) => setTimeout(resolve, 5));
        inFlight--;
        return { json: answer };
      },
    } as unknown as NatsConnection;
    return { connection, seen };
  }
  const many = Array.from({ length: 64 }, (_, index) => index);

  it("are at most four at a time where something may be changed, over all connections", async () => {
    const { connection, seen } = counting();
    const change = (over: NatsConnection) =>
      withWriteSlot(async () => (await read(over, "STREAM.INFO.S"), write(over, "STREAM.CREATE.S")));
    await Promise.all(many.map((index) => change(index % 2 ? connection : { ...connection })));
    assert.deepEqual(seen, { most: 4, sent: 128 });
  });

  it("are at most sixteen at a time where a refresh looks", async () => {
    const { connection, seen } = counting();
    await Promise.all(many.map(() => withReadSlot(() => read(connection, "STREAM.INFO.S"))));
    assert.deepEqual(seen, { most: 16, sent: 64 });
  });

  it("are sent again when the server refused for now, and not when it refused", async () => {
    let left = 2;
    const later = counting(() =>
      left-- > 0 ? { error: { code: 503, err_code: 10008, description: "temporarily unavailable" } } : {},
    );
    await write(later.connection, "STREAM.CREATE.S");
    assert.equal(later.seen.sent, 3);
    const never = counting(() => ({ error: { code: 400, err_code: 10065, description: "subjects overlap" } }));
    await assert.rejects(write(never.connection, "STREAM.CREATE.S"), (error: ApiError) => error.errCode === 10065);
    assert.equal(never.seen.sent, 1);
  });

  it("that change something are never sent again without an answer", async () => {
    let sent = 0;
    const silent = { request: () => (sent++, Promise.reject(new Error("timeout"))) } as unknown as NatsConnection;
    await assert.rejects(write(silent, "STREAM.CREATE.S"), /no answer to STREAM.CREATE.S/);
    assert.equal(sent, 1);
  });
});

describe("the readiness gate", () => {
  const region = (name: string, degraded = false) => ({
    name,
    servers: [`${name}-0`, `${name}-1`, `${name}-2`],
    clientUrls: [],
    degraded,
  });
  const servers = (...names: string[]) => names.flatMap((name) => region(name).servers);

  it("opens when every server is current", () => {
    assert.deepEqual(
      missing({ leader: "iad-0", size: 6, current: servers("iad", "ams") }, [region("iad"), region("ams")]),
      [],
    );
  });

  it("names what is missing", () => {
    assert.deepEqual(missing({ size: 0, current: [] }, [region("iad")]), [
      "no meta leader",
      "not current: iad-0, iad-1, iad-2",
    ]);
    assert.deepEqual(
      missing({ leader: "iad-0", size: 9, current: servers("iad") }, [
        region("iad"),
        region("ams", true),
        region("syd", true),
      ]),
      ["only 3 of 9 meta peers are current"],
    );
  });

  it("does not wait for a region that is known to be lost", () => {
    assert.deepEqual(
      missing({ leader: "iad-0", size: 9, current: servers("iad", "ams") }, [
        region("iad"),
        region("ams"),
        region("syd", true),
      ]),
      [],
    );
  });
});

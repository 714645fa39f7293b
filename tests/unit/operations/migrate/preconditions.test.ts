import assert from "node:assert/strict";
import type { ConsumerAsset } from "../../../../config/assets/asset";
import { lifted } from "../../../../operations/migrate/configurations";
import {
  type ObservedQueue,
  type SpecifiedQueue,
  roomOf,
  unmetPreconditions,
} from "../../../../operations/migrate/preconditions";
import { args, owner, queue } from "../../../support/work-queue";

describe("what stands against it", () => {
  const found = (change: Partial<ObservedQueue> = {}): ObservedQueue => ({
    config: queue,
    bytes: 1_000,
    mirrors: [],
    consumers: [],
    servers: { version: "2.14.9", level: 4, servers: [] },
    room: Infinity,
    ...change,
  });
  const durable = (deliverPolicy: string) =>
    ({
      account: "a",
      stream: "S",
      name: "worker",
      filterSubjects: [],
      spec: { mode: "pull", ackPolicy: "explicit", deliverPolicy },
    }) as unknown as ConsumerAsset;
  const wanted: SpecifiedQueue = { owner, args, durables: [durable("all")] };

  it("is nothing for a queue that is otherwise as specified, with its limits lifted or not", () => {
    assert.deepEqual(unmetPreconditions(found(), wanted), []);
    assert.deepEqual(unmetPreconditions(found({ config: lifted(queue), consumers: [{ name: "worker" }] }), wanted), []);
  });

  for (const [what, change, expected, want = wanted] of [
    ["servers before 2.14", { servers: { version: "2.12.1", level: 2 } }, /the oldest here is 2\.12\.1/],
    ["servers of an unknown version", { servers: undefined }, /no server reported its version/],
    ["sources", { config: { ...queue, sources: [{ name: "T" }] } }, /it has sources/],
    ["messages that run out by themselves", { config: { ...queue, allow_msg_ttl: true } }, /it has allow_msg_ttl/],
    [
      "a difference from what is specified",
      { config: { ...queue, max_msgs: 5 } },
      /maxMsgs differs from what is specified/,
    ],
    ["a mirror", { mirrors: ["COPY"] }, /copied by COPY/],
    [
      "another stream that collects from it",
      { consumers: [{ name: "x", sourcing: true, metadata: { "_nats.src.stream": "T" } }] },
      /copied by T/,
    ],
    ["a durable that is not specified", { consumers: [{ name: "other" }] }, /its durables other are not specified/],
    [
      "too little room",
      { room: 10 },
      /has room for 10 more bytes beside what its other streams reserve, and a second copy takes 1000/,
    ],
    [
      "a durable that would skip what is left",
      {},
      /would skip what is left to do/,
      { ...wanted, durables: [durable("new")] },
    ],
  ] as [string, Partial<ObservedQueue>, RegExp, SpecifiedQueue?][]) {
    it(`is ${what}`, () => assert.match(unmetPreconditions(found(change), want).join("\n"), expected));
  }

  it("is reported all at once", () =>
    assert.equal(unmetPreconditions(found({ mirrors: ["COPY"], room: 10, servers: undefined }), wanted).length, 3));
});

describe("room for a second copy of a queue", () => {
  const stream = (name: string, max_bytes: number, bytes: number) => ({
    config: { name, max_bytes, num_replicas: 3 },
    state: { bytes },
  });

  it("is what is neither in use nor reserved by other streams, which go on filling", () => {
    assert.equal(roomOf(460, 270, "JOBS", [stream("JOBS", 64, 60), stream("OTHER", 64, 30)]), 460 - 3 * (60 + 64));
    assert.equal(roomOf(460, 450, "JOBS", [stream("JOBS", 64, 60), stream("OTHER", 64, 30)]), 10);
    assert.equal(roomOf(460, 0, "JOBS", [stream("JOBS", 64, 10), stream("OTHER", -1, 20)]), 460 - 3 * (10 + 20));
  });

  it("is not bounded where the account has no limit", () =>
    assert.equal(roomOf(-1, 270, "JOBS", [stream("JOBS", 64, 60)]), Infinity));
});

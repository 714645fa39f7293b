import assert from "node:assert/strict";
import { deadLetterRules } from "../../../../config/rules/dead-letters";
import { type Case, itFinds, problemsAfter, pull, type Raw, stream } from "../../../support/rule-cases";

const keeping = (change: (tenant: Raw) => void) => (tenant: Raw) => {
  tenant.deadLetters = {};
  change(tenant);
};

const cases: Case[] = [
  [
    "dead letters of no durable",
    keeping((t) => {
      t.consumers = { tail: pull(["ORDERS"], { ackPolicy: "none" }) };
      t.users.worker.consumes = ["tail"];
    }),
    'tenants.shop.deadLetters: shop has no durable with ackPolicy "explicit"',
  ],
  [
    "a stream of a derived name",
    keeping((t) => (t.streams.REPLAYS = stream(["again.>"]))),
    'tenants.shop.streams.REPLAYS: "REPLAYS" is one of the streams that the account has by deadLetters',
  ],
  [
    "a durable of a derived name",
    keeping((t) => (t.consumers["JOBS-worker"] = pull(["ORDERS"]))),
    'tenants.shop.consumers.JOBS-worker: "JOBS-worker" is one of the consumers that the account has',
  ],
  [
    "a user of a derived name",
    keeping((t) => (t.users["dead-letters"] = {})),
    'tenants.shop.users.dead-letters: "dead-letters" is one of the users that the account has by deadLetters',
  ],
  [
    "two durables whose replays have one name",
    keeping((t) => {
      t.streams["JOBS-late"] = stream(["late.>"]);
      t.consumers["late-worker"] = pull(["ORDERS"]);
      t.consumers["ORDERS-late"] = pull(["ORDERS"]);
      t.streams.ORDERS.mirrors = undefined;
      t.streams["ORDERS-ORDERS"] = stream(["twice.>"]);
      t.consumers.late = pull(["ORDERS-ORDERS"]);
    }),
    'tenants.shop.consumers.late: its replays would be read by durable "ORDERS-ORDERS-late" of REPLAYS, ' +
      "as those of ORDERS-late on ORDERS are; rename one of them",
  ],
  [
    "a stream that would store copies too",
    keeping((t) => (t.streams.ALL = stream(["dead.letters"]))),
    'tenants.shop.streams.ALL.subjects[0]: "dead.letters" overlaps "dead.>" of stream DEAD_LETTERS (10065)',
  ],
  [
    "an age of dead letters without a unit",
    (t) => (t.deadLetters = { maxAge: "30" }),
    'tenants.shop.deadLetters.maxAge: "30"',
  ],
];

describe("rules about dead letters", () => {
  itFinds(cases, deadLetterRules.length);

  it("accept a tenant that keeps them, and one that has streams of these names without", () => {
    assert.deepEqual(
      problemsAfter((t) => (t.deadLetters = { maxAge: "1h", maxBytes: "10MiB" })),
      [],
    );
    assert.deepEqual(
      problemsAfter((t) => (t.streams.REPLAYS = stream(["again.>"]))),
      [],
    );
  });
});

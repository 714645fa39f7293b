import assert from "node:assert/strict";
import { copyRules } from "../../../../config/rules/copies";
import { type Case, itFinds, problemsAfter, type Raw, stream } from "../../../support/rule-cases";

const mirror = (tenant: string, name: string, change: object = {}) =>
  stream([], { mirror: { tenant, name }, maxAge: "7d", ...change });

/** Billing copies shop's orders, and of its carts the paid ones. */
const shared = (t: Raw, e: Raw, all: Raw) => {
  t.streams.CARTS = stream(["carts.>"]);
  t.exports = { copies: { ORDERS: { to: ["billing"] }, CARTS: { to: ["billing"], subjects: ["carts.paid.*"] } } };
  all.billing = {
    ...{ name: "billing", home: "iad", consumers: {}, users: {} },
    streams: {
      ORDERS: mirror("shop", "ORDERS"),
      PAID: stream(["bills.>"], { sources: [{ tenant: "shop", name: "CARTS", filterSubject: "carts.paid.*" }] }),
    },
  };
  e.jetstream.jetstream.push("billing");
};
const after =
  (change: (t: Raw, billing: Raw, all: Raw, e: Raw) => void) =>
  (t: Raw, e: Raw, all: Raw): void => {
    shared(t, e, all);
    change(t, all.billing, all, e);
  };

const copies = "tenants.shop.exports.copies";
const cases: Case[] = [
  [
    "an export of a stream that is not there",
    after((t) => (t.exports.copies.ORDER = { to: ["billing"] })),
    `${copies}.ORDER: "ORDER" is not a stream of shop; did you mean "ORDERS"?`,
  ],
  [
    "an export of a mirror",
    after((t) => (t.exports.copies["ORDERS-ams"] = { to: ["billing"] })),
    `${copies}.ORDERS-ams: "ORDERS-ams" is a mirror of ORDERS, and a copy of it would be behind both`,
  ],
  [
    "an export of a work queue",
    after((t) => (t.exports.copies.JOBS = { to: ["billing"] })),
    `${copies}.JOBS: JOBS has retention "workqueue", and a copy counts as a consumer of it`,
  ],
  [
    "an export of a stream whose consumers are limited",
    after((t) => {
      t.streams.SLOW = stream(["slow"], { consumerLimits: { maxAckPending: 5 } });
      t.exports.copies.SLOW = { to: ["billing"] };
    }),
    `${copies}.SLOW: servers apply SLOW's consumerLimits.maxAckPending to the consumer that copies it`,
  ],
  [
    "an export of what is copied from another tenant, by way of a stream of its own",
    after((_, b) => {
      b.streams.ALL = stream([], { sources: ["ORDERS"] });
      b.exports = { copies: { ALL: { to: "all" } } };
    }),
    "tenants.billing.exports.copies.ALL: ALL has messages of shop, who says who may copy them",
  ],
  [
    "subjects that the stream has not",
    after((t) => t.exports.copies.CARTS.subjects.push("cards.>")),
    `${copies}.CARTS.subjects: "cards.>" is not among the subjects of CARTS; write a part of carts.>`,
  ],
  [
    "an export to a tenant that is not there",
    after((t) => t.exports.copies.ORDERS.to.push("biling")),
    `${copies}.ORDERS.to[1]: "biling" is not a tenant; did you mean "billing"?`,
  ],
  [
    "an export to itself",
    after((t) => t.exports.copies.ORDERS.to.push("shop")),
    `${copies}.ORDERS.to[1]: "shop" is this tenant itself`,
  ],
  [
    "a copy of a tenant that is not there",
    after((_, b) => (b.streams.ORDERS.mirror.tenant = "shops")),
    'tenants.billing.streams.ORDERS.mirror.tenant: "shops" is not a tenant; did you mean "shop"?',
  ],
  [
    "a copy of its own stream by the tenant's name",
    after((_, b) => (b.streams.MORE = stream([], { sources: [{ tenant: "billing", name: "PAID" }] }))),
    'tenants.billing.streams.MORE.sources[0].tenant: "billing" is this tenant itself; leave tenant out',
  ],
  [
    "a copy of what is not exported",
    after((_, b) => (b.streams.JOBS = mirror("shop", "JOBS"))),
    'tenants.billing.streams.JOBS.mirror.name: "JOBS" is not a stream that shop lets billing copy; ',
  ],
  [
    "a copy of what is exported to others",
    after((t, _, all, e) => {
      t.exports.copies.ORDERS.to = ["press"];
      all.press = { ...all.billing, name: "press", streams: {} };
      e.jetstream.jetstream.push("press");
    }),
    'tenants.billing.streams.ORDERS.mirror.name: "ORDERS" may be copied by press only; ' +
      'add "billing" to tenants.shop.exports.copies.ORDERS.to',
  ],
  [
    "a copy of more than may be copied",
    after((_, b) => delete b.streams.PAID.sources[0].filterSubject),
    "tenants.billing.streams.PAID.sources[0]: only carts.paid.* of shop's CARTS may be copied",
  ],
  [
    "a copy of a tenant that leaves",
    after((t, b) => {
      t.state = "leaving";
      delete b.streams.PAID;
    }),
    "tenants.billing.streams.ORDERS.mirror: shop is leaving, and its streams are deleted",
  ],
  [
    "a copy by a durable",
    after((_, b) => {
      const consumer = { name: "x", deliverSubject: "y" };
      b.streams.MORE = stream([], { sources: [{ tenant: "shop", name: "ORDERS", consumer }] });
    }),
    "tenants.billing.streams.MORE.sources[0].consumer: is no part of a copy across accounts",
  ],
  [
    "a mirror that is a work queue",
    after((_, b) => (b.streams.ORDERS.retention = "workqueue")),
    'tenants.billing.streams.ORDERS.retention: "workqueue" deletes from a mirror what its origin still holds',
  ],
  [
    "a mirror that would stop at its limit",
    after((_, b) => (b.streams.ORDERS.discard = "new")),
    'tenants.billing.streams.ORDERS.discard: "new" would stop a mirror at its limit for good; write "old"',
  ],
  [
    "a mirror of a mirror in another region",
    after((_, b) => (b.streams.ORDERS.mirrors = { ams: { maxAge: "7d", maxBytes: "1GiB" } })),
    "tenants.billing.streams.ORDERS.mirrors: ams would be a mirror of a mirror, behind both",
  ],
];

describe("rules about copies across accounts", () => {
  it("accept what fits on both sides", () => assert.deepEqual(problemsAfter(shared), []));
  // Beside those, streams of one name in a circle.
  itFinds(cases, copyRules.length - 1);

  it("refuse streams of one name that are copied in a circle at each end, which servers would not load", () => {
    const found = problemsAfter(
      after((t, b) => {
        b.streams = { ORDERS: stream(["bills.>"]), THEIRS: mirror("shop", "ORDERS") };
        b.exports = { copies: { ORDERS: { to: ["shop"] } } };
        t.streams.BILLS = mirror("billing", "ORDERS");
      }),
    );
    assert.deepEqual(
      found.map((line) => line.split(", if only")[0]),
      [
        'tenants.shop.streams.BILLS.mirror: billing copies a stream "ORDERS" of shop',
        'tenants.billing.streams.THEIRS.mirror: shop copies a stream "ORDERS" of billing',
      ],
    );
  });

  it("find what holds for every copy in those of other accounts too, all at once", () => {
    const found = problemsAfter(
      after((t, b) => {
        t.streams.CARTS.maxMsgSize = "2MiB";
        b.streams.PAID.maxMsgSize = "1MiB";
        b.streams.ORDERS.subjects = ["orders.own"];
        b.streams.ORDERS.mirror.filterSubject = "nothing.>";
        b.streams.ORDERS.maxBytes = "1000GiB";
        b.streams.PAID.home = "xyz";
      }),
    );
    assert.deepEqual(
      found.map((line) => line.split(": ")[0]),
      [
        "environments.test.storage.file",
        "tenants.billing.streams.ORDERS.subjects",
        "tenants.billing.streams.PAID.home",
        "tenants.billing.streams.ORDERS.maxBytes",
        "tenants.billing.streams.ORDERS.mirror.filterSubject",
        "tenants.billing.streams.PAID.sources[0]",
      ],
    );
  });
});

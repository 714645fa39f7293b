import assert from "node:assert/strict";
import { sharingRules } from "../../../../config/rules/sharing";
import { type Case, itFinds, problemsAfter, type Raw, shop, stream } from "../../../support/rule-cases";

/** Another tenant, with a stream and a user. */
const billing = () => ({
  ...{ name: "billing", home: "iad", streams: { BILLS: stream(["bills.>"]) } as Raw, consumers: {} },
  users: { clerk: { publishes: ["bills.>"] } } as Raw,
});

/** Shop shares a stream and a service with billing, which imports both. */
const shared = (t: Raw, e: Raw, all: Raw) => {
  t.users.pricer = { responds: { service: "price", endpoints: ["price.get"] } };
  t.exports = { streams: { "orders.paid.*": { to: ["billing"] } }, services: { "price.get": { to: "all" } } };
  all.billing = billing();
  all.billing.imports = { shop: { streams: ["orders.paid.*"], services: ["price.get"] } };
  all.billing.users.clerk = { subscribes: ["shop.orders.paid.*"], requests: ["shop.price.get"] };
  e.jetstream.jetstream.push("billing");
};
const after =
  (change: (t: Raw, billing: Raw, e: Raw) => void) =>
  (t: Raw, e: Raw, all: Raw): void => {
    shared(t, e, all);
    change(t, all.billing, e);
  };

const cases: Case[] = [
  [
    "an export of what is the servers' own",
    after((t) => (t.exports.streams["$JS.EVENT.>"] = { to: "all" })),
    'tenants.shop.exports.streams["$JS.EVENT.>"]: "$JS.EVENT.>" includes subjects of servers',
  ],
  [
    "an export to a tenant that is not there",
    after((t) => t.exports.streams["orders.paid.*"].to.push("biling")),
    'tenants.shop.exports.streams["orders.paid.*"].to[1]: "biling" is not a tenant; did you mean "billing"?',
  ],
  [
    "an export to itself",
    after((t) => t.exports.streams["orders.paid.*"].to.push("shop")),
    'tenants.shop.exports.streams["orders.paid.*"].to[1]: "shop" is this tenant itself',
  ],
  [
    "exports that overlap",
    after((t) => (t.exports.streams["orders.*.eu"] = { to: "all" })),
    'tenants.shop.exports.streams["orders.*.eu"]: overlaps the stream "orders.paid.*"',
  ],
  [
    "an export of what another tenant exports",
    after((_, b) => (b.exports = { streams: { "shop.orders.>": { to: "all" } } })),
    'tenants.billing.exports.streams["shop.orders.>"]: "shop.orders.>" is imported from shop',
  ],
  [
    "a service on a subject that a stream stores",
    after((t) => {
      t.users.pricer.responds.endpoints = ["price.get", "quotes.get"];
      t.streams.QUOTES = stream(["quotes.old"]);
      t.exports.services["quotes.*"] = { to: "all" };
    }),
    'tenants.shop.exports.services["quotes.*"]: "quotes.*" is stored by QUOTES',
  ],
  [
    "a service on which no user answers",
    after((t) => (t.exports.services["price.list"] = { to: "all" })),
    'tenants.shop.exports.services["price.list"]: no user of shop answers on it',
  ],
  [
    "an import from a tenant that is not there",
    after((_, b) => (b.imports.shops = { streams: ["orders.paid.*"] })),
    'tenants.billing.imports.shops: "shops" is not a tenant; did you mean "shop"?',
  ],
  [
    "an import from itself",
    after((_, b) => (b.imports.billing = { streams: ["bills.>"] })),
    'tenants.billing.imports.billing: "billing" is this tenant itself',
  ],
  [
    "an import of nothing",
    after((_, b) => {
      delete b.users.clerk;
      b.imports.shop = { prefix: "market" };
    }),
    "tenants.billing.imports.shop: imports nothing",
  ],
  [
    "an import of what is not exported",
    after((_, b) => b.imports.shop.streams.push("orders.open.*")),
    'tenants.billing.imports.shop.streams[1]: "orders.open.*" is no stream that shop exports; ' +
      "export it there, or write one of: orders.paid.*",
  ],
  [
    "an import of more than is exported",
    after((_, b) => (b.imports.shop.streams[0] = "orders.>")),
    'tenants.billing.imports.shop.streams[0]: "orders.>" is no stream that shop exports',
  ],
  [
    "an import of a service as a stream",
    after((_, b) => {
      delete b.users.clerk.requests;
      b.imports.shop = { streams: ["orders.paid.*", "price.get"] };
    }),
    'tenants.billing.imports.shop.streams[1]: "price.get" is exported by shop as a service; write it in services',
  ],
  [
    "imports that are the same here",
    after((_, b) => b.imports.shop.streams.push("orders.paid.eu")),
    'tenants.billing.imports.shop.streams[1]: is "shop.orders.paid.eu" here, as is "orders.paid.*" of shop',
  ],
  [
    "an import that a stream stores",
    after((_, b) => (b.streams.ALL = stream(["shop.orders.>"]))),
    'tenants.billing.imports.shop.streams[0]: is "shop.orders.paid.*" here, which stream ALL of billing stores',
  ],
  [
    "an import with the prefix of failovers",
    after((_, b) => {
      b.users = {};
      b.imports.shop = { prefix: "fo", streams: ["orders.paid.*"] };
    }),
    "tenants.billing.imports.shop.streams[0]: has the prefix of streams that have failed over",
  ],
  [
    "an import on subjects that a user publishes to",
    after((_, b) => (b.users.other = { publishes: ["shop.orders.paid.eu"] })),
    'tenants.billing.imports.shop.streams[0]: is "shop.orders.paid.*" here, which is used by ' +
      "user other (shop.orders.paid.eu)",
  ],
  [
    "a user that hears what is not imported",
    after((_, b) => b.users.clerk.subscribes.push("shop.orders.open.*")),
    'tenants.billing.users.clerk.subscribes[1]: "shop.orders.open.*" is no stream that is imported from shop',
  ],
];

describe("rules about sharing", () => {
  itFinds(cases, sharingRules.length);

  it("accept what fits on both sides, each way", () =>
    assert.deepEqual(
      problemsAfter((t, e, all) => {
        shared(t, e, all);
        all.billing.exports = { streams: { "bills.sent": { to: ["shop"] } } };
        t.imports = { billing: { prefix: "books", streams: ["bills.sent"] } };
        t.users.api.subscribes = ["books.bills.sent"];
      }),
      [],
    ));

  it("say to whom a subject is exported, where it is not to this one", () =>
    assert.deepEqual(
      problemsAfter((t, e, all) => {
        shared(t, e, all);
        t.exports.streams["orders.paid.*"].to = ["press"];
        all.press = { ...shop(), name: "press" };
        e.jetstream.jetstream.push("press");
      }),
      [
        'tenants.billing.imports.shop.streams[0]: "orders.paid.*" is exported by shop to press only; ' +
          'add "billing" to tenants.shop.exports.streams["orders.paid.*"].to',
      ],
    ));

  it("refuse a circle of exports at both ends", () => {
    const found = problemsAfter((t, e, all) => {
      shared(t, e, all);
      t.exports.streams["billing.shop.>"] = { to: "all" };
      t.imports = { billing: { streams: ["shop.orders.paid.*"] } };
      all.billing.exports = { streams: { "shop.orders.paid.*": { to: "all" } } };
    });
    assert.equal(found.length, 2, found.join("\n"));
    assert.match(found[0]!, /^tenants\.shop\.exports.*"billing\.shop\.>" is imported from billing/);
    assert.match(found[1]!, /^tenants\.billing\.exports.*"shop\.orders\.paid\.\*" is imported from shop/);
  });

  it("find all mistakes of both sides at once", () => {
    const found = problemsAfter((t, e, all) => {
      shared(t, e, all);
      t.exports.streams["orders.paid.*"].to.push("nobody");
      t.exports.services.stock = { to: "all" };
      all.billing.imports.shop.services = ["price.gt"];
      all.billing.imports.nobody = { streams: ["a"] };
    });
    assert.deepEqual(
      found.map((line) => line.split(": ")[0]),
      [
        'tenants.shop.exports.streams["orders.paid.*"].to[1]',
        "tenants.shop.exports.services.stock",
        "tenants.billing.imports.nobody",
        "tenants.billing.imports.shop.services[0]",
        "tenants.billing.users.clerk.requests[0]",
      ],
    );
  });
});

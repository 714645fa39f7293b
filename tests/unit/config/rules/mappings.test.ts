import assert from "node:assert/strict";
import { mappingRules } from "../../../../config/rules/mappings";
import { type Case, itFinds, problemsAfter, type Raw, stream } from "../../../support/rule-cases";

/** JOBS, without a mirror, stores both; `price.get` is asked. */
const mapped = (t: Raw) => {
  t.users.api.requests = ["price.get"];
  t.mappings = {
    "jobs.new.*": [{ to: "jobs.next.{{wildcard(1)}}", weight: 30 }],
    "price.get": [{ to: "price.next", weight: 100, region: "ams" }],
  };
};
const after =
  (change: (t: Raw, e: Raw, all: Raw) => void) =>
  (t: Raw, e: Raw, all: Raw): void => {
    mapped(t);
    change(t, e, all);
  };
const at = 'tenants.shop.mappings["jobs.new.*"]';

const cases: Case[] = [
  [
    "a mapping of what is the clients' own",
    after((t) => {
      t.users.api.allow = { publish: ["_INBOX.x"] };
      t.mappings["_INBOX.x"] = [{ to: "x", weight: 1 }];
    }),
    'tenants.shop.mappings["_INBOX.x"]: "_INBOX.x" includes subjects of servers, clients or derived streams',
  ],
  [
    "mappings that overlap",
    after((t) => (t.mappings["jobs.new.eu"] = [{ to: "jobs.eu", weight: 1 }])),
    'tenants.shop.mappings["jobs.new.eu"]: overlaps the mapping of "jobs.new.*"',
  ],
  [
    "a mapping of a subject that has lanes",
    after((t) => {
      t.streams.SMS = stream(["sms"]);
      t.consumers.sender = { ...t.consumers.worker, streams: ["SMS"], filterSubjects: ["sms"] };
      t.users.api.publishes.push("sms");
      t.lanes = { sms: { high: 2, normal: 1 } };
      t.mappings.sms = [{ to: "sms.high", weight: 10 }];
    }),
    'tenants.shop.mappings.sms: "sms" has lanes or a route',
  ],
  [
    "a mapping of what is not published",
    after((t) => (t.mappings["price.gte"] = [{ to: "price.other", weight: 1 }])),
    'tenants.shop.mappings["price.gte"]: no user of shop publishes or asks on "price.gte"',
  ],
  [
    "a destination that is none",
    after((t) => (t.mappings["jobs.new.*"][0].to = "jobs.next.{{wildcard(2)}}")),
    `${at}[0].to: "jobs.next.{{wildcard(2)}}" has {{wildcard(2)}}, and its source has 1 "*"`,
  ],
  [
    "a destination that is the subject itself",
    after((t) => t.mappings["jobs.new.*"].push({ to: "jobs.new.{{wildcard(1)}}", weight: 1 })),
    `${at}[1].to: "jobs.new.*" is the subject itself`,
  ],
  [
    "a destination twice",
    after((t) => t.mappings["price.get"].push({ to: "price.next", weight: 1 })),
    'tenants.shop.mappings["price.get"][1].to: "price.next" stands in this list already',
  ],
  [
    "a destination that is mapped",
    after((t) => t.mappings["price.get"].push({ to: "price.now", weight: 1 }) && mapPriceNow(t)),
    'tenants.shop.mappings["price.get"][1].to: "price.now" is mapped too, by "price.now"',
  ],
  [
    "a region that is not there",
    after((t) => (t.mappings["price.get"][0].region = "amz")),
    'tenants.shop.mappings["price.get"][0].region: "amz" is not a region of the environment; did you mean "ams"?',
  ],
  [
    "weights over 100",
    after((t) => t.mappings["jobs.new.*"].push({ to: "jobs.other.{{wildcard(1)}}", weight: 71 })),
    `${at}: weights without a region are 101 percent together`,
  ],
  [
    "a mapping of what may fail over",
    after((t) => (t.mappings["orders.new"] = [{ to: "jobs.order", weight: 1 }])),
    'tenants.shop.mappings["orders.new"]: "orders.new" is stored by ORDERS, which has mirrors',
  ],
  [
    "a destination that no stream stores",
    after((t) => (t.mappings["jobs.new.*"][0].to = "next.{{wildcard(1)}}")),
    `${at}[0].to: "next.*" is stored by no stream, and "jobs.new.*" by JOBS`,
  ],
  [
    "an answer that a stream would give",
    after((t) => (t.mappings["price.get"][0].to = "jobs.price")),
    'tenants.shop.mappings["price.get"][0].to: "jobs.price" is stored by JOBS, and "price.get" by none',
  ],
  [
    "a mapping of what is imported",
    after((t, e, all) => {
      all.billing = {
        ...{ name: "billing", home: "iad", streams: {}, consumers: {} },
        users: { clerk: { responds: { service: "bills", endpoints: ["list"] } } },
        exports: { services: { list: { to: ["shop"] } } },
      };
      e.jetstream.jetstream.push("billing");
      t.imports = { billing: { services: ["list"] } };
      t.users.api.requests.push("billing.list");
      t.mappings["billing.list"] = [{ to: "local.list", weight: 1 }];
    }),
    'tenants.shop.mappings["billing.list"]: "billing.list" is imported from billing',
  ],
];

const mapPriceNow = (t: Raw) => {
  t.users.api.requests.push("price.now");
  t.mappings["price.now"] = [{ to: "price.later", weight: 1 }];
};

describe("rules about mappings", () => {
  itFinds(cases, mappingRules.length);

  it("accept parts by weight, for all and for a region", () => assert.deepEqual(problemsAfter(mapped), []));

  it("find all mistakes at once", () =>
    assert.deepEqual(
      problemsAfter((t) => {
        mapped(t);
        t.mappings["jobs.new.*"] = [
          { to: "jobs.*", weight: 60 },
          { to: "jobs.x", weight: 60, region: "mars" },
        ];
        t.mappings["a.b"] = [{ to: "fo.x", weight: 0 }];
      }).map((line) => line.split(": ")[0]),
      ['tenants.shop.mappings["a.b"][0].weight', `${at}[0].to`, `${at}[1].region`],
    ));
});

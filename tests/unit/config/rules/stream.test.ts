import assert from "node:assert/strict";
import { assetsOf } from "../../../../config/assets/assets";
import { streamArgumentRules } from "../../../../config/rules/arguments/stream";
import { streamRules } from "../../../../config/rules/stream";
import {
  type Case,
  itFinds,
  kubernetes,
  local,
  problemsAfter,
  pull,
  type Raw,
  shop,
  stream,
} from "../../../support/rule-cases";

const cases: Case[] = [
  [
    "the canary's stream",
    (t) => {
      t.streams.CANARY = stream(["birds.>"]);
    },
    "tenants.shop.streams.CANARY: ",
  ],
  [
    "a stream's home that is no region",
    (t) => (t.streams.JOBS.home = "lhr"),
    'tenants.shop.streams.JOBS.home: "lhr" is not a region',
  ],
  [
    "an age in the wrong unit",
    (t) => {
      t.streams.JOBS.maxAge = "86ms";
    },
    'tenants.shop.streams.JOBS.maxAge: "86ms" is below the minimum of 100ms (10052); ' +
      "write another unit, or 100ms or more",
  ],
  [
    "a mirror's age in the wrong unit",
    (t) => (t.streams.ORDERS.mirrors.ams.maxAge = "9ms"),
    'tenants.shop.streams.ORDERS.mirrors.ams.maxAge: "9ms" is below the minimum of 100ms',
  ],
  [
    "a mirror whose age is not limited",
    (t) => (t.streams.ORDERS.mirrors.ams.maxAge = "0s"),
    'tenants.shop.streams.ORDERS.mirrors.ams.maxAge: "0s" means no limit',
  ],
  ["no bytes", (t) => (t.streams.JOBS.maxBytes = "0B"), 'tenants.shop.streams.JOBS.maxBytes: "0B" means no limit'],
  [
    "more bytes than a server has",
    (t) => Object.assign(t.streams.ORDERS, { maxBytes: "200GiB", replicas: 1 }),
    'tenants.shop.streams.ORDERS.maxBytes: "200GiB" is more than a server has (90GiB of file) (10047)',
  ],
  [
    "a window longer than the age",
    (t) => (t.streams.ORDERS.duplicateWindow = "8d"),
    'tenants.shop.streams.ORDERS.duplicateWindow: "8d" is longer than maxAge (7d) (10052); write "7d" or less',
  ],
  [
    "a window in the wrong unit",
    (t) => (t.streams.ORDERS.duplicateWindow = "2ms"),
    'tenants.shop.streams.ORDERS.duplicateWindow: "2ms" is below the minimum of 100ms',
  ],
  [
    "JetStream's subjects",
    (t) => t.streams.ORDERS.subjects.push("$JS.API.>"),
    'tenants.shop.streams.ORDERS.subjects[1]: "$JS.API.>" includes subjects of the servers',
  ],
  [
    "the system's subjects",
    (t) => t.streams.ORDERS.subjects.push("$SYS.x"),
    "tenants.shop.streams.ORDERS.subjects[1]: ",
  ],
  ["inboxes", (t) => t.streams.ORDERS.subjects.push("_INBOX_api.>"), "tenants.shop.streams.ORDERS.subjects[1]: "],
  [
    "subjects of two streams",
    (t) => t.streams.JOBS.subjects.push("orders.new"),
    'tenants.shop.streams.JOBS.subjects[1]: "orders.new" overlaps "orders.>" of stream ORDERS (10065)',
  ],
  [
    "subjects of one stream",
    (t) => t.streams.JOBS.subjects.push("jobs.*"),
    'tenants.shop.streams.JOBS.subjects[1]: "jobs.*" overlaps "jobs.>" of the same stream (10052)',
  ],
  [
    "the canary's subjects",
    (t) => t.streams.JOBS.subjects.push("canary.>"),
    'tenants.shop.streams.JOBS.subjects[1]: "canary.>" overlaps "canary.shop.>" of stream CANARY (10065)',
  ],
  [
    "nothing to hold",
    (t) => (t.streams.JOBS.subjects = []),
    "tenants.shop.streams.JOBS.subjects: is empty: " +
      'the stream has no subjects and no sources, so JetStream would take "JOBS" as its subject; ' +
      'write e.g. ["jobs.>"]',
  ],
  [
    "interest without a consumer",
    (t) => (t.streams.LOGS = stream(["logs.>"], { retention: "interest" })),
    'tenants.shop.streams.LOGS.retention: "interest" keeps only what durables wait for, and LOGS has none',
  ],
  [
    "fewer durables than there are",
    (t) => (t.streams.ORDERS.maxConsumers = 1),
    "tenants.shop.streams.ORDERS.maxConsumers: 1 is less than the number of its durables " +
      "(biller, mailer) (10026); write 2",
  ],
  [
    "an unknown source",
    (t) => (t.streams.ALL = stream([], { sources: ["ORDRES"] })),
    'tenants.shop.streams.ALL.sources[0]: "ORDRES" is not a stream of shop; did you mean "ORDERS"?',
  ],
  [
    "a source that limits what its consumers have pending",
    (t) => {
      t.streams.JOBS.consumerLimits = { maxAckPending: 1_000 };
      t.streams.ALL = stream([], { sources: ["JOBS"] });
    },
    "tenants.shop.streams.ALL.sources[0]: servers apply JOBS's consumerLimits.maxAckPending to the consumer",
  ],
  [
    "a source's filter about nothing",
    (t) => (t.streams.ALL = stream([], { sources: [{ name: "ORDERS", filterSubject: "order.>" }] })),
    'tenants.shop.streams.ALL.sources[0].filterSubject: "order.>" matches no subject of ORDERS; write one of orders.>',
  ],
  [
    "an age beyond what servers count",
    (t) => (t.streams.ORDERS.maxAge = "365000d"),
    'tenants.shop.streams.ORDERS.maxAge: "365000d" is more than a duration can be; ' +
      'write "36500d" or less, or "unlimited"',
  ],
  [
    "messages above what servers take",
    (t) => (t.streams.ORDERS.maxMsgSize = "9MiB"),
    'tenants.shop.streams.ORDERS.maxMsgSize: "9MiB" is more than servers accept of any message (maxPayload 8MiB); ' +
      'write "8MiB" or less',
  ],
  [
    "a source of another account, which nothing imports",
    (t) => (t.streams.ALL = stream([], { sources: [{ name: "SMS", external: { api: "irisx.API" } }] })),
    'tenants.shop.streams.ALL.sources[0].external: "irisx.API" is not an API that this account imports',
  ],
  [
    "a source's filter about what is renamed",
    (t) => {
      t.streams.OLD = stream(["old.*"], { subjectTransform: { src: "old.*", dest: "new.{{wildcard(1)}}" } });
      t.streams.ALL = stream([], { sources: [{ name: "OLD", filterSubject: "old.a" }] });
    },
    'tenants.shop.streams.ALL.sources[0].filterSubject: "old.a" is what OLD renames before it stores it ' +
      '(subjectTransform), so nothing would be collected; write "new.*"',
  ],
  [
    "a source with messages that are too large",
    (t) => {
      t.streams.ORDERS.maxMsgSize = "2MiB";
      t.streams.ALL = stream([], { maxMsgSize: "1MiB", sources: ["ORDERS"] });
    },
    'tenants.shop.streams.ALL.sources[0]: "ORDERS" holds messages of up to 2MiB, more than this stream\'s maxMsgSize ' +
      "(1MiB) (10046)",
  ],
  [
    "a stream that collects from its own mirror",
    (t) => (t.streams.ORDERS.sources = ["ORDERS-ams"]),
    `tenants.shop.streams.ORDERS.sources[0]: "ORDERS-ams" is itself copied from ORDERS, so messages would loop (10052)`,
  ],
];

describe("rules about a stream", () => {
  // Replicas and memory on Kubernetes have tests of their own.
  itFinds(cases, streamRules.length - streamArgumentRules.length - 2);

  it("find more replicas than the servers of the stream's own region", () => {
    const few = (_: Raw, e: Raw) => Object.assign(e, { servers: 3, byRegion: { iad: { servers: 1 } } });
    assert.deepEqual(
      problemsAfter(few, kubernetes()).map((problem) => problem.split(" (")[0]),
      ["ORDERS", "JOBS"].map((name) => `tenants.shop.streams.${name}.replicas: 3 is more than the 1 server of iad`),
    );
    const many = (t: Raw, e: Raw) => {
      Object.assign(e, { servers: 3, byRegion: { iad: { servers: 5 }, ams: { servers: 5 } } });
      for (const one of Object.values<Raw>(t.streams)) one.replicas = 5;
    };
    assert.deepEqual(problemsAfter(many, kubernetes()), []);
  });

  it("find more replicas than servers, but on Kubernetes only: a local region caps them", () => {
    assert.deepEqual(
      problemsAfter(() => undefined, { ...local(), servers: 1 }),
      [],
    );
    assert.deepEqual(
      problemsAfter(() => undefined, kubernetes()).map((problem) => problem.split(" is")[0]),
      ["tenants.shop.streams.ORDERS.replicas: 3", "tenants.shop.streams.JOBS.replicas: 3"],
    );
  });

  it("let a stream keep advisories, and two workers share a queue by filters", () => {
    assert.deepEqual(
      problemsAfter((t) => (t.streams.DLQ = stream(["$JS.EVENT.ADVISORY.CONSUMER.MAX_DELIVERIES.>"]))),
      [],
    );
    const split = (t: Raw) => {
      t.consumers.worker.filterSubjects = ["jobs.b.>"];
      t.consumers.second = pull(["JOBS"], { filterSubjects: ["jobs.a.>"] });
    };
    assert.deepEqual(problemsAfter(split), []);
  });

  it("find memory that one server keeps, but on Kubernetes only", () => {
    const alone = (t: Raw) => Object.assign(t.streams.JOBS, { replicas: 1 });
    assert.deepEqual(problemsAfter(alone), []);
    assert.deepEqual(problemsAfter(alone, { ...kubernetes(), servers: 3 }), [
      "tenants.shop.streams.JOBS.replicas: 1 in memory is lost with every restart of its server; " +
        'write 3, or storage: "file"',
    ]);
  });

  it("take what a stream collects or renames for its own, also for who reads it", () => {
    const collecting = (t: Raw) => {
      t.streams.ALL = stream([], {
        sources: ["ORDERS", { name: "JOBS", subjectTransforms: [{ src: "jobs.>", dest: "done.>" }] }],
      });
      t.streams.RENAMED = stream(["old.*"], { subjectTransform: { src: "old.*", dest: "new.{{wildcard(1)}}" } });
      t.consumers.reader = pull(["ALL", "RENAMED"], { filterSubjects: ["done.a", "new.a"] });
    };
    assert.deepEqual(problemsAfter(collecting), []);
    const tenant: Raw = shop();
    collecting(tenant);
    const found = assetsOf(local(), { shop: tenant }).consumers.filter(({ name }) => name === "reader");
    assert.deepEqual(
      found.map(({ stream, filterSubjects }) => [stream, filterSubjects]),
      [
        ["ALL", ["done.a", "new.a"]],
        ["RENAMED", ["new.a"]],
      ],
    );
  });

  it("let two streams take each other's own subjects, but not what they took", () => {
    const exchange = (filterSubject?: string) => (t: Raw) => {
      t.streams.WEST = stream(["west.>"], { sources: [{ name: "EAST", filterSubject: "east.>" }] });
      t.streams.EAST = stream(["east.>"], { sources: [{ name: "WEST", filterSubject }] });
    };
    assert.deepEqual(problemsAfter(exchange("west.>")), []);
    assert.deepEqual(
      problemsAfter(exchange()).map((problem) => problem.split(",")[0]),
      ['tenants.shop.streams.WEST.sources[0]: "EAST" is itself copied from WEST'],
    );
  });
});

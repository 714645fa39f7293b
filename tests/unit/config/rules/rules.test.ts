import assert from "node:assert/strict";
import { consumerArgs, streamArgs } from "../../../../jetstream/asset-args";
import { mistakes } from "../../../../components/jetstream/provider/check";
import { consumerKind, streamKind } from "../../../../jetstream/kinds";
import { assetsOf } from "../../../../config/assets/assets";
import { consumerRules } from "../../../../config/rules/consumer";
import { failoverKey } from "../../../../config/schema/failover";
import { InvalidInput } from "../../../../config/problems";
import { rules } from "../../../../config/rules/rules";
import type { LocalEnvironment } from "../../../../config/schema/settings";
import { streamRules } from "../../../../config/rules/stream";
import { transformMistake } from "../../../../config/subject-transform";
import { validateDeployment, validateSettings, validateTenants } from "../../../../config/rules/validate";
import { tenants } from "../../../../tenants";
import { localEnvironment } from "../../../support/accounts";
import { clusters, kubernetesEnvironment } from "../../../support/kubernetes";
import { exampleOf, plainConsumer, plainStream } from "../../../support/rule-examples";

/** A tenant with one of each, and nothing wrong. */
const shop = () => ({
  name: "shop",
  home: "iad",
  streams: {
    ORDERS: stream(["orders.>"], { mirrors: { ams: { maxAge: "7d", maxBytes: "1GiB" } } }),
    JOBS: stream(["jobs.>"], { retention: "workqueue", storage: "memory", maxBytes: "64MiB" }),
  },
  consumers: {
    biller: pull(["ORDERS"], {
      filterSubjects: ["orders.paid.>", "orders.open.>"],
      maxDeliver: 5,
      backoff: ["1s", "5s"],
    }),
    mailer: push(["ORDERS"], { flowControl: true, idleHeartbeat: "5s" }),
    worker: pull(["JOBS"]),
  },
  users: {
    api: { publishes: ["orders.>", "jobs.>"], requests: ["prices.get"] },
    worker: { consumes: ["worker", "biller", "mailer"] },
  },
});

const stream = (subjects: string[], change: object = {}) => ({
  subjects,
  retention: "limits",
  storage: "file",
  maxAge: "7d",
  maxBytes: "1GiB",
  discard: "old",
  replicas: 3,
  ...change,
});
const consumer = (streams: string[], change: object) => ({
  streams,
  ackPolicy: "explicit",
  deliverPolicy: "all",
  ...change,
});
const pull = (streams: string[], change: object = {}) => consumer(streams, { mode: "pull", ...change });
const push = (streams: string[], change: object = {}) =>
  consumer(streams, { mode: "push", deliverSubject: "mail.out", ...change });

// eslint-disable-next-line @typescript-eslint/no-explicit-any -- inputs of people have no type yet
type Raw = any;

const local = () => localEnvironment({ jetstream: { jetstream: ["shop"] } }) as Raw;
const { basePort: _, ...shared } = localEnvironment({ jetstream: { jetstream: ["shop"] }, servers: 1 });
const kubernetes = () =>
  ({ ...shared, target: "kubernetes", domain: "nats.example.com", kubernetes: { clusters } }) as Raw;

/** The problems of one tenant and its environment after a change. */
function problemsAfter(change: (tenant: Raw, environment: Raw, tenants: Raw) => void, environment = local()): string[] {
  const all: Raw = { shop: shop() };
  change(all.shop, environment, all);
  try {
    validateDeployment({ test: environment }, "test", all);
    return [];
  } catch (error) {
    assert.ok(error instanceof InvalidInput);
    return error.problems.map(({ path, message }) => `${path}: ${message}`);
  }
}

/** One broken rule each: what is wrong, how to get there, and the one problem that is told (its beginning). */
const cases: [string, (tenant: Raw, environment: Raw, tenants: Raw) => void, string][] = [
  ["a region twice", (_t, e) => e.regions.push("iad"), "environments.test.regions: iad is listed twice"],
  [
    "a server all alone",
    (t, e) => {
      Object.assign(e, { regions: ["ams"], servers: 1 });
      t.home = "ams";
      delete t.streams.ORDERS.mirrors;
    },
    "environments.test.servers: one server alone elects no JetStream leader",
  ],
  [
    "a lame duck that is too quick",
    (_t, e) => (e.lameDuck.duration = "20s"),
    'environments.test.lameDuck.duration: "20s" is under the servers\' minimum; write "30s"',
  ],
  [
    "a grace period that is too long",
    (_t, e) => (e.lameDuck.gracePeriod = "30s"),
    "environments.test.lameDuck.gracePeriod: ",
  ],
  ["messages above what servers take", (_t, e) => (e.maxPayload = "65MiB"), "environments.test.maxPayload: "],
  [
    "ports that do not exist",
    (_t, e) => (e.basePort = 65_000 - 10) && (e.regions = [...e.regions, ..."abcdefghijklmnopqrstuvwxyz"]),
    "environments.test.basePort: 29 regions",
  ],
  [
    "a CA that nobody trusts",
    (_t, e) => (e.authorities.peers = { trusted: [1], signing: 2 }),
    "environments.test.authorities.peers.signing: nobody would accept what generation 2 signs; write one of trusted (1), or add it there first",
  ],
  [
    "a CA twice",
    (_t, e) => (e.authorities.clients = { trusted: [1, 1], signing: 1 }),
    "environments.test.authorities.clients.trusted: 1, 1 has a generation twice",
  ],
  [
    "an unknown tenant in a stack",
    (_t, e) => e.jetstream.jetstream.push("shob"),
    'environments.test.jetstream.jetstream[1]: "shob" is no tenant; did you mean "shop"?',
  ],
  [
    "too little disk",
    (t) =>
      Object.assign(
        t.streams,
        Object.fromEntries(Array.from({ length: 5 }, (_, i) => [`S${i}`, stream([`s${i}.>`], { maxBytes: "20GiB" })])),
      ),
    'environments.test.storage.file: "90GiB" a server is less than the 101GiB that the streams and mirrors of iad reserve on each (10047)',
  ],
  [
    "too little memory",
    (_t, e) => (e.storage.memory = "64MiB"),
    'environments.test.storage.memory: "64MiB" a server is less than the 65MiB that the streams and mirrors of iad reserve on each (10028)',
  ],
  [
    "a tenant under another name",
    (t) => (t.name = "store"),
    'tenants.shop.name: "store" is not the key it stands under; write "shop"',
  ],
  [
    "the servers' own account",
    (_t, e, all) => {
      all.sys = { ...shop(), name: "sys" };
      e.jetstream.jetstream.push("sys");
    },
    'tenants.sys: "sys" is the servers\' own account',
  ],
  [
    "a loss that a tenant allows which stays",
    (t) => (t.allowDataLoss = [{ change: "delete", maxMessages: 1 }]),
    "tenants.shop.allowDataLoss: is for a tenant that is leaving",
  ],
  [
    "a tenant without a stack",
    (_t, _e, all) => {
      all.other = { ...shop(), name: "other" };
    },
    "tenants.other: is in no jetstream stack",
  ],
  [
    "a tenant in two stacks",
    (_t, e) => (e.jetstream["jetstream--team"] = ["shop"]),
    "tenants.shop: is in more than one place of environments.test.jetstream (jetstream, jetstream--team)",
  ],
  [
    "a home that is no region",
    (t) => (t.home = "add"),
    'tenants.shop.home: "add" is no region of the environment; did you mean "iad"? Known: iad, ams, syd',
  ],
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
    'tenants.shop.streams.JOBS.home: "lhr" is no region',
  ],
  [
    "an age in the wrong unit",
    (t) => {
      t.streams.JOBS.maxAge = "86ms";
    },
    'tenants.shop.streams.JOBS.maxAge: "86ms" is under 100ms (10052); was another unit meant?',
  ],
  [
    "a mirror's age in the wrong unit",
    (t) => (t.streams.ORDERS.mirrors.ams.maxAge = "9ms"),
    'tenants.shop.streams.ORDERS.mirrors.ams.maxAge: "9ms" is under 100ms',
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
    'tenants.shop.streams.ORDERS.duplicateWindow: "2ms" is under 100ms',
  ],
  [
    "JetStream's subjects",
    (t) => t.streams.ORDERS.subjects.push("$JS.API.>"),
    'tenants.shop.streams.ORDERS.subjects[1]: "$JS.API.>" takes in subjects of the servers',
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
    'tenants.shop.streams.JOBS.subjects: are none, and sources neither: JetStream would take "JOBS" for its subject; write e.g. ["jobs.>"]',
  ],
  [
    "interest of nobody",
    (t) => (t.streams.LOGS = stream(["logs.>"], { retention: "interest" })),
    'tenants.shop.streams.LOGS.retention: "interest" keeps what durables wait for, and LOGS has none',
  ],
  [
    "fewer durables than there are",
    (t) => (t.streams.ORDERS.maxConsumers = 1),
    "tenants.shop.streams.ORDERS.maxConsumers: 1 are less than its durables biller, mailer (10026); write 2",
  ],
  [
    "an unknown source",
    (t) => (t.streams.ALL = stream([], { sources: ["ORDRES"] })),
    'tenants.shop.streams.ALL.sources[0]: "ORDRES" is no stream of shop; did you mean "ORDERS"?',
  ],
  [
    "a source's filter about nothing",
    (t) => (t.streams.ALL = stream([], { sources: [{ name: "ORDERS", filterSubject: "order.>" }] })),
    'tenants.shop.streams.ALL.sources[0].filterSubject: "order.>" matches nothing of ORDERS; write one of orders.>',
  ],
  [
    "a stream that collects from its own mirror",
    (t) => (t.streams.ORDERS.sources = ["ORDERS-ams"]),
    "tenants.shop.streams.ORDERS.sources[0]: ORDERS-ams copies ORDERS in its turn, so messages would go round (10052)",
  ],
  [
    "a mirror in no region",
    (t) => (t.streams.ORDERS.mirrors.sin = { maxAge: "1d", maxBytes: "1GiB" }),
    'tenants.shop.streams.ORDERS.mirrors.sin: "sin" is no region',
  ],
  [
    "a mirror at home",
    (t) => (t.streams.ORDERS.mirrors.iad = { maxAge: "1d", maxBytes: "1GiB" }),
    "tenants.shop.streams.ORDERS.mirrors.iad: ORDERS is at home in iad itself",
  ],
  [
    "a mirror of a work queue",
    (t) => (t.streams.JOBS.mirrors = { ams: { maxAge: "1d", maxBytes: "64MiB" } }),
    "tenants.shop.streams.JOBS.mirrors.ams: a mirror takes messages out of a work queue",
  ],
  [
    "a mirror of interest",
    (t) => (t.streams.ORDERS.retention = "interest"),
    "tenants.shop.streams.ORDERS.mirrors.ams: a mirror is interest",
  ],
  [
    "a stream named as a mirror",
    (t) => (t.streams["ORDERS-ams"] = stream(["other.>"])),
    "tenants.shop.streams.ORDERS.mirrors.ams: the mirror's name is ORDERS-ams, which is a stream already (10058)",
  ],
  [
    "two mirrors of one name",
    (t, e) => {
      e.regions.push("b", "a-b");
      const mirrors = (region: string) => ({ mirrors: { [region]: { maxAge: "1d", maxBytes: "1GiB" } } });
      Object.assign(t.streams, { X: stream(["x.>"], mirrors("a-b")), "X-a": stream(["y.>"], mirrors("b")) });
    },
    "tenants.shop.streams.X-a.mirrors.b: another stream's mirror is called X-a-b too (10058)",
  ],
  [
    "the canary's durable",
    (t) => (t.consumers.canary = pull(["ORDERS"])),
    'tenants.shop.consumers.canary: "canary" is the name',
  ],
  [
    "an unknown stream",
    (t) => (t.consumers.mailer.streams = ["ORDRES"]),
    'tenants.shop.consumers.mailer.streams[0]: "ORDRES" is no stream of shop; did you mean "ORDERS"?',
  ],
  [
    "a stream twice",
    (t) => (t.consumers.mailer.streams = ["ORDERS", "ORDERS"]),
    'tenants.shop.consumers.mailer.streams[1]: "ORDERS" is listed twice',
  ],
  [
    "a stream that no filter is about",
    (t) =>
      Object.assign(t.consumers.mailer, { streams: ["ORDERS", "ORDERS-ams", "LOGS"], filterSubjects: ["orders.>"] }) &&
      (t.streams.LOGS = stream(["logs.>"])),
    "tenants.shop.consumers.mailer.streams[2]: none of the filters (orders.>) is about LOGS (logs.>)",
  ],
  [
    "a filter about nothing",
    (t) => t.consumers.biller.filterSubjects.push("order.>"),
    'tenants.shop.consumers.biller.filterSubjects[2]: "order.>" matches nothing of ORDERS',
  ],
  [
    "filters that overlap",
    (t) => t.consumers.biller.filterSubjects.push("orders.>"),
    'tenants.shop.consumers.biller.filterSubjects[2]: "orders.>" and "orders.paid.>" overlap (10138)',
  ],
  [
    "more waits than deliveries",
    (t) => (t.consumers.biller.maxDeliver = 1),
    "tenants.shop.consumers.biller.maxDeliver: 1 is less than the 2 waits of backoff (10116)",
  ],
  [
    "a wait that backoff replaces",
    (t) => (t.consumers.biller.ackWait = "30s"),
    'tenants.shop.consumers.biller.ackWait: "30s" is not backoff[0] (1s), which takes its place (10157); write "1s"',
  ],
  [
    "redelivery without acknowledgements",
    (t) => (t.consumers.biller.ackPolicy = "none"),
    'tenants.shop.consumers.biller.ackPolicy: "none" means that nothing is acknowledged or redelivered',
  ],
  [
    "the last of no subject",
    (t) => (t.consumers.mailer.deliverPolicy = "last_per_subject"),
    "tenants.shop.consumers.mailer.filterSubjects: ",
  ],
  [
    "a queue that is acknowledged in bulk",
    (t) => (t.consumers.worker.ackPolicy = "all"),
    "tenants.shop.consumers.worker.streams[0]: JOBS is a work queue and takes only ackPolicy",
  ],
  [
    "a queue from the middle",
    (t) => (t.consumers.worker.deliverPolicy = "new"),
    "tenants.shop.consumers.worker.streams[0]: JOBS is a work queue and takes only deliverPolicy",
  ],
  [
    "two workers on the same messages",
    (t) => (t.consumers.second = pull(["JOBS"], { filterSubjects: ["jobs.a"] })),
    "tenants.shop.consumers.second.streams[0]: JOBS is a work queue and worker takes the same messages (10099, 10100)",
  ],
  [
    "more replicas than the stream has",
    (t) => Object.assign(t.streams.ORDERS, { replicas: 1 }) && (t.consumers.mailer.replicas = 3),
    "tenants.shop.consumers.mailer.streams[0]: ORDERS has 1 replicas, this durable asks for 3 (10126)",
  ],
  [
    "more replicas than the mirror has",
    (t) =>
      Object.assign(t.streams.ORDERS, { replicas: 1 }) &&
      Object.assign(t.consumers.mailer, { replicas: 3, streams: ["ORDERS-ams"] }),
    "tenants.shop.consumers.mailer.streams[0]: ORDERS-ams has 1 replicas, this durable asks for 3 (10126)",
  ],
  [
    "fewer replicas than the work queue has",
    (t) => (t.consumers.worker.replicas = 1),
    'tenants.shop.consumers.worker.streams[0]: JOBS has 3 replicas and retention "workqueue": its durables need as many, not 1 (10134)',
  ],
  [
    "more to acknowledge than the stream allows",
    (t) => (t.streams.JOBS.consumerLimits = { maxAckPending: 500 }),
    "tenants.shop.consumers.worker.streams[0]: JOBS lets durables have maxAckPending 500, this one has the default, 1000 (10121); write 500 or less",
  ],
  [
    "a longer rest than the stream allows",
    (t) => {
      t.streams.JOBS.consumerLimits = { inactiveThreshold: "1h" };
      t.consumers.worker.inactiveThreshold = "2h";
    },
    'tenants.shop.consumers.worker.streams[0]: JOBS lets durables be unused for 1h, this one for 2h (10153); write inactiveThreshold: "1h" or less',
  ],
  [
    "no rest where the stream allows one",
    (t) => (t.streams.JOBS.consumerLimits = { inactiveThreshold: "1h" }),
    "tenants.shop.consumers.worker.streams[0]: JOBS lets durables be unused for 1h, this one says nothing (10157)",
  ],
  [
    "messages for nobody",
    (t) => t.users.worker.consumes.pop(),
    'tenants.shop.consumers.mailer.deliverSubject: no user may subscribe to "mail.out": nobody would get a message; name mailer in a user\'s "consumes"',
  ],
  [
    "flow control without a heartbeat",
    (t) => delete t.consumers.mailer.idleHeartbeat,
    "tenants.shop.consumers.mailer.flowControl: needs idleHeartbeat (10108)",
  ],
  [
    "a heartbeat in the wrong unit",
    (t) => (t.consumers.mailer.idleHeartbeat = "5ms"),
    'tenants.shop.consumers.mailer.idleHeartbeat: "5ms" is under 100ms (10083)',
  ],
  [
    "a deliver subject with a wildcard",
    (t) => (t.consumers.mailer.deliverSubject = "mail.*"),
    'tenants.shop.consumers.mailer.deliverSubject: "mail.*" has a wildcard (10079)',
  ],
  [
    "delivering into its own stream",
    (t) => (t.consumers.mailer.deliverSubject = "orders.mail"),
    'tenants.shop.consumers.mailer.deliverSubject: "orders.mail" is a subject of its own stream, which would store what it delivers (10081)',
  ],
  [
    "the administrator's name",
    (t) => (t.users.provisioner = {}),
    'tenants.shop.users.provisioner: every account has a user "provisioner"',
  ],
  ["the canary's name", (t) => (t.users.canary = {}), 'tenants.shop.users.canary: every account has a user "canary"'],
  [
    "two users who log in alike",
    (t, e, all) => {
      t.users["x-y"] = {};
      all["shop-x"] = { ...shop(), name: "shop-x", users: { y: { consumes: ["mailer"] } } };
      e.jetstream.jetstream.push("shop-x");
    },
    'tenants.shop-x.users.y: logs in as "shop-x-y", as user "x-y" of account "shop" does; rename one of them',
  ],
  [
    "an unknown durable",
    (t) => (t.users.worker.consumes[0] = "wroker"),
    'tenants.shop.users.worker.consumes[0]: "wroker" is no durable of shop; did you mean "worker"?',
  ],
  [
    "JetStream's requests as subjects",
    (t) => t.users.api.publishes.push("$JS.API.STREAM.INFO.ORDERS"),
    "tenants.shop.users.api.publishes[2]: ",
  ],
  ["another's inbox", (t) => (t.users.api.subscribes = ["_INBOX_worker.>"]), "tenants.shop.users.api.subscribes[0]: "],
  [
    "everything",
    (t) => (t.users.api.subscribes = [">"]),
    'tenants.shop.users.api.subscribes[0]: ">" takes in JetStream\'s whole API',
  ],
  [
    "the whole of JetStream's API",
    (t) => (t.users.api.allow = { publish: ["$JS.API.>"] }),
    "tenants.shop.users.api.allow.publish[0]: ",
  ],
  [
    "a question that a stream would answer",
    (t) => (t.users.worker.requests = ["orders.price"]),
    'tenants.shop.users.worker.requests[0]: "orders.price" is stored by a stream',
  ],
];

describe("rules", () => {
  it("find nothing in the four systems, in no environment", () => {
    const environment = localEnvironment();
    assert.deepEqual(Object.keys(validateTenants(tenants, environment)), Object.keys(tenants));
    validateTenants(tenants, kubernetesEnvironment());
  });

  it("find nothing in a tenant that has one of each", () =>
    assert.deepEqual(
      problemsAfter(() => undefined),
      [],
    ));

  for (const [what, change, expected] of cases) {
    it(`find ${what}, and only that`, () => {
      const found = problemsAfter(change);
      assert.equal(found.length, 1, found.join("\n"));
      assert.ok(found[0]!.startsWith(expected), found[0]);
    });
  }

  it("find more replicas than servers, but on Kubernetes only: a local region caps them", () => {
    assert.deepEqual(
      problemsAfter(() => undefined, { ...local(), servers: 1 }),
      [],
    );
    assert.deepEqual(
      problemsAfter(() => undefined, kubernetes()).map((problem) => problem.split(" are")[0]),
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
      'tenants.shop.streams.JOBS.replicas: 1 in memory is lost with every restart of its server; write 3, or storage: "file"',
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
      ["tenants.shop.streams.WEST.sources[0]: EAST copies WEST in its turn"],
    );
  });

  it("know a push durable's subscriber by what he subscribes to, too", () => {
    const subscribing = (user: object) => (t: Raw) => t.users.worker.consumes.pop() && Object.assign(t.users.api, user);
    assert.deepEqual(problemsAfter(subscribing({ subscribes: ["mail.*"] })), []);
    assert.deepEqual(problemsAfter(subscribing({ allow: { subscribe: ["mail.out"] } })), []);
  });

  it("let a durable of a small local region have as few replicas as its stream", () => {
    const tenant: Raw = shop();
    tenant.consumers.worker.replicas = 3;
    const { streams, consumers } = assetsOf({ ...local(), servers: 1 }, { shop: tenant });
    assert.deepEqual(
      [
        streams.find(({ name }) => name === "JOBS")!.spec.replicas,
        consumers.find(({ name }) => name === "worker")!.spec.replicas,
      ],
      [1, 1],
    );
  });

  it("about more than one stream or durable are all tried here", () => {
    const wider = rules.length - streamRules.length - consumerRules.length;
    // Replicas and memory on Kubernetes have tests of their own.
    assert.ok(cases.length + 2 >= wider, `${cases.length} cases for ${wider} rules`);
  });
});

describe("rules about one", () => {
  for (const [kind, rules, plain] of [
    [streamKind, streamRules, plainStream],
    [consumerKind, consumerRules, plainConsumer],
  ] as const) {
    describe(kind.what, () => {
      it(`find nothing in a ${kind.what} with what everyone has to give`, () =>
        assert.deepEqual(mistakes(kind, plain), []));

      for (const rule of rules) {
        const args = exampleOf(plain, rule);
        const failures = mistakes(kind, args);
        it(`refuse a resource whose ${failures[0]?.property} ${failures[0]?.reason}`, () => {
          assert.deepEqual(
            rules.filter((other) => other.findings(args as never).length),
            [rule],
            "only this rule finds something",
          );
          assert.equal(failures.length, 1, JSON.stringify(failures));
          assert.equal(failures[0]!.reason.includes(`(${rule.error})`), rule.error !== undefined);
        });
      }
    });
  }

  it("are told all at once, each at its property, when the schema finds nothing", () => {
    const wrong = {
      ...plainStream,
      maxAge: "10ms",
      sources: ["ORIGIN", { name: "ORIGIN" }, { name: "OTHER", optStartSeq: 1, optStartTime: "2026-01-31T00:00:00Z" }],
      republish: { src: "example.*", dest: "example.a" },
    };
    assert.deepEqual(
      mistakes(streamKind, wrong).map(({ property }) => property),
      ["maxAge", "republish.dest", "sources[1]", "sources[2].optStartTime"],
    );
    assert.deepEqual(
      mistakes(streamKind, { ...wrong, maxage: "1d" }).map(({ property }) => property),
      ["maxage"],
    );
  });

  it("find nothing in what the four systems deploy, failed over or not", () => {
    const mirrors = assetsOf(localEnvironment(), tenants).streams.filter(({ mirrorOf }) => mirrorOf);
    const failovers = Object.fromEntries(
      mirrors.map(({ account, mirrorOf, region }) => [failoverKey(account, mirrorOf!), { to: region, consumers: {} }]),
    );
    for (const declared of [{}, failovers]) {
      const { streams, consumers } = assetsOf(localEnvironment(), tenants, declared);
      assert.deepEqual(
        streams.flatMap((asset) => mistakes(streamKind, streamArgs(asset))),
        [],
      );
      assert.deepEqual(
        consumers.flatMap((asset) => mistakes(consumerKind, consumerArgs(asset))),
        [],
      );
    }
  });

  it("let a stream take everything, system subjects too, when it acknowledges nothing", () => {
    assert.deepEqual(mistakes(streamKind, { ...plainStream, subjects: [">"], noAck: true }), []);
  });
});

describe("extraConfig", () => {
  it("takes no field that has an argument", () => {
    const refused = (kind: typeof streamKind, args: object, name: string) =>
      mistakes(kind, { ...args, extraConfig: { [name]: 1 } }).map(({ property, reason }) => `${property} ${reason}`);
    assert.deepEqual(refused(streamKind, plainStream, "newest_field"), []);
    assert.deepEqual(refused(streamKind, plainStream, "max_age"), [
      'extraConfig.max_age "max_age" has an argument of its own; write maxAge',
    ]);
    for (const { wire } of streamKind.fields)
      assert.match(refused(streamKind, plainStream, wire.split(".")[0]!).join(), /of its own; write /, wire);
    for (const { wire } of consumerKind.fields)
      assert.match(refused(consumerKind, plainConsumer, wire.split(".")[0]!).join(), /of its own; write /, wire);
  });
});

describe("a subject transform", () => {
  const right: [string | undefined, string][] = [
    [undefined, "copy.>"],
    ["a.*.*", "b.{{wildcard(2)}}.$1"],
    ["a.*", "b.{{Partition( 5, 1 )}}.x"],
    ["a", "b.{{random(3)}}.{{partition(3)}}"],
    ["a.*.>", "b.{{split(1,-)}}.{{SliceFromLeft(1,2)}}.>"],
    ["a", "$b"],
  ];
  for (const [source, destination] of right)
    it(`may make ${destination} of ${source}`, () => assert.equal(transformMistake(source, destination), undefined));

  const wrong: [string | undefined, string, string][] = [
    ["a.*", "b.*", 'has "*"'],
    ["a.>", "b", "does not fit its source (a.>)"],
    ["a.*", "b..c", "is not a subject"],
    ["a.*", "b.$2", 'has $2, and its source 1 "*"'],
    ["a", "b.{{wildcard(1)}}", 'has {{wildcard(1)}}, and its source no "*"'],
    ["a.*", "b.{{shout(1)}}", "has {{shout(1)}}, which is no function"],
    ["a.*", "b.{{wildcard(1)}}x", "has {{wildcard(1)}}x, which is no function"],
    ["a.*", "b.{{left(1)}}", "has {{left(1)}}"],
    ["a.*", "b.{{wildcard(one)}}", "has {{wildcard(one)}}"],
  ];
  for (const [source, destination, found] of wrong)
    it(`cannot make ${destination} of ${source}`, () =>
      assert.ok(transformMistake(source, destination)?.found.startsWith(found)));
});

describe("validation", () => {
  const environments = () => ({ test: local() });

  it("says what to write instead, at the field's path", () => {
    const all: Raw = structuredClone(tenants);
    all.covenant.streams.COVENANT_USERS.maxAge = "7 days";
    assert.throws(() => validateTenants(all, localEnvironment()), {
      message:
        '1 mistake in the tenants, nothing was done:\n  tenants.covenant.streams.COVENANT_USERS.maxAge: "7 days" is not a duration; write "7d"',
    });
  });

  it("tells all mistakes at once: of fields, of rules, of settings, of several tenants", () => {
    const found = problemsAfter((t, e, all) => {
      t.streams.JOBS.maxAge = "1 day";
      t.streams.ORDERS.subjects = ["orders. >"];
      t.consumers.mailer.flowControl = "yes";
      t.consumers.biller.maxDeliver = 1;
      t.users.worker.consumes = ["nobody"];
      t.colour = "red";
      e.servers = 2;
      e.lameDuck.duration = "1s";
      all.other = { name: "other" };
    });
    const paths = found.map((problem) => problem.split(": ")[0]);
    for (const path of [
      "environments.test.servers",
      "tenants.shop.streams.JOBS.maxAge",
      "tenants.shop.streams.ORDERS.subjects[0]",
      "tenants.shop.consumers.mailer.flowControl",
      "tenants.shop.colour",
      "tenants.other.home",
    ]) {
      assert.ok(paths.includes(path), `${path} in\n${found.join("\n")}`);
    }
  });

  it("goes on with the rules where a field is wrong, and calls nothing unknown that is only mistaken", () => {
    const found = problemsAfter((t) => {
      t.streams.JOBS.maxAge = "1 day";
      t.consumers.mailer.flowControl = "yes";
      t.consumers.biller.maxDeliver = 1;
      t.users.worker.consumes.push("nobody");
    });
    assert.deepEqual(
      found.map((problem) => problem.split(": ")[0]),
      [
        "tenants.shop.streams.JOBS.maxAge",
        "tenants.shop.consumers.mailer.flowControl",
        "tenants.shop.consumers.biller.maxDeliver",
        "tenants.shop.users.worker.consumes[3]",
      ],
    );
  });

  it("refuses unknown keys and names the nearest known one", () => {
    assert.deepEqual(
      problemsAfter((t) => (t.streams.JOBS.maxage = "1d")).map((problem) => problem.split("?")[0]),
      ['tenants.shop.streams.JOBS.maxage: is not a known key; did you mean "maxAge"'],
    );
  });

  it("gives a stack its environment", () => {
    const { environment, stack } = validateSettings(environments(), {
      environment: "test",
      kind: "region",
      region: "ams",
    });
    assert.deepEqual([(environment as LocalEnvironment).basePort, stack.kind], [26220, "region"]);
    assert.deepEqual(Object.keys(validateSettings(environments()).environments), ["test"]);
  });

  const stacks: [object, string][] = [
    [{ environment: "tset", kind: "identity" }, 'stack.environment: "tset" is no environment; did you mean "test"?'],
    [
      { environment: "test", kind: "region", region: "asm" },
      'stack.region: "asm" is no region of environment "test"; did you mean "ams"?',
    ],
    [{ environment: "test", kind: "region" }, "stack.region: is missing"],
    [
      { environment: "test", kind: "jetstream", team: "red" },
      'stack.team: "jetstream--red" is not in environments.test.jetstream',
    ],
  ];
  for (const [stack, expected] of stacks) {
    it(`of a stack finds ${expected.split(":")[0]} of ${JSON.stringify(stack)}`, () => {
      assert.throws(
        () => validateSettings(environments(), stack),
        (error: Error) => error.message.includes(`\n  ${expected}`),
      );
    });
  }

  it("names an environment that is not there, with the mistakes of the tenants", () => {
    const all: Raw = { shop: { ...shop(), home: 7 } };
    assert.throws(
      () => validateDeployment(environments(), "prod", all),
      (error: Error) =>
        /2 mistakes/.test(error.message) &&
        /"prod" is no environment/.test(error.message) &&
        /tenants\.shop\.home/.test(error.message),
    );
  });

  it("refuses what is no tenants or settings at all", () => {
    for (const raw of [undefined, null, 7, "x", []]) {
      assert.throws(() => validateTenants(raw, localEnvironment()), InvalidInput);
      assert.throws(() => validateSettings(raw), InvalidInput);
      assert.throws(() => validateDeployment(raw, "test", raw), InvalidInput);
    }
  });
});

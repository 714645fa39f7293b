import assert from "node:assert/strict";
import { assetsOf } from "../../../../config/assets/assets";
import { consumerArgumentRules } from "../../../../config/rules/arguments/consumer";
import { consumerRules } from "../../../../config/rules/consumer";
import { type Case, itFinds, local, problemsAfter, pull, type Raw, shop, stream } from "../../../support/rule-cases";

const cases: Case[] = [
  [
    "the canary's durable",
    (t) => (t.consumers.canary = pull(["ORDERS"])),
    'tenants.shop.consumers.canary: "canary" is the name',
  ],
  [
    "an unknown stream",
    (t) => (t.consumers.mailer.streams = ["ORDRES"]),
    'tenants.shop.consumers.mailer.streams[0]: "ORDRES" is not a stream of shop; did you mean "ORDERS"?',
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
    `tenants.shop.consumers.mailer.streams[2]: "LOGS" (logs.>) is matched by none of the filters (orders.>)`,
  ],
  [
    "a filter about nothing",
    (t) => t.consumers.biller.filterSubjects.push("order.>"),
    'tenants.shop.consumers.biller.filterSubjects[2]: "order.>" matches no subject of ORDERS',
  ],
  [
    "a filter that a transform leaves behind",
    (t) =>
      (t.streams.JOBS.subjectTransform = { src: "jobs.*", dest: "work.{{wildcard(1)}}" }) &&
      (t.consumers.worker.filterSubjects = ["jobs.a"]),
    'tenants.shop.consumers.worker.streams[0]: "JOBS" stores what matches the filters (jobs.a) under "work.*" ' +
      "(subjectTransform), so nothing would be delivered; add that as a filter",
  ],
  [
    "a filter that a mirror's transform leaves behind",
    (t) => {
      t.streams.LOGS = stream(["logs.>"], {
        subjectTransform: { dest: "kept.>" },
        mirrors: { ams: { maxAge: "7d", maxBytes: "1GiB" } },
      });
      t.consumers.reader = pull(["LOGS-ams"], { filterSubjects: ["logs.app.>"] });
    },
    'tenants.shop.consumers.reader.streams[0]: "LOGS-ams" stores what matches the filters (logs.app.>) under "kept.>"',
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
    'tenants.shop.consumers.biller.ackWait: "30s" is not backoff[0] (1s), which replaces it (10157); write "1s"',
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
    "tenants.shop.consumers.worker.streams[0]: JOBS is a work queue, which accepts only ackPolicy",
  ],
  [
    "a queue from the middle",
    (t) => (t.consumers.worker.deliverPolicy = "new"),
    "tenants.shop.consumers.worker.streams[0]: JOBS is a work queue, which accepts only deliverPolicy",
  ],
  [
    "two workers on the same messages",
    (t) => (t.consumers.second = pull(["JOBS"], { filterSubjects: ["jobs.a"] })),
    "tenants.shop.consumers.second.streams[0]: JOBS is a work queue, and worker takes the same messages (10099, 10100)",
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
    'tenants.shop.consumers.worker.streams[0]: JOBS has 3 replicas and retention "workqueue", ' +
      "so its durables need as many, not 1 (10134)",
  ],
  [
    "more to acknowledge than the stream allows",
    (t) => (t.streams.JOBS.consumerLimits = { maxAckPending: 500 }),
    "tenants.shop.consumers.worker.streams[0]: JOBS allows its durables a maxAckPending of 500, " +
      "this one has the default, 1000 (10121); write 500 or less",
  ],
  [
    "a longer rest than the stream allows",
    (t) => {
      t.streams.JOBS.consumerLimits = { inactiveThreshold: "1h" };
      t.consumers.worker.inactiveThreshold = "2h";
    },
    "tenants.shop.consumers.worker.streams[0]: JOBS allows its durables an inactiveThreshold of 1h, " +
      'this one has 2h (10153); write inactiveThreshold: "1h" or less',
  ],
  [
    "no rest where the stream allows one",
    (t) => (t.streams.JOBS.consumerLimits = { inactiveThreshold: "1h" }),
    "tenants.shop.consumers.worker.streams[0]: JOBS allows its durables an inactiveThreshold of 1h, " +
      "this one has none (10157)",
  ],
  [
    "messages without a reader",
    (t) => t.users.worker.consumes.pop(),
    "tenants.shop.consumers.mailer.deliverSubject: " +
      '"mail.out" is not allowed to any user, so no message would arrive; ' +
      'name mailer in a user\'s "consumes"',
  ],
  [
    "flow control without a heartbeat",
    (t) => delete t.consumers.mailer.idleHeartbeat,
    "tenants.shop.consumers.mailer.flowControl: needs idleHeartbeat (10108)",
  ],
  [
    "a heartbeat in the wrong unit",
    (t) => (t.consumers.mailer.idleHeartbeat = "5ms"),
    'tenants.shop.consumers.mailer.idleHeartbeat: "5ms" is below the minimum of 100ms (10083)',
  ],
  [
    "a deliver subject with a wildcard",
    (t) => (t.consumers.mailer.deliverSubject = "mail.*"),
    'tenants.shop.consumers.mailer.deliverSubject: "mail.*" has a wildcard (10079)',
  ],
  [
    "delivering into its own stream",
    (t) => (t.consumers.mailer.deliverSubject = "orders.mail"),
    "tenants.shop.consumers.mailer.deliverSubject: " +
      '"orders.mail" is a subject of its own stream, which would store what it delivers (10081)',
  ],
];

describe("rules about a consumer", () => {
  itFinds(cases, consumerRules.length - consumerArgumentRules.length);

  it("know a push durable's subscriber by what he subscribes to, too", () => {
    const subscribing = (user: object) => (t: Raw) => t.users.worker.consumes.pop() && Object.assign(t.users.api, user);
    assert.deepEqual(problemsAfter(subscribing({ subscribes: ["mail.*"] })), []);
    assert.deepEqual(problemsAfter(subscribing({ allow: { subscribe: ["mail.out"] } })), []);
  });

  it("let old filters stay beside new ones, and filters that a transform leaves a part of", () => {
    const renaming = (filterSubjects: string[]) => (t: Raw) => {
      t.streams.JOBS.subjectTransform = { src: "jobs.*", dest: "work.{{wildcard(1)}}" };
      t.consumers.worker.filterSubjects = filterSubjects;
    };
    for (const filters of [["jobs.a", "work.a"], ["jobs.>"], ["jobs.a.b"]])
      assert.deepEqual(problemsAfter(renaming(filters)), [], filters.join());
  });

  it("know that an unlimited durable is more than its stream allows", () => {
    const found = problemsAfter((t) => {
      t.streams.JOBS.consumerLimits = { maxAckPending: 500 };
      t.consumers.worker.maxAckPending = "unlimited";
    });
    assert.match(found.join(), /JOBS allows its durables a maxAckPending of 500, this one has unlimited \(10121\)/);
  });

  it("hold a stream's limit against the share that each durable of a consumer gets", () => {
    const sharing = (maxAckPending: number) => (t: Raw) => {
      t.streams.JOBS.consumerLimits = { maxAckPending: 500 };
      t.consumers.worker.streams = ["JOBS", "ORDERS"];
      t.consumers.worker.filterSubjects = undefined;
      t.consumers.worker.maxAckPending = maxAckPending;
    };
    assert.deepEqual(problemsAfter(sharing(1000)), []);
    assert.match(problemsAfter(sharing(1002)).join(), /this one has 501 \(10121\); write 1000 or less/);
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
});

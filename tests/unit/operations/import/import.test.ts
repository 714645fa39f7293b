import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import * as path from "node:path";
import * as fc from "fast-check";
import type { ImportedTenant, Place } from "../../../../operations/import/draft";
import { type LiveAccount, nameOf } from "../../../../operations/import/live";
import { tenantOf } from "../../../../operations/import/tenant";
import { constantOf, tenantFile } from "../../../../operations/import/typescript";
import { consumerArgs, streamArgs } from "../../../../jetstream/asset-args";
import { consumerFields, streamFields, type Wire } from "../../../../jetstream/fields";
import { toWire } from "../../../../jetstream/wire";
import { assetsOf } from "../../../../config/assets/assets";
import type { ConsumerSpec, StreamSpec, TenantSpec } from "../../../../config/schema/tenant";
import { fromBytes, fromNanoseconds } from "../../../../config/units";
import { localEnvironment } from "../../../support/accounts";
import { projectFolder } from "../../../support/project-copy";

const environment = localEnvironment({ servers: 5, jetstream: { jetstream: ["shop"] } });
const place: Place = { account: "shop", owner: "supercluster/local-jetstream", environment, declared: { users: {} } };

const orders: StreamSpec = {
  subjects: ["orders.>"],
  retention: "limits",
  storage: "file",
  replicas: 3,
  maxAge: "7d",
  maxBytes: "10GiB",
  discard: "old",
};
const billing: ConsumerSpec = { mode: "pull", streams: ["ORDERS"], ackPolicy: "explicit", deliverPolicy: "all" };
const shop: TenantSpec = { name: "shop", home: "iad", streams: { ORDERS: orders }, consumers: { billing }, users: {} };

/** What servers of all regions would hold of a tenant, as they list it: what is empty is left out, and they add labels of their own. */
function liveOf(tenant: TenantSpec, mark: Record<string, string> = {}): LiveAccount {
  const { streams, consumers } = assetsOf(environment, { shop: tenant });
  const echo = (wire: Wire) => ({
    ...Object.fromEntries(Object.entries(wire).filter(([, value]) => value !== false)),
    metadata: { ...(wire.metadata as object), "_nats.req.level": "0", ...mark },
  });
  const of = (stream: string) => consumers.filter((consumer) => consumer.stream === stream);
  return {
    streams: streams
      .map((asset) => ({
        info: { config: echo(toWire(streamFields, streamArgs(asset))), ts: "", cluster: { name: asset.region } },
        consumers: of(asset.name).map((consumer) => ({
          config: echo(toWire(consumerFields, consumerArgs(consumer))),
          ts: "",
        })),
      }))
      .toSorted((left, right) => nameOf(left.info).localeCompare(nameOf(right.info))),
    missing: [],
  };
}

/** An account in which some of a stream's or a durable's fields are otherwise. */
const changed = (live: LiveAccount, name: string, change: Wire): LiveAccount => ({
  ...live,
  streams: live.streams.map(({ info, consumers }) => ({
    info: nameOf(info) === name ? { ...info, config: { ...info.config, ...change } } : info,
    consumers: consumers.map((consumer) =>
      `${nameOf(info)}/${nameOf(consumer)}` === name
        ? { ...consumer, config: { ...consumer.config, ...change } }
        : consumer,
    ),
  })),
});

const without = ({ tenant: { streams, consumers } }: ImportedTenant, key: string) =>
  [...Object.values(streams), ...Object.values(consumers)].map(({ [key]: _, ...rest }) => rest);

// --- any tenant ------------------------------------------------------------------------------------------------------

const duration = (from: number, to: number) =>
  fc.integer({ min: from, max: to }).map((milliseconds) => fromNanoseconds(milliseconds * 1e6));
const size = fc.integer({ min: 1, max: 2 ** 40 }).map(fromBytes);
const count = fc.integer({ min: 1, max: 400 });
const labels = fc.dictionary(fc.constantFrom("team", "cost-centre", "note"), fc.string(), {
  minKeys: 1,
  noNullPrototype: true,
});
const limits = { maxAge: duration(60_000, 1e10), maxBytes: size, maxMsgs: count, maxMsgsPerSubject: count };
const bounded: ("maxAge" | "maxBytes")[] = ["maxAge", "maxBytes"];
/** Of each stream; a durable's filter is about one of them. */
const subjectsOf = (stream: string) => [
  `${stream.toLowerCase()}.a`,
  `${stream.toLowerCase()}.b.*`,
  `${stream.toLowerCase()}.c.>`,
];

const mirror = fc.record(limits, { requiredKeys: bounded, noNullPrototype: true });
const mirrors = fc
  .record({ syd: mirror, ams: mirror }, { requiredKeys: [], noNullPrototype: true })
  .filter((copies) => Object.keys(copies).length > 0);
const stream = (name: string) =>
  fc.record(
    {
      description: fc.string({ minLength: 1 }),
      subjects: fc.uniqueArray(fc.constantFrom(...subjectsOf(name)), { minLength: 1 }),
      retention: fc.constantFrom("limits", "interest", "workqueue"),
      storage: fc.constantFrom("file", "memory"),
      replicas: fc.constantFrom(1, 3, 5),
      discard: fc.constantFrom("old", "new"),
      ...limits,
      maxMsgSize: size,
      duplicateWindow: duration(100, 59_000),
      compression: fc.constant("s2"),
      allowDirect: fc.constant(true),
      denyDelete: fc.constant(true),
      subjectTransform: fc.record(
        { src: fc.constantFrom(...subjectsOf(name)), dest: fc.constant("renamed.>") },
        { noNullPrototype: true },
      ),
      republish: fc.record(
        { src: fc.constantFrom(...subjectsOf(name)), dest: fc.constant("again.>"), headersOnly: fc.constant(true) },
        { requiredKeys: ["dest"], noNullPrototype: true },
      ),
      consumerLimits: fc.record(
        { maxAckPending: count, inactiveThreshold: duration(1, 1e9) },
        { noNullPrototype: true },
      ),
      placementTags: fc.constant(["ssd", "fast"]),
      metadata: labels,
      extraConfig: fc.constant({ newer_field: { anything: [1] } }),
      mirrors,
    },
    { requiredKeys: ["subjects", "retention", "storage", "replicas", "discard", ...bounded], noNullPrototype: true },
  );

const streams = fc.record(
  { A: stream("A"), B: stream("B"), C: stream("C") },
  { requiredKeys: ["A"], noNullPrototype: true },
);
const ofDurables = {
  description: fc.string({ minLength: 1 }),
  ackPolicy: fc.constantFrom("explicit", "all"),
  maxAckPending: count,
  sampleFreq: fc.constant("25%"),
  headersOnly: fc.constant(true),
  inactiveThreshold: duration(1, 1e9),
  replicas: fc.constantFrom(1, 3),
  memStorage: fc.constant(true),
  replayPolicy: fc.constant("original"),
  metadata: labels,
};
const redelivery = fc.oneof(
  fc.record({ ackWait: duration(1, 29_000), maxDeliver: count }, { requiredKeys: [], noNullPrototype: true }),
  fc.record(
    { backoff: fc.array(duration(1, 1e6), { minLength: 1, maxLength: 3 }), maxDeliver: fc.constant(7) },
    { noNullPrototype: true },
  ),
);
const start = fc.constantFrom(
  { deliverPolicy: "all" },
  { deliverPolicy: "new" },
  { deliverPolicy: "by_start_sequence", optStartSeq: 7 },
  { deliverPolicy: "by_start_time", optStartTime: "2026-01-31T00:00:00Z" },
);
const mode = fc.oneof(
  fc.record(
    { mode: fc.constant("pull"), maxWaiting: count, maxBatch: count, maxExpires: duration(1, 1e6), maxBytes: size },
    { requiredKeys: ["mode"], noNullPrototype: true },
  ),
  fc.record(
    {
      mode: fc.constant("push"),
      deliverSubject: fc.constant("deliver.here"),
      deliverGroup: fc.constant("workers"),
      idleHeartbeat: duration(100, 1e6),
      rateLimitBps: count,
    },
    { requiredKeys: ["mode", "deliverSubject"], noNullPrototype: true },
  ),
);

const tenants: fc.Arbitrary<TenantSpec> = streams.chain((declared) => {
  const readable = Object.entries(declared).flatMap(([name, { mirrors: copies = {} }]) => [
    name,
    ...Object.keys(copies).map((region) => `${name}-${region}`),
  ]);
  const durable = fc
    .tuple(
      fc.record(ofDurables, { requiredKeys: ["ackPolicy"], noNullPrototype: true }),
      redelivery,
      start,
      mode,
      fc.subarray(readable, { minLength: 1 }),
      fc.boolean(),
    )
    .chain(([spec, again, from, how, on, isFiltered]) => {
      const about = [...new Set(on.map((name) => name[0]!))].flatMap((name) => declared[name as "A"].subjects);
      const filters = isFiltered ? { filterSubjects: fc.subarray(about, { minLength: 1 }) } : {};
      return fc
        .record(filters, { noNullPrototype: true })
        .map((filtered) => ({ ...spec, ...again, ...from, ...how, streams: on, ...filtered }));
    });
  return fc
    .dictionary(fc.constantFrom("billing", "shipping", "audit"), durable, { noNullPrototype: true })
    .map(
      (consumers) => ({ name: "shop", home: "iad", streams: declared, consumers, users: {} }) as unknown as TenantSpec,
    );
});

/** The same, with what says nothing by its order in one order. */
const ordered = ({ streams: declared, consumers, ...tenant }: Pick<TenantSpec, "streams" | "consumers">): unknown => ({
  ...tenant,
  streams: declared,
  consumers: Object.fromEntries(
    Object.entries(consumers).map(([name, { streams: on, filterSubjects, ...spec }]) => [
      name,
      { ...spec, streams: on.toSorted(), ...(filterSubjects && { filterSubjects: filterSubjects.toSorted() }) },
    ]),
  ),
});

describe("importing what servers hold of a tenant", () => {
  const mark = { "supercluster.owner": place.owner, "supercluster.nonce": "0123456789ab" };

  it("gives the tenant back, whatever it declares, with nothing to leave out or to change", () =>
    fc.assert(
      fc.property(tenants, (tenant) => {
        const { tenant: imported, leftOut, changes } = tenantOf(liveOf(tenant, mark), place);
        assert.deepEqual(ordered(imported as unknown as TenantSpec), ordered(tenant));
        assert.deepEqual([leftOut, changes], [[], []]);
      }),
    ));

  it("takes over what nobody's mark is on, or another stack's, and only that", () => {
    const own = tenantOf(liveOf(shop, mark), place);
    assert.deepEqual(own.tenant, shop);
    for (const [labels, adopt] of [
      [{}, true],
      [{ "supercluster.owner": "supercluster/other" }, "supercluster/other"],
    ] as const) {
      const imported = tenantOf(liveOf(shop, labels), place);
      assert.deepEqual(
        [...Object.values(imported.tenant.streams), ...Object.values(imported.tenant.consumers)].map(
          (spec) => spec.adopt,
        ),
        [adopt, adopt],
      );
      assert.deepEqual(without(imported, "adopt"), [orders, billing]);
    }
  });

  it("keeps users and description of the tenant that there is, and without one says that they are to be written", () => {
    const declared = { description: "The shop", users: { api: { publishes: ["orders.placed"] } } };
    const { tenant } = tenantOf(liveOf(shop, mark), { ...place, declared });
    assert.deepEqual(tenant, { ...shop, ...declared });
    const { toDecide } = tenantOf(liveOf(shop, mark), { ...place, declared: undefined });
    assert.deepEqual(
      toDecide.map(({ at }) => at),
      ["users"],
    );
  });

  it("calls home where most streams are, and says it of the others", () => {
    const spread = {
      ...shop,
      home: "syd",
      streams: {
        A: { ...orders, subjects: ["a"], home: "iad" },
        B: { ...orders, subjects: ["b"] },
        C: { ...orders, subjects: ["c"] },
      },
      consumers: {},
    };
    const { tenant } = tenantOf(liveOf(spread, mark), place);
    assert.deepEqual(
      [tenant.home, ...Object.values(tenant.streams).map(({ home }) => home)],
      ["syd", "iad", undefined, undefined],
    );
  });
});

describe("what an account is like and a tenant cannot be", () => {
  const live = liveOf({
    ...shop,
    streams: { ORDERS: { ...orders, mirrors: { ams: { maxAge: "7d", maxBytes: "1GiB" } } } },
  });
  const imported = (change: LiveAccount = live) => tenantOf(change, place);
  const at = (remarks: { at: string }[]) => remarks.map((remark) => remark.at);

  it("is to be decided where there is no limit, of streams and mirrors", () => {
    assert.deepEqual(at(imported(changed(live, "ORDERS", { max_age: 0, max_bytes: -1 })).toDecide), [
      "streams.ORDERS.maxAge",
      "streams.ORDERS.maxBytes",
    ]);
    assert.deepEqual(at(imported(changed(live, "ORDERS-ams", { max_bytes: -1 })).toDecide), [
      "streams.ORDERS.mirrors.ams.maxBytes",
    ]);
  });

  it("is to be decided where schema or rules refuse it", () => {
    assert.deepEqual(at(imported(changed(liveOf(shop), "ORDERS", { num_replicas: 2, metadata: {} })).toDecide), [
      "streams.ORDERS.replicas",
    ]);
    const [copied] = imported(changed(live, "ORDERS", { retention: "workqueue" })).toDecide;
    assert.match(copied!.at, /^streams\.ORDERS\.mirrors/);
  });

  it("is left out where it is a mirror of another kind, with its durables", () => {
    const named = imported(changed(live, "ORDERS-ams", { mirror: { name: "ORDERS", opt_start_seq: 5 } }));
    assert.deepEqual([at(named.leftOut), named.tenant.streams.ORDERS!.mirrors], [["ORDERS-ams"], undefined]);
    const stored = imported(changed(live, "ORDERS-ams", { storage: "memory" }));
    assert.match(stored.leftOut[0]!.message, /differs from what a tenant's mirror would be in storage/);
    assert.deepEqual(stored.changes, []);
    const [durables] = live.streams.flatMap(({ info, consumers }) => (nameOf(info) === "ORDERS" ? [consumers] : []));
    const read = { ...live, streams: live.streams.map((one) => ({ ...one, consumers: durables! })) };
    assert.match(
      imported(changed(read, "ORDERS-ams", { storage: "memory" })).leftOut[0]!.message,
      /its durables: billing$/,
    );
  });

  it("is left out where two durables of one name differ, where one is no durable, and where a filter matches nothing", () => {
    const two = liveOf({
      ...shop,
      streams: { ORDERS: orders, RETURNS: { ...orders, subjects: ["returns.>"] } },
      consumers: { billing: { ...billing, streams: ["ORDERS", "RETURNS"] } },
    });
    assert.deepEqual(imported(two).leftOut, []);
    const differing = imported(changed(two, "RETURNS/billing", { max_deliver: 3 }));
    assert.match(differing.leftOut[0]!.message, /differs from the durable of this name on ORDERS in maxDeliver/);
    assert.deepEqual(
      [at(differing.leftOut), differing.tenant.consumers.billing!.streams],
      [["RETURNS/billing"], ["ORDERS"]],
    );
    // In one list ORDERS would get both.
    const overlapping = changed(changed(two, "ORDERS/billing", { filter_subject: "*.a" }), "RETURNS/billing", {
      filter_subject: "*.b",
    });
    assert.deepEqual(at(imported(overlapping).leftOut), ["RETURNS/billing"]);
    assert.deepEqual(at(imported(changed(two, "ORDERS/billing", { durable_name: undefined, name: "x" })).leftOut), [
      "ORDERS/x",
    ]);
    const deaf = imported(changed(liveOf(shop), "ORDERS/billing", { filter_subject: "returns.a" }));
    assert.deepEqual([at(deaf.leftOut), deaf.tenant.consumers], [["ORDERS/billing"], {}]);
  });

  it("is left out where no server answered for it", () => {
    assert.deepEqual(at(imported({ ...live, missing: ["RETURNS"] }).leftOut), ["RETURNS"]);
  });

  it("is said to change where a stream is placed nowhere, or labels are this program's own", () => {
    assert.deepEqual(imported(changed(liveOf(shop), "ORDERS", { placement: undefined })).changes, [
      { at: "ORDERS", message: 'region: not set -> "iad"' },
    ]);
    const label = { "io.nats.monitor.peer-lag-critical": "5" };
    assert.deepEqual(at(imported(changed(liveOf(shop), "ORDERS", { metadata: label })).toDecide), [
      'streams.ORDERS.metadata["io.nats.monitor.peer-lag-critical"]',
    ]);
  });
});

describe("the file of an imported tenant", () => {
  const file = path.join(projectFolder, "tests", "golden", "imported-tenant.ts");
  const rich: TenantSpec = {
    name: "shop",
    home: "iad",
    streams: {
      ORDERS: {
        ...orders,
        description: 'Says "paid" and `shipped`',
        maxMsgs: 1_000_000,
        republish: { src: "orders.>", dest: "again.>", headersOnly: true },
        metadata: { team: "billing", "cost centre": "42" },
        extraConfig: { newer_field: { anything: [1, null, -2.5] } },
        mirrors: { ams: { maxAge: "7d", maxBytes: "1GiB" }, syd: { maxAge: "1d", maxBytes: "1GiB", maxMsgs: 10_000 } },
      },
      TASKS: {
        ...orders,
        subjects: Array.from({ length: 12 }, (_, index) => `tasks.of.department-${index}`),
        retention: "workqueue",
        home: "ams",
      },
      TOTALS: {
        ...orders,
        subjects: [],
        sources: ["ORDERS", { name: "TASKS", filterSubject: "tasks.of.department-0" }],
      },
    },
    consumers: {
      billing: {
        ...billing,
        streams: ["ORDERS", "ORDERS-ams"],
        backoff: ["1s", "30s"],
        maxDeliver: 5,
        filterSubjects: ["orders.paid"],
      },
      "push-worker": {
        mode: "push",
        streams: ["TASKS"],
        deliverSubject: "deliver.tasks",
        deliverGroup: "workers",
        ackPolicy: "explicit",
        deliverPolicy: "all",
        flowControl: true,
        idleHeartbeat: "5s",
      },
    },
    users: { api: { publishes: ["orders.placed"] }, worker: { consumes: ["push-worker"] } },
  };
  const imported = tenantOf(liveOf(rich), { ...place, declared: { users: rich.users } });

  it("is TypeScript that the project's type check passes, and loads as what was imported", () => {
    assert.deepEqual([imported.toDecide, imported.leftOut, imported.changes], [[], [], []]);
    const text = tenantFile(imported, "../../config/schema/tenant");
    if (process.env.UPDATE_GOLDEN === "1") writeFileSync(file, text);
    assert.equal(readFileSync(file, "utf8"), text, "UPDATE_GOLDEN=1 writes it anew");
    assert.deepEqual((require("../../../golden/imported-tenant") as { shop: TenantSpec }).shop, imported.tenant);
  });

  it("marks what is to be decided right where it belongs, whatever a server says", () => {
    const toDecide = [
      { at: "streams.ORDERS.maxAge", message: "has no limit" },
      { at: "streams.ORDERS.replicas", message: "2:\n*/ write 1" },
      { at: "streams.ORDERS.mirrors.ams.maxBytes", message: "has no limit" },
      { at: "users", message: "write them" },
      { at: "consumers.billing", message: "no user consumes it" },
    ];
    const { maxAge: _, ...unbounded } = orders;
    const tenant = { ...shop, streams: { ORDERS: { ...unbounded, mirrors: { ams: { maxAge: "7d" } } } } };
    assert.equal(
      tenantFile({ tenant, toDecide }, "../config/tenant"),
      `import type { TenantSpec } from "../config/tenant";

/** As it was found on the servers (npm run import). \`adopt\` may go once it has been brought up. */
export const shop: TenantSpec = {
  name: "shop",
  home: "iad",
  streams: {
    ORDERS: {
      // TODO streams.ORDERS.maxAge: has no limit
      subjects: ["orders.>"],
      retention: "limits",
      storage: "file",
      // TODO streams.ORDERS.replicas: 2: */ write 1
      replicas: 3,
      maxBytes: "10GiB",
      discard: "old",
      mirrors: {
        ams: {
          // TODO streams.ORDERS.mirrors.ams.maxBytes: has no limit
          maxAge: "7d",
        },
      },
    },
  },
  consumers: {
    // TODO consumers.billing: no user consumes it
    billing: {
      mode: "pull",
      streams: ["ORDERS"],
      ackPolicy: "explicit",
      deliverPolicy: "all",
    },
  },
  // TODO users: write them
  users: {},
};
`,
    );
  });

  it("calls its constant what TypeScript allows", () => {
    assert.deepEqual(["irisx", "my-shop", "default", "7eleven"].map(constantOf), [
      "irisx",
      "myShop",
      "_default",
      "_7eleven",
    ]);
  });
});

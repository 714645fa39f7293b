import assert from "node:assert/strict";
import fc from "fast-check";
import { accountsOf } from "../../../../components/security/accounts";
import { adminPermissions, permissionsOf, provisionerPermissions } from "../../../../components/security/permissions";
import type { ConsumerAsset } from "../../../../config/assets/asset";
import { covers, overlaps } from "../../../../config/subjects";
import type { UserSpec } from "../../../../config/schema/tenant";
import { tenants } from "../../../../tenants";
import { localEnvironment } from "../../../support/accounts";

const pull = (stream: string, name: string): ConsumerAsset => ({
  account: "shop",
  stream,
  name,
  filterSubjects: [],
  spec: { mode: "pull", ackPolicy: "explicit", deliverPolicy: "all" },
});
const push = (stream: string, name: string, change: object = {}): ConsumerAsset => ({
  ...pull(stream, name),
  spec: { mode: "push", ackPolicy: "explicit", deliverPolicy: "all", deliverSubject: `deliver.${name}`, ...change },
});

const name = fc.constantFrom("A", "B", "C", "D");
const subject = fc
  .array(fc.constantFrom("a", "b", "c"), { minLength: 1, maxLength: 3 })
  .map((tokens) => `own.${tokens.join(".")}`);
const asset = fc.oneof(
  fc.tuple(name, name).map(([s, c]) => pull(s, c)),
  fc.tuple(name, name, fc.boolean()).map(([s, c, flowControl]) => push(s, c, { flowControl })),
);
const user: fc.Arbitrary<UserSpec> = fc.record(
  {
    publishes: fc.array(subject, { maxLength: 4 }),
    subscribes: fc.array(subject, { maxLength: 4 }),
    requests: fc.array(subject, { maxLength: 4 }),
    consumes: fc.array(name, { maxLength: 3 }),
    inbox: fc.constantFrom("own" as const, "shared" as const),
  },
  { requiredKeys: [] },
);

describe("permissions", () => {
  it("of a leaf node that copies a stream are what its server asks with, where servers listen for leaf nodes", () => {
    const leaf: UserSpec = { publishes: ["readings.>"], listeners: ["leafNodes"], copies: ["S"] };
    const { publish, subscribe } = permissionsOf("leaf", leaf, [], { domain: "global" });
    assert.deepEqual(publish.allow, [
      "readings.>",
      "$JS.global.API.CONSUMER.CREATE.S",
      "$JS.global.API.CONSUMER.CREATE.S.>",
      "$JS.FC.S.>",
      "$JS.FC.*.*.S.>",
    ]);
    assert.deepEqual(subscribe.allow, ["_INBOX_leaf.>", "$JSC.R.>"]);
    assert.deepEqual(permissionsOf("leaf", leaf, []).publish.allow, ["readings.>"]);
  });

  it("on a bucket are the requests of the words declared", () => {
    const allowed = (user: UserSpec) => permissionsOf("u", user, []).publish.allow;
    const info = "$JS.API.STREAM.INFO.KV_settings";
    assert.deepEqual(allowed({ keyValues: { settings: "put" } }), [info, "$KV.settings.>"]);
    assert.deepEqual(allowed({ keyValues: { settings: ["get"] } }), [
      info,
      "$JS.API.STREAM.MSG.GET.KV_settings",
      "$JS.API.DIRECT.GET.KV_settings",
      "$JS.API.DIRECT.GET.KV_settings.>",
    ]);
    assert.deepEqual(allowed({ keyValues: { settings: "watch" } }), [
      info,
      "$JS.API.CONSUMER.CREATE.KV_settings.*",
      "$JS.API.CONSUMER.INFO.KV_settings.*",
      "$JS.API.CONSUMER.DELETE.KV_settings.*",
      "$JS.API.CONSUMER.CREATE.KV_settings",
      "$JS.API.CONSUMER.CREATE.KV_settings.*.$KV.settings.>",
      "$JS.FC.KV_settings.>",
      "$JS.FC.*.*.KV_settings.>",
    ]);
    assert.ok(
      !allowed({ keyValues: { settings: ["get", "put", "watch"] } }).some((subject) => subject.includes("PURGE")),
    );
    assert.ok(allowed({ objectStores: { reports: "put" } }).includes("$JS.API.STREAM.PURGE.OBJ_reports"));
  });

  it("of a puller are its next messages, information and acknowledgements, both forms", () => {
    assert.deepEqual(permissionsOf("worker", { consumes: ["C"] }, [pull("S", "C"), pull("S", "OTHER")]), {
      publish: {
        allow: ["$JS.API.CONSUMER.INFO.S.C", "$JS.API.CONSUMER.MSG.NEXT.S.C", "$JS.ACK.S.C.>", "$JS.ACK.*.*.S.C.>"],
        deny: [],
      },
      subscribe: { allow: ["_INBOX_worker.>"], deny: [] },
    });
  });

  it("of a push consumer are its deliver subject, and flow control only where there is some", () => {
    const acks = ["$JS.API.CONSUMER.INFO.S.C", "$JS.ACK.S.C.>", "$JS.ACK.*.*.S.C.>"];
    const controlled = permissionsOf("worker", { consumes: ["C"] }, [push("S", "C", { flowControl: true })]);
    assert.deepEqual(controlled.publish.allow, [...acks, "$JS.FC.S.C.>", "$JS.FC.*.*.S.C.>"]);
    assert.deepEqual(controlled.subscribe.allow, ["_INBOX_worker.>", "deliver.C"]);
    assert.deepEqual(permissionsOf("worker", { consumes: ["C"] }, [push("S", "C")]).publish.allow, acks);
  });

  it("have no acknowledgements where none are asked for", () => {
    const silent: ConsumerAsset = {
      ...pull("S", "C"),
      spec: { mode: "pull", ackPolicy: "none", deliverPolicy: "all" },
    };
    assert.deepEqual(permissionsOf("worker", { consumes: ["C"] }, [silent]).publish.allow, [
      "$JS.API.CONSUMER.INFO.S.C",
      "$JS.API.CONSUMER.MSG.NEXT.S.C",
    ]);
  });

  it("are one set for each stream of a durable", () => {
    const { publish } = permissionsOf("worker", { consumes: ["C"] }, [pull("S", "C"), pull("T", "C")]);
    assert.deepEqual(
      publish.allow.filter((entry) => entry.includes("MSG.NEXT")),
      ["$JS.API.CONSUMER.MSG.NEXT.S.C", "$JS.API.CONSUMER.MSG.NEXT.T.C"],
    );
  });

  it("deny everything to who has nothing to publish: an empty list would allow it", () => {
    assert.deepEqual(permissionsOf("reader", { subscribes: ["a.>"] }, []).publish, { allow: [], deny: [">"] });
  });

  it("of a service are its endpoints, the requests that find it, and one answer to each request", () => {
    const { publish, subscribe, responses } = permissionsOf(
      "pricer",
      { responds: { service: "prices", endpoints: ["prices.get", "prices.list.*"], expires: "2m" } },
      [],
    );
    assert.deepEqual(subscribe.allow, [
      "_INBOX_pricer.>",
      "prices.get",
      "prices.list.*",
      ...["PING", "INFO", "STATS"].flatMap((verb) => [`$SRV.${verb}`, `$SRV.${verb}.prices`, `$SRV.${verb}.prices.*`]),
    ]);
    assert.deepEqual(
      [publish, responses],
      [
        { allow: [], deny: [">"] },
        { max: 1, expiresMs: 120_000 },
      ],
    );
    const { responses: byDefault } = permissionsOf("p", { responds: { service: "p", endpoints: ["p"] } }, []);
    assert.deepEqual(byDefault, { max: 1, expiresMs: 5_000 });
    assert.equal(permissionsOf("u", { requests: ["prices.get"] }, []).responses, undefined);
  });

  it("take in explicit rules, and leave out what another entry covers", () => {
    const spec: UserSpec = {
      publishes: ["a.b", "a.>", "a.b"],
      requests: ["svc.time"],
      allow: { publish: ["$JS.API.STREAM.INFO.S"], subscribe: ["x"] },
      deny: { publish: ["a.secret"], subscribe: ["y", "y"] },
    };
    assert.deepEqual(permissionsOf("u", spec, []), {
      publish: { allow: ["a.>", "svc.time", "$JS.API.STREAM.INFO.S"], deny: ["a.secret"] },
      subscribe: { allow: ["_INBOX_u.>", "x"], deny: ["y"] },
    });
  });

  it("share an inbox only where that is asked for", () => {
    assert.deepEqual(permissionsOf("u", { inbox: "shared" }, []).subscribe.allow, ["_INBOX_u.>", "_INBOX.>"]);
  });

  it("cover everything that is declared and nothing else", () => {
    fc.assert(
      fc.property(user, fc.array(asset, { maxLength: 4 }), (spec, assets) => {
        const { publish, subscribe } = permissionsOf("u", spec, assets);
        const own = assets.filter((each) => spec.consumes?.includes(each.name));
        const declared = {
          publish: [...(spec.publishes ?? []), ...(spec.requests ?? [])],
          subscribe: [
            ...(spec.subscribes ?? []),
            ...own.flatMap((each) => (each.spec.mode === "push" ? [each.spec.deliverSubject] : [])),
          ],
        };
        for (const wanted of declared.publish) assert.ok(publish.allow.some((entry) => covers(entry, wanted)));
        for (const wanted of declared.subscribe) assert.ok(subscribe.allow.some((entry) => covers(entry, wanted)));
        const durables = own.map((each) => `.${each.stream}.${each.name}`);
        for (const entry of publish.allow) {
          assert.ok(
            declared.publish.includes(entry) ||
              (entry.startsWith("$JS.") &&
                durables.some((tail) => entry.endsWith(tail) || entry.endsWith(`${tail}.>`))),
            entry,
          );
        }
        for (const entry of subscribe.allow)
          assert.ok(declared.subscribe.includes(entry) || entry.startsWith("_INBOX"), entry);
      }),
    );
  });

  it("are never everything, and never an empty list without a deny", () => {
    fc.assert(
      fc.property(user, fc.array(asset, { maxLength: 4 }), (spec, assets) => {
        const { publish, subscribe } = permissionsOf("u", spec, assets);
        for (const { allow, deny } of [publish, subscribe]) {
          assert.ok(!allow.includes(">"));
          assert.ok(allow.length || deny.includes(">"));
        }
      }),
    );
  });

  it("of a provisioner let it neither take nor destroy messages", () => {
    const { publish } = provisionerPermissions("provisioner");
    for (const forbidden of ["STREAM.PURGE.S", "STREAM.MSG.DELETE.S", "CONSUMER.MSG.NEXT.S.C", "DIRECT.GET.S"]) {
      assert.ok(!publish.allow.some((entry) => overlaps(entry, `$JS.API.${forbidden}`)), forbidden);
    }
  });

  it("of a provisioner take in every form that creates a consumer", () => {
    const { publish } = provisionerPermissions("provisioner");
    for (const form of [
      "CONSUMER.CREATE.S",
      "CONSUMER.CREATE.S.C",
      "CONSUMER.CREATE.S.C.a.b.>",
      "CONSUMER.DURABLE.CREATE.S.C",
    ]) {
      assert.ok(
        publish.allow.some((entry) => covers(entry, `$JS.API.${form}`)),
        form,
      );
    }
  });

  it("of the operator are the system's own subjects", () => {
    assert.deepEqual(adminPermissions("admin").subscribe.allow, ["_INBOX_admin.>", "$SYS.>", "$JS.EVENT.>"]);
  });

  it("of no user of the four systems reach into another's inbox, JetStream's administration or the system", () => {
    for (const account of accountsOf(localEnvironment(), tenants)) {
      for (const { name, permissions } of account.users.filter(
        (each) => !["provisioner", "admin"].includes(each.name),
      )) {
        const { publish, subscribe } = permissions;
        const { keyValues = {}, objectStores = {} } = tenants[account.name]?.users[name] ?? {};
        const ownBuckets = [
          ...Object.keys(keyValues).map((bucket) => `KV_${bucket}`),
          ...Object.keys(objectStores).map((bucket) => `OBJ_${bucket}`),
        ];
        // Requests about a bucket that it was given a right on; each names the bucket's stream.
        const isOfBucket = (entry: string) => entry.split(".").some((token) => ownBuckets.includes(token));
        // As its owner wrote it; the other users' clients set prefixes of their own.
        const isShared = `${account.name}-${name}` === "covenant-api";
        // Of the streams of their account, and one message of one at a time.
        const reading = name.startsWith("dead-letters")
          ? ["STREAM.INFO", "STREAM.MSG.GET"]
          : // What comes before a message in the audit trail.
            name === "audit-logger"
            ? ["STREAM.MSG.GET"]
            : [];
        const deleting = name === "dead-letters-cli" ? ["STREAM.MSG.DELETE.DEAD_LETTERS"] : [];
        for (const forbidden of [
          ...["CREATE.*", "UPDATE.*", "DELETE.*", "INFO.*", "LIST", "NAMES", "PURGE.*", "MSG.GET.*", "MSG.DELETE.*"]
            .map((request) => `STREAM.${request}`)
            .filter((request) => !reading.some((own) => request.startsWith(own)))
            .filter((request) => !(deleting.length && request.startsWith("STREAM.MSG.DELETE")))
            .map((request) => `$JS.API.${request}`),
          "$JS.API.STREAM.SNAPSHOT.>",
          "$JS.API.STREAM.RESTORE.>",
          "$JS.API.STREAM.PEER.>",
          "$JS.API.STREAM.LEADER.>",
          "$JS.API.CONSUMER.CREATE.>",
          "$JS.API.CONSUMER.DELETE.>",
          "$SYS.>",
          ...(isShared ? [] : ["_INBOX.>"]),
        ]) {
          assert.ok(
            ![...publish.allow, ...subscribe.allow].some((entry) => !isOfBucket(entry) && overlaps(entry, forbidden)),
            `${name}: ${forbidden}`,
          );
        }
        const deletes = publish.allow.filter((entry) => entry.includes("MSG.DELETE"));
        assert.deepEqual(
          deletes,
          deleting.map((request) => `$JS.API.${request}`),
        );
        assert.deepEqual(
          subscribe.allow.filter((entry) => entry.startsWith("_INBOX")),
          [`_INBOX_${name}.>`, ...(isShared ? ["_INBOX.>"] : [])],
        );
      }
    }
  });
});

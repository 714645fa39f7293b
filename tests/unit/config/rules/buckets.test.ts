import assert from "node:assert/strict";
import { bucketRules } from "../../../../config/rules/buckets";
import { type Case, itFinds, local, problemsAfter, stream } from "../../../support/rule-cases";

const profiles = { maxBytes: "1GiB", mirrors: { ams: {} } };

const cases: Case[] = [
  [
    "a bucket whose stream is declared too",
    (t) => {
      t.keyValues = { profiles: { maxBytes: "1GiB" } };
      t.streams.KV_profiles = stream(["$KV.profiles.>"]);
    },
    "tenants.shop.keyValues.profiles: its stream, KV_profiles, is also in the tenant's streams (10058); keep one",
  ],
];

describe("rules about buckets", () => {
  itFinds(cases, bucketRules.length);

  const found = (change: Parameters<typeof problemsAfter>[0]) => problemsAfter(change, local());

  it("accept a bucket and a store with mirrors, and users with every right", () => {
    assert.deepEqual(
      found((t) => {
        t.keyValues = { profiles: { ...profiles, history: 5, ttl: "30d", limitMarkerTtl: "1m", compression: true } };
        t.keyValues.all = { maxBytes: "1GiB", sources: ["profiles"] };
        t.objectStores = { documents: { maxBytes: "1GiB", mirrors: { ams: { maxBytes: "2GiB" } } } };
        t.users.api.keyValues = { profiles: ["get", "put", "watch", "list", "purge"], "profiles-ams": ["get", "list"] };
        t.users.api.objectStores = { documents: ["get", "put", "watch", "list", "purge"] };
      }),
      [],
    );
  });

  it("find all mistakes of buckets at once, where and by the names that the tenant wrote", () => {
    const problems = found((t) => {
      t.streams.ALL = stream(["$O.documents.>"]);
      t.keyValues = {
        profiles: {
          maxBytes: "9000GiB",
          home: "sin",
          limitMarkerTtl: "1ms",
          ttl: "1ms",
          mirrors: { iad: {}, ams: {} },
        },
        settings: { maxBytes: "1GiB", maxValueSize: "1GiB", sources: ["setings"] },
        many: { maxBytes: "1GiB", history: 65 },
        "a.b": { maxBytes: "1GiB" },
        short: { maxbytes: "1GiB" },
      };
      t.objectStores = { documents: { maxBytes: "1GiB" } };
      t.users.api.keyValues = { "settings-ams": "get", profiles: "read", "profiles-ams": ["get", "put"] };
      t.users.api.objectStores = { profiles: "get" };
    });
    const begins = [
      'tenants.shop.keyValues["a.b"]: write letters, digits, dashes and underscores',
      "tenants.shop.keyValues.many.history: 65: write 64 or less",
      "tenants.shop.keyValues.short.maxBytes: is missing",
      "tenants.shop.keyValues.short.maxbytes: is not a known key; did you mean",
      "tenants.shop.keyValues.profiles.limitMarkerTtl: ",
      "tenants.shop.keyValues.profiles.ttl: ",
      'tenants.shop.keyValues.profiles.home: "sin" is not a region',
      'tenants.shop.keyValues.profiles.maxBytes: "9000GiB" is more than a server has',
      'tenants.shop.keyValues.settings.maxValueSize: "1GiB" is more than servers accept',
      'tenants.shop.keyValues.settings.sources[0]: "KV_setings" is not a stream of shop; did you mean',
      'tenants.shop.objectStores.documents: "$O.documents.C.>" overlaps "$O.documents.>" of stream ALL',
      "tenants.shop.users.api.keyValues.profiles: ",
    ];
    for (const begin of begins)
      assert.ok(
        problems.some((problem) => problem.startsWith(begin)),
        `${begin}\nis not among\n${problems.join("\n")}`,
      );
    assert.ok(!problems.some((problem) => problem.includes("streams.KV_") || problem.includes("streams.OBJ_")));
  });

  it("find users that write to a mirror, or read a store's", () => {
    assert.deepEqual(
      found((t) => {
        t.keyValues = { profiles };
        t.objectStores = { documents: { maxBytes: "1GiB", mirrors: { ams: {} } } };
        t.users.api.keyValues = { "profiles-ams": ["get", "purge"] };
        t.users.api.objectStores = { "documents-ams": "get" };
      }),
      [
        'tenants.shop.users.api.keyValues.profiles-ams: "profiles-ams" is a mirror, which takes no writes; ' +
          'give the right to write on "profiles"',
        'tenants.shop.users.api.objectStores.documents-ams: "documents-ams" is a mirror, whose objects have the ' +
          'subjects of "documents", so clients find none in it; write "documents"',
      ],
    );
  });
});

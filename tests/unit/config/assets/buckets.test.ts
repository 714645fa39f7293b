import assert from "node:assert/strict";
import { assetsOf } from "../../../../config/assets/assets";
import { declaredReservations } from "../../../../config/assets/reservations";
import { failoverProblems } from "../../../../config/rules/failover";
import { validateTenants } from "../../../../config/rules/validate";
import { localEnvironment } from "../../../support/accounts";

const environment = localEnvironment({ jetstream: { jetstream: ["shop"] } });
const tenants = validateTenants(
  {
    shop: {
      name: "shop",
      home: "iad",
      streams: {},
      keyValues: {
        profiles: { history: 3, ttl: "1d", maxBytes: "1GiB", compression: true, mirrors: { ams: {} } },
        all: { home: "syd", storage: "memory", replicas: 1, maxBytes: "1MiB", sources: ["profiles"] },
      },
      objectStores: { documents: { maxBytes: "1GiB", mirrors: { syd: { maxBytes: "2GiB" } } } },
      consumers: {},
      users: {},
    },
  },
  environment,
);

describe("buckets of a tenant", () => {
  const { streams } = assetsOf(environment, tenants);
  const named = (name: string) => streams.find((stream) => stream.name === name)!;

  it("become streams of the form that clients expect, in their home region", () => {
    assert.deepEqual(named("KV_profiles"), {
      account: "shop",
      name: "KV_profiles",
      region: "iad",
      spec: {
        retention: "limits",
        storage: "file",
        replicas: 3,
        maxAge: "1d",
        maxBytes: "1GiB",
        compression: "s2",
        subjects: ["$KV.profiles.>"],
        maxMsgsPerSubject: 3,
        discard: "new",
        allowRollupHdrs: true,
        denyDelete: true,
        allowDirect: true,
      },
    });
    const { region, spec } = named("KV_all");
    assert.deepEqual(
      { region, storage: spec.storage, replicas: spec.replicas, maxAge: spec.maxAge, sources: spec.sources },
      {
        region: "syd",
        storage: "memory",
        replicas: 1,
        maxAge: "unlimited",
        sources: [{ name: "KV_profiles", subjectTransforms: [{ src: "$KV.profiles.>", dest: "$KV.all.>" }] }],
      },
    );
    assert.deepEqual(named("OBJ_documents").spec.subjects, ["$O.documents.C.>", "$O.documents.M.>"]);
  });

  it("have mirrors that answer reads for them, with the same limits", () => {
    assert.deepEqual(named("KV_profiles-ams"), {
      account: "shop",
      name: "KV_profiles-ams",
      region: "ams",
      mirrorOf: "KV_profiles",
      spec: {
        description: "Mirror of KV_profiles in iad",
        subjects: [],
        retention: "limits",
        storage: "file",
        replicas: 3,
        discard: "old",
        mirrorDirect: true,
        compression: "s2",
        allowDirect: true,
        allowRollupHdrs: true,
        denyDelete: true,
        maxAge: "1d",
        maxBytes: "1GiB",
        maxMsgsPerSubject: 3,
      },
    });
    assert.equal(named("OBJ_documents-syd").spec.maxBytes, "2GiB");
  });

  it("are reserved for in the account", () => {
    const { shop } = declaredReservations(environment, tenants);
    assert.deepEqual(shop!["KV_profiles-ams"], { file: 3 * 1024 ** 3 });
    assert.deepEqual(shop!["KV_all"], { memory: 1024 ** 2 });
  });

  it("do not fail over, and say what serves meanwhile", () => {
    const [problem, ...more] = failoverProblems(
      { "shop/KV_profiles": { to: "ams", consumers: {} } },
      tenants,
      "failover",
    );
    assert.match(problem!.message, /KV_profiles is a bucket, .* mirrors answer reads while its region is lost/);
    assert.deepEqual(more, []);
  });
});

import assert from "node:assert/strict";
import { assetsOf } from "../../../../config/assets/assets";
import { failoverMappings } from "../../../../config/assets/failover-subjects";
import { withMapped } from "../../../../config/assets/mappings";
import { tenantSpec } from "../../../../config/schema/tenant";
import { accountsOf } from "../../../../components/security/accounts";
import { accountsConf } from "../../../../components/security/accounts-conf";
import { tenants } from "../../../../tenants";
import { localEnvironment, usersOf } from "../../../support/accounts";

const limits = { maxAge: "7d", maxBytes: "8MiB" };
const base = { retention: "limits", storage: "file", replicas: 1, discard: "old", ...limits };
const shop = tenantSpec.parse({
  name: "shop",
  home: "iad",
  streams: {
    ORDERS: { ...base, subjects: ["orders.*.>"], mirrors: { ams: limits } },
    CARTS: { ...base, subjects: ["carts.>"] },
  },
  consumers: {},
  users: {
    api: { publishes: ["orders.new.x", "carts.>"], deny: { publish: ["orders.old.>"] } },
    wide: { publishes: ["orders.>"] },
    other: { publishes: ["carts.full"] },
  },
});
const environment = localEnvironment();
const failovers = { "shop/ORDERS": { to: "ams", consumers: {} } };

describe("a stream that has failed over", () => {
  it("has every subject mapped, wildcards by their number", () =>
    assert.deepEqual(failoverMappings("S", ["a", "b.*.c.*", "d.>"]), {
      a: "fo.S.a",
      "b.*.c.*": "fo.S.b.{{wildcard(1)}}.c.{{wildcard(2)}}",
      "d.>": "fo.S.d.>",
    }));

  it("stays as it is, and its mirror stores what is mapped to it under the publishers' subjects", () => {
    const { streams } = assetsOf(environment, { shop }, failovers);
    const [home, mirror] = ["ORDERS", "ORDERS-ams"].map((name) => streams.find((stream) => stream.name === name)!);
    assert.deepEqual(
      home,
      assetsOf(environment, { shop }).streams.find(({ name }) => name === "ORDERS"),
    );
    assert.deepEqual(
      [mirror!.mirrorOf, mirror!.spec.subjects, mirror!.spec.subjectTransform],
      [undefined, ["fo.ORDERS.orders.*.>"], { src: "fo.ORDERS.>", dest: ">" }],
    );
  });

  it("has its mappings in the accounts file, and in no other account", () => {
    const accounts = accountsOf(environment, { shop }, { failovers });
    const mappings = { "orders.*.>": "fo.ORDERS.orders.{{wildcard(1)}}.>" };
    assert.deepEqual(
      accounts.map((account) => account.mappings),
      [mappings, undefined],
    );
    const text = accountsConf(accounts, usersOf(accounts));
    const conf = JSON.parse(text.slice(text.indexOf("accounts: ") + "accounts: ".length)) as Record<string, object>;
    assert.deepEqual((conf.shop as { mappings: object }).mappings, mappings);
  });
});

describe("permissions of publishers", () => {
  const publish = (user: string) =>
    accountsOf(environment, { shop })[0]!.users.find(({ name }) => name === user)!.permissions.publish;

  it("include, from the first day on, what their subjects of mirrored streams would be mapped to", () => {
    assert.deepEqual(publish("api").allow, ["orders.new.x", "carts.>", "fo.ORDERS.orders.new.x"]);
    assert.deepEqual(publish("wide").allow, ["orders.>", "fo.ORDERS.orders.*.>"]);
    assert.deepEqual(publish("other").allow, ["carts.full"]);
  });

  it("exclude what a denied subject would be mapped to", () =>
    assert.deepEqual(publish("api").deny, ["orders.old.>", "fo.ORDERS.orders.old.>"]));

  it("never reach JetStream's own subjects by a stream", () =>
    assert.deepEqual(withMapped(["$JS.API.INFO"], [{ from: "*.>", to: "fo.{{wildcard(1)}}.>" }]), ["$JS.API.INFO"]));
});

describe("assets with a failover", () => {
  const { arrakis } = tenants;
  const plain = assetsOf(localEnvironment(), { arrakis: arrakis! });
  const { streams, consumers } = assetsOf(
    localEnvironment(),
    { arrakis: arrakis! },
    { "arrakis/ELIGIBILITY": { to: "ams", consumers: { "sync-worker": 7 } } },
  );
  const stream = (name: string) => streams.find((one) => one.name === name)!;

  it("have the stream as it was, and the mirror in its place with its limits", () => {
    assert.deepEqual(stream("ELIGIBILITY").spec.subjects, ["eligibility.>"]);
    const { mirrorOf, promotedFrom, spec } = stream("ELIGIBILITY-ams");
    assert.deepEqual(
      [mirrorOf, promotedFrom, spec.subjects, spec.retention, spec.maxAge, spec.maxBytes],
      [undefined, "ELIGIBILITY", ["fo.ELIGIBILITY.eligibility.>"], "limits", "7d", "2GiB"],
    );
  });

  it("have its durables there too, with the start that is stated, or all", () => {
    const there = consumers
      .filter((one) => one.stream === "ELIGIBILITY-ams")
      .map(({ name, spec }) => [name, spec.deliverPolicy, spec.optStartSeq]);
    assert.deepEqual(there, [
      ["eligibility-worker", "all", undefined],
      ["sync-worker", "by_start_sequence", 7],
    ]);
  });

  it("are otherwise what they were", () => {
    const others = (all: typeof plain) => ({
      streams: all.streams.filter(({ name }) => !name.startsWith("ELIGIBILITY")),
      consumers: all.consumers.filter((one) => one.stream !== "ELIGIBILITY-ams"),
    });
    assert.deepEqual(others({ streams, consumers }), others(plain));
  });
});

import assert from "node:assert/strict";
import { accountsOf } from "../../../../components/security/accounts";
import { accountsConf } from "../../../../components/security/accounts-conf";
import { withMapped } from "../../../../config/assets/mappings";
import type { TenantSpec } from "../../../../config/schema/tenant";
import { transformed } from "../../../../config/subject-transform";
import { localEnvironment, usersOf } from "../../../support/accounts";
import { store } from "../../../../docs/examples/tenants/canary-release";

const environment = localEnvironment();

describe("mappings of subjects", () => {
  it("rename a subject or a pattern as servers do", () => {
    const cases: [string, string, string, string][] = [
      ["orders.*", "next.{{wildcard(1)}}", "orders.eu", "next.eu"],
      ["orders.*", "next.{{ Wildcard(1) }}", "orders.*", "next.*"],
      ["a.*.*", "$2.$1.z", "a.b.*", "*.b.z"],
      ["a.>", "b.c.>", "a.x.*.>", "b.c.x.*.>"],
      ["a.*", "a.{{partition(3,1)}}.{{wildcard(1)}}", "a.b", "a.*.b"],
      ["a", "b", "a", "b"],
    ];
    for (const [from, to, subject, expected] of cases) assert.equal(transformed(from, to, subject), expected);
  });

  it("let a user publish what its own subjects may become, and nothing more", () => {
    const mapped = [{ from: "orders.*.new", to: "next.{{wildcard(1)}}" }];
    assert.deepEqual(withMapped(["orders.eu.>", "carts.>"], mapped), ["orders.eu.>", "carts.>", "next.eu"]);
    assert.deepEqual(withMapped(["orders.eu.old"], mapped), ["orders.eu.old"]);
    const denied: TenantSpec = {
      ...store,
      users: { web: { publishes: ["cart.add.*"], deny: { publish: ["cart.add.us"] } } },
    };
    const { publish } = accountsOf(environment, { store: denied })[0]!.users.find(
      ({ name }) => name === "web",
    )!.permissions;
    assert.deepEqual(publish, { allow: ["cart.add.*", "cart.next.*"], deny: ["cart.add.us", "cart.next.us"] });
  });

  it("stand in the accounts file, with those of failovers", () => {
    const limits = { maxAge: "7d", maxBytes: "8MiB" } as const;
    const mirrored: TenantSpec = {
      ...store,
      streams: {
        ...store.streams,
        ORDERS: {
          ...{ subjects: ["orders.new"], retention: "limits", storage: "file", replicas: 1, discard: "old" },
          ...limits,
          mirrors: { ams: limits },
        },
      },
    };
    const accounts = accountsOf(
      environment,
      { store: mirrored },
      { failovers: { "store/ORDERS": { to: "ams", consumers: {} } } },
    );
    const text = accountsConf(accounts, usersOf(accounts));
    const conf = JSON.parse(text.slice(text.indexOf("accounts: ") + "accounts: ".length)) as Record<string, object>;
    assert.deepEqual((conf.store as { mappings: object }).mappings, {
      "cart.price": [{ destination: "cart.price.next", weight: "20%" }],
      "cart.add.*": [{ destination: "cart.next.{{wildcard(1)}}", weight: "50%", cluster: "ams" }],
      "orders.new": "fo.ORDERS.orders.new",
    });
  });
});

import assert from "node:assert/strict";
import { accountsOf } from "../../../../components/security/accounts";
import { accountsConf, accountsFingerprint } from "../../../../components/security/accounts-conf";
import { permissionsOf } from "../../../../components/security/permissions";
import type { AccountSpec } from "../../../../config/assets/region";
import type { TenantSpec } from "../../../../config/schema/tenant";
import { tenants } from "../../../../tenants";
import { localEnvironment, usersOf } from "../../../support/accounts";

const environment = localEnvironment();
const accounts = accountsOf(environment, tenants);
const covenant = accounts.find(({ name }) => name === "covenant")!;
/** The accounts in a file, without the statement before them. */
const blockOf = (conf: string): unknown => JSON.parse(conf.replace(/^server_metadata: .*\naccounts: /, ""));
const mebibyte = 1024 ** 2;

describe("accounts", () => {
  it("are one a tenant and the servers' own, each user once by login", () => {
    assert.deepEqual(
      accounts.map(({ name }) => name),
      ["arrakis", "covenant", "irisx", "aigentflow", "sys"],
    );
    const logins = accounts.flatMap(({ users }) => users.map(({ login }) => login));
    assert.equal(new Set(logins).size, logins.length);
    assert.deepEqual(
      covenant.users.map(({ login }) => login),
      [
        "covenant-provisioner",
        "covenant-api",
        "covenant-mobile",
        "covenant-analytics",
        "covenant-cache-invalidator",
        "covenant-notifications",
        "covenant-audit-logger",
        "covenant-dead-letters",
        "covenant-dead-letters-cli",
        "covenant-canary",
      ],
    );
  });

  it("of a tenant may store what its streams and mirrors reserve, every replica counted, and a fifth more", () => {
    // Home and two mirrors, three replicas; and dead letters, their events and replays, without mirrors.
    const file = 3 * (2048 + 2048 + 256 + 64) * 3 + (256 + 64 + 256) * 3;
    assert.equal(covenant.jetstream?.maxFile, Math.ceil(file * 1.2) * mebibyte);
    assert.equal(covenant.jetstream?.maxMemory, Math.ceil(3 * 1.2) * mebibyte);
    const arrakis = accounts[0]!.jetstream!;
    assert.equal(arrakis.maxMemory, Math.ceil((512 + 128 + 32 + 1) * 3 * 1.2) * mebibyte);
  });

  it("have room for more streams than are declared, and for any number of consumers and connections", () => {
    assert.deepEqual(
      [covenant.jetstream?.maxStreams, covenant.jetstream?.maxConsumers, covenant.maxConnections],
      [16 + 5, undefined, undefined],
    );
  });

  it("have the limits that their tenant states", () => {
    const stated = { ...tenants.covenant!, limits: { consumers: 500, streams: 40, connections: 2_000 } };
    const [limited] = accountsOf(environment, { covenant: stated });
    assert.deepEqual(
      [limited!.jetstream?.maxStreams, limited!.jetstream?.maxConsumers, limited!.maxConnections],
      [40, 500, 2_000],
    );
  });

  it("of the servers have no JetStream and one user", () => {
    const system = accounts.at(-1)!;
    assert.deepEqual([system.jetstream, system.maxConnections], [undefined, undefined]);
    assert.deepEqual(
      system.users.map(({ login, inboxPrefix }) => [login, inboxPrefix]),
      [["sys-admin", "_INBOX_admin"]],
    );
  });
});

describe("accounts file", () => {
  it("is limits, users, hashes and permissions, empty lists left out", () => {
    const spec: AccountSpec = {
      name: "shop",
      jetstream: { maxMemory: 1, maxFile: 2, maxStreams: 3, maxConsumers: 4 },
      maxConnections: 5,
      users: [
        {
          name: "reader",
          login: "shop-reader",
          inboxPrefix: "_INBOX_reader",
          permissions: { publish: { allow: [], deny: [">"] }, subscribe: { allow: ["_INBOX_reader.>"], deny: [] } },
        },
      ],
    };
    const text = accountsConf([spec], { "shop-reader": { password: "secret", hash: "$2a$05$hash" } });
    assert.ok(!text.includes("secret"));
    assert.deepEqual(blockOf(text), {
      shop: {
        jetstream: { max_memory: 1, max_file: 2, max_streams: 3, max_consumers: 4 },
        limits: { max_connections: 5 },
        users: [
          {
            user: "shop-reader",
            password: "$2a$05$hash",
            permissions: { publish: { deny: [">"] }, subscribe: { allow: ["_INBOX_reader.>"] } },
          },
        ],
      },
    });
  });

  it("lets a service answer, for a time that servers can read", () => {
    const permissions = permissionsOf("p", { responds: { service: "p", endpoints: ["p"], expires: "1d" } }, []);
    const user = { name: "p", login: "shop-p", inboxPrefix: "_INBOX_p", permissions };
    const text = accountsConf([{ name: "shop", users: [user] }], { "shop-p": { password: "secret", hash: "$2a" } });
    const { shop } = blockOf(text) as { shop: { users: { permissions: object }[] } };
    assert.deepEqual(shop.users[0]!.permissions, {
      publish: { deny: [">"] },
      subscribe: { allow: permissions.subscribe.allow },
      allow_responses: { max: 1, expires: "86400000ms" },
    });
  });

  it("has what is shared: prefixes of streams, whole subjects of services, and how long an answer may take", () => {
    const shop: TenantSpec = {
      ...{ name: "shop", home: "iad", streams: {}, consumers: {} },
      users: { pricer: { responds: { service: "price", endpoints: ["price.*"], expires: "20s" } } },
      lanes: { news: { high: 1, normal: 1 } },
      exports: { streams: { news: { to: "all" } }, services: { "price.get": { to: ["billing"] } } },
    };
    const billing: TenantSpec = {
      ...{ name: "billing", home: "iad", streams: {}, consumers: {}, users: {} },
      imports: { shop: { prefix: "market", streams: ["news", "news.high"], services: ["price.get"] } },
    };
    const all = accountsOf(environment, { shop, billing });
    const conf = blockOf(accountsConf(all, usersOf(all))) as Record<string, { exports?: object; imports?: object }>;
    assert.deepEqual(conf.shop!.exports, [
      ...["news", "news.normal", "news.high"].map((stream) => ({ stream })),
      { service: "price.get", accounts: ["billing"], threshold: "20000ms" },
    ]);
    assert.deepEqual(conf.billing!.imports, [
      { stream: { account: "shop", subject: "news" }, prefix: "market" },
      { stream: { account: "shop", subject: "news.high" }, prefix: "market" },
      { service: { account: "shop", subject: "price.get" }, to: "market.price.get" },
    ]);
    assert.deepEqual([conf.shop!.imports, conf.billing!.exports], [undefined, undefined]);
  });

  it("lets pass what each declared copy of a stream needs, for the accounts that have it, and nothing twice", () => {
    const stream = (change: object) =>
      ({ retention: "limits", storage: "memory", replicas: 1, maxAge: "1h", maxBytes: "1MiB", ...change }) as never;
    const tenant = (name: string, more: Partial<TenantSpec>): TenantSpec => ({
      ...{ name, home: "iad", streams: {}, consumers: {}, users: {} },
      ...more,
    });
    const origin = { tenant: "shop", name: "ORDERS" };
    const all = accountsOf(environment, {
      shop: tenant("shop", {
        streams: { ORDERS: stream({ subjects: ["orders.>"] }), REST: stream({ subjects: ["rest"] }) },
        exports: { copies: { ORDERS: { to: ["billing", "press"] }, REST: { to: "all" } } },
      }),
      billing: tenant("billing", {
        streams: {
          ORDERS: stream({ subjects: [], mirror: origin }),
          PAID: stream({ subjects: [], sources: [{ ...origin, filterSubject: "orders.paid.*" }] }),
        },
      }),
      press: tenant("press", { streams: { ORDERS: stream({ subjects: [], mirror: origin }) } }),
    });
    const conf = blockOf(accountsConf(all, usersOf(all))) as Record<string, { exports?: object; imports?: object }>;
    const both = { accounts: ["billing", "press"] };
    assert.deepEqual(conf.shop!.exports, [
      { service: "$JS.API.CONSUMER.CREATE.ORDERS", ...both },
      { service: "$JS.FC.ORDERS.>", ...both },
      { stream: "$JS.COPIES.billing.>", accounts: ["billing"] },
      { service: "$JS.API.CONSUMER.CREATE.ORDERS.*.orders.paid.*", accounts: ["billing"] },
      { stream: "$JS.COPIES.press.>", accounts: ["press"] },
    ]);
    const request = (rest = "") => ({
      service: { account: "shop", subject: `$JS.API.CONSUMER.CREATE.ORDERS${rest}` },
      to: `$JS.ACCOUNTS.shop.API.CONSUMER.CREATE.ORDERS${rest}`,
    });
    assert.deepEqual(conf.billing!.imports, [
      request(),
      { service: { account: "shop", subject: "$JS.FC.ORDERS.>" } },
      { stream: { account: "shop", subject: "$JS.COPIES.billing.>" } },
      request(".*.orders.paid.*"),
    ]);
    assert.deepEqual([conf.shop!.imports, conf.press!.exports], [undefined, undefined]);
  });

  it("leaves out what has no limit", () => {
    const spec: AccountSpec = { name: "shop", jetstream: { maxStreams: 3 }, users: [] };
    assert.deepEqual(blockOf(accountsConf([spec], {})), {
      shop: { jetstream: { max_streams: 3 }, users: [] },
    });
  });

  it("is the same text for the same accounts", () => {
    const users = usersOf(accounts);
    assert.equal(accountsConf(accountsOf(environment, tenants), users), accountsConf(accounts, users));
  });

  it("names itself by what is in it, which servers report once they have loaded it", () => {
    const users = usersOf(accounts);
    const metadata = (conf: string) => /^server_metadata: (.*)$/m.exec(conf)?.[1];
    assert.equal(
      metadata(accountsConf(accounts, users)),
      JSON.stringify({ accounts: accountsFingerprint(accounts, users) }),
    );
    const fewer = accounts.map((account) => ({ ...account, users: account.users.slice(1) }));
    assert.notEqual(accountsFingerprint(fewer, users), accountsFingerprint(accounts, users));
    assert.match(accountsFingerprint(accounts, users), /^[0-9a-f]{16}$/);
  });

  it("says who has no password", () => {
    assert.throws(
      () => accountsConf(accounts, {}),
      /no password for user "arrakis-provisioner"; run "pulumi up" on the identity stack/,
    );
  });

  it("refuses a user whose empty list would be everything", () => {
    const nothing = { allow: [], deny: [] };
    const spec: AccountSpec = {
      name: "a",
      users: [{ name: "u", login: "a-u", inboxPrefix: "", permissions: { publish: nothing, subscribe: nothing } }],
    };
    assert.throws(() => accountsConf([spec], { "a-u": { password: "p", hash: "h" } }), /explicit deny/);
  });
});

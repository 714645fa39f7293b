import assert from "node:assert/strict";
import { userRules } from "../../../../config/rules/user";
import { type Case, itFinds, problemsAfter, shop, stream } from "../../../support/rule-cases";

const cases: Case[] = [
  [
    "the administrator's name",
    (t) => (t.users.provisioner = {}),
    'tenants.shop.users.provisioner: "provisioner" is a user that every account has already',
  ],
  [
    "the canary's name",
    (t) => (t.users.canary = {}),
    'tenants.shop.users.canary: "canary" is a user that every account has already',
  ],
  [
    "two users who log in alike",
    (t, e, all) => {
      t.users["x-y"] = {};
      all["shop-x"] = { ...shop(), name: "shop-x", users: { y: { consumes: ["mailer"] } } };
      e.jetstream.jetstream.push("shop-x");
    },
    'tenants.shop-x.users.y: logs in as "shop-x-y", ' +
      'which is also the login of user "x-y" of account "shop"; rename one of them',
  ],
  [
    "an unknown durable",
    (t) => (t.users.worker.consumes[0] = "wroker"),
    'tenants.shop.users.worker.consumes[0]: "wroker" is not a durable of shop; did you mean "worker"?',
  ],
  [
    "JetStream's requests as subjects",
    (t) => t.users.api.publishes.push("$JS.API.STREAM.INFO.ORDERS"),
    "tenants.shop.users.api.publishes[2]: ",
  ],
  [
    "a request with the JetStream domain",
    (t, e) => {
      e.jetstreamDomain = "global";
      t.users.api.allow = { publish: ["$JS.API.STREAM.INFO.ORDERS", "$JS.global.API.STREAM.INFO.ORDERS"] };
    },
    'tenants.shop.users.api.allow.publish[1]: "$JS.global.API.STREAM.INFO.ORDERS" has no effect: ' +
      "servers read it as $JS.API before they check permissions",
  ],
  ["another's inbox", (t) => (t.users.api.subscribes = ["_INBOX_worker.>"]), "tenants.shop.users.api.subscribes[0]: "],
  [
    "everything",
    (t) => (t.users.api.subscribes = [">"]),
    'tenants.shop.users.api.subscribes[0]: ">" includes JetStream\'s API ($JS.API)',
  ],
  [
    "whatever its first two tokens are",
    (t) => (t.users.api.publishes = ["*.*.up"]),
    'tenants.shop.users.api.publishes[0]: "*.*.up" includes JetStream\'s API ($JS.API); write only',
  ],
  [
    "what servers copy streams of other accounts by",
    (t) => (t.users.api.allow = { publish: ["$JS.ACCOUNTS.irisx.API.>"] }),
    'tenants.shop.users.api.allow.publish[0]: "$JS.ACCOUNTS.irisx.API.>" includes what servers copy between accounts',
  ],
  ["inboxes by a wildcard", (t) => (t.users.api.subscribes = ["*.*"]), "tenants.shop.users.api.subscribes[0]: "],
  [
    "a bucket that is not there",
    (t) => {
      t.streams.KV_settings = stream(["$KV.settings.>"]);
      t.users.api.keyValues = { setings: "get" };
    },
    "tenants.shop.users.api.keyValues.setings: " +
      '"setings" is not a key-value bucket of shop; did you mean "settings"? Known: settings',
  ],
  [
    "an object store that is not there",
    (t) => (t.users.api.objectStores = { reports: ["get", "watch"] }),
    "tenants.shop.users.api.objectStores.reports: " + '"reports" is not an object store of shop; there are none',
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
  [
    "a service on a subject that a stream stores",
    (t) => (t.users.worker.responds = { service: "orders", endpoints: ["orders.price"] }),
    'tenants.shop.users.worker.responds.endpoints[0]: "orders.price" is stored by a stream',
  ],
  [
    "a service on JetStream's subjects",
    (t) => (t.users.worker.responds = { service: "orders", endpoints: ["prices", "$JS.API.INFO"] }),
    'tenants.shop.users.worker.responds.endpoints[1]: "$JS.API.INFO" is derived, never declared',
  ],
  [
    "a service whose name is no token",
    (t) => (t.users.worker.responds = { service: "the prices", endpoints: ["prices"] }),
    'tenants.shop.users.worker.responds.service: "the prices": write letters, digits, dashes and underscores',
  ],
  [
    "a service that has no time to answer",
    (t) => (t.users.worker.responds = { service: "prices", endpoints: ["prices"], expires: "0s" }),
    'tenants.shop.users.worker.responds.expires: "0s" is over before an answer can be sent',
  ],
];

describe("rules about a user", () => {
  itFinds(cases, userRules.length);

  it("let a wildcard stand first where the second token is none of the servers' own", () =>
    assert.deepEqual(
      problemsAfter((t) => {
        t.users.api.publishes = ["*.telemetry.up"];
        t.users.worker.subscribes = ["*.telemetry.>"];
      }),
      [],
    ));
});

import assert from "node:assert/strict";
import { authCalloutRules } from "../../../../config/rules/auth-callout";
import { type Case, itFinds, kubernetes, problemsAfter } from "../../../support/rule-cases";

const cases: Case[] = [
  [
    "certificates on servers that ask all clients for one, or none",
    (_t, e) => Object.assign(e, { serverVersion: "2.14.9", authCallout: { certificates: true } }),
    "environments.test.authCallout.certificates: servers of 2.14.9 ask either all clients for a certificate or none; " +
      "take nats-server 2.15.3 or later",
  ],
  [
    "logins that expire all the time",
    (_t, e) => (e.authCallout = { expires: "5s" }),
    'environments.test.authCallout.expires: "5s" would do little but log in; write "10s" or more',
  ],
  [
    "a tenant in the place of the service's account",
    (t, e, all) => {
      e.authCallout = {};
      e.jetstream.jetstream = ["shop", "logins"];
      all.logins = { ...t, name: "logins" };
    },
    'tenants.logins: "logins" is the account of the auth callout; rename the tenant',
  ],
  [
    "a token that no server would know",
    (t) => (t.users.api.login = "token"),
    "tenants.shop.users.api.login: servers know no token of a user by themselves, so it would be refused; " +
      'write environments.test.authCallout, or "password" or "nkey" here',
  ],
  [
    "a certificate that no server asks for",
    (t, e) => {
      t.users.api.login = "certificate";
      e.authCallout = {};
    },
    "tenants.shop.users.api.login: servers ask no client for a certificate, so it would be refused; " +
      "write certificates: true in environments.test.authCallout",
  ],
  [
    "a listener at which nothing asks for what a user has",
    (t, e) => {
      Object.assign(t.users.api, { login: "certificate", listeners: ["websocket"] });
      Object.assign(e, { authCallout: { certificates: true }, listeners: { websocket: {} } });
    },
    "tenants.shop.users.api.listeners: a user by certificate cannot connect by ",
  ],
];

describe("rules of the auth callout", () => {
  itFinds(cases, authCalloutRules.length);

  it("let tokens in by WebSocket, and judge images by the version in their tag", () => {
    const byToken = problemsAfter((t, e) => {
      Object.assign(t.users.api, { login: "token", listeners: ["websocket"] });
      Object.assign(e, { authCallout: {}, listeners: { websocket: {} } });
    });
    assert.deepEqual(byToken, []);
    const onKubernetes = (nats: object) =>
      problemsAfter((_, e) => {
        e.authCallout = { certificates: true };
        e.kubernetes.images = { nats };
      }, kubernetes()).filter((problem) => problem.includes("authCallout"));
    assert.deepEqual(onKubernetes({ digest: `sha256:${"0".repeat(64)}` }), []);
    assert.match(onKubernetes({ tag: "2.14.9-alpine" }).join(), /servers of 2.14.9-alpine ask either all/);
  });
});

import assert from "node:assert/strict";
import { listenerRules } from "../../../../config/rules/listeners";
import { type Case, itFinds, kubernetes, problemsAfter } from "../../../support/rule-cases";

const cases: Case[] = [
  [
    "MQTT on servers that refuse QoS 1",
    (_t, e) => Object.assign(e, { serverVersion: "2.12.1", listeners: { mqtt: {} } }),
    'environments.test.listeners.mqtt: MQTT needs nats-server 2.12.3 or later, and servers here are "2.12.1"',
  ],
  [
    "an origin that no browser sends",
    (_t, e) => (e.listeners = { websocket: { allowedOrigins: ["https://App.example.com/start"] } }),
    'environments.test.listeners.websocket.allowedOrigins[0]: "https://App.example.com/start" is not an origin; ' +
      'write "https://app.example.com"',
  ],
  [
    "two origins of which servers would forget one",
    (_t, e) => (e.listeners = { websocket: { allowedOrigins: ["https://example.com", "http://example.com:8080"] } }),
    'environments.test.listeners.websocket.allowedOrigins[1]: "http://example.com:8080" and "https://example.com" ' +
      "have the same host",
  ],
  [
    "origins that would be refused before they are looked for",
    (_t, e) => (e.listeners = { websocket: { sameOrigin: true, allowedOrigins: ["https://example.com"] } }),
    "environments.test.listeners.websocket.sameOrigin: true refuses every page but those of the listener's own host",
  ],
  [
    "ports of servers",
    (_t, e) => Object.assign(e, { listeners: { websocket: {} }, listenersBasePort: 26_270 }),
    "environments.test.listenersBasePort: 26270 to 26314, the ports of listeners, are also among those of servers " +
      "(26220 to 26279); write e.g. 26280",
  ],
  [
    "a listener of users that does not exist",
    (t) => (t.users.api.listeners = ["websockets"]),
    "tenants.shop.users.api.listeners[0]: ",
  ],
  [
    "a copy of a stream that does not exist",
    (t) => Object.assign(t.users.api, { listeners: ["leafNodes"], copies: ["ORDER"] }),
    'tenants.shop.users.api.copies[0]: "ORDER" is not a stream of shop; did you mean "ORDERS"?',
  ],
  [
    "a copy that would empty a work queue",
    (t) => Object.assign(t.users.api, { listeners: ["leafNodes"], copies: ["JOBS"] }),
    'tenants.shop.users.api.copies[0]: "JOBS" is a work queue, which a copy would empty',
  ],
  [
    "copies of a user that is no leaf node",
    (t) => (t.users.api.copies = ["ORDERS"]),
    "tenants.shop.users.api.copies: is for leaf nodes, and this user may not connect as one",
  ],
  [
    "copies from a JetStream without a name",
    (t, e) => {
      Object.assign(t.users.api, { listeners: ["leafNodes"], copies: ["ORDERS"] });
      Object.assign(e, { listeners: { leafNodes: {} } });
    },
    "tenants.shop.users.api.copies: needs a name for the JetStream that it is copied from: write jetstreamDomain",
  ],
];

describe("rules about listeners", () => {
  itFinds(cases, listenerRules.length);

  it("find one on Kubernetes that values of the chart configure too, or that everyone on the internet reaches", () => {
    const environment = kubernetes();
    Object.assign(environment, { servers: 3, listeners: { websocket: {} } });
    Object.assign(environment.kubernetes, {
      values: { config: { websocket: { enabled: true, port: 8081 } } },
      loadBalancers: { listeners: { websocket: { public: true } } },
    });
    assert.deepEqual(
      problemsAfter(() => {}, environment).map((problem) => problem.replace(/^environments.test.kubernetes.|;.*/g, "")),
      [
        "values.config.websocket: is set by listeners.websocket of the environment",
        "loadBalancers.listeners.websocket.public: true without sourceRanges lets everyone on the internet connect",
      ],
    );
  });
});

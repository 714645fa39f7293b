import assert from "node:assert/strict";
import { listenerRules } from "../../../../config/rules/listeners";
import { type Case, itFinds, kubernetes, problemsAfter } from "../../../support/rule-cases";

const cases: Case[] = [
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

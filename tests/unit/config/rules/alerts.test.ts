import assert from "node:assert/strict";
import { alertRules } from "../../../../config/rules/alerts";
import { alertKinds, alertNames } from "../../../../config/schema/alerts";
import { type Case, itFinds, local, problemsAfter } from "../../../support/rule-cases";

const at = "environments.test.alerts";
const alerts =
  (settings: object): Case[1] =>
  (_, environment) =>
    Object.assign(environment, { alerts: settings });
const of = (alert: string, entry: object) => alerts({ [alert]: { of: [entry] } });

describe("settings of alerts", () => {
  const cases: Case[] = [
    [
      "a misspelt alert",
      alerts({ NATSServrDown: {} }),
      `${at}.NATSServrDown: is not a known key; did you mean "NATSServerDown"? Known: NATSConsumerLagHigh,`,
    ],
    [
      "a reason that tells nothing",
      alerts({ NATSServerDown: { silence: "no" } }),
      `${at}.NATSServerDown.silence: "no": write the reason in words`,
    ],
    [
      "silence with a threshold",
      alerts({ NATSConsumerLagHigh: { silence: "replaced by our own", threshold: 5 } }),
      `${at}.NATSConsumerLagHigh.silence: makes no such alert, so threshold would have no effect`,
    ],
    [
      "a threshold of an alert that has none",
      alerts({ NATSServerDown: { threshold: 2 } }),
      `${at}.NATSServerDown.threshold: 2 has no effect: this alert has no threshold; remove it`,
    ],
    [
      "a percentage that is never exceeded",
      alerts({ NATSStreamNearFull: { threshold: 100 } }),
      `${at}.NATSStreamNearFull.threshold: 100 is a percentage that is never exceeded`,
    ],
    [
      "a percentage of one stream that is never exceeded",
      of("NATSStreamNearFull", { account: "shop", stream: "ORDERS", threshold: 800 }),
      `${at}.NATSStreamNearFull.of[0].threshold: 800 is a percentage`,
    ],
    [
      "a threshold of 0",
      alerts({ NATSConsumerLagHigh: { threshold: 0 } }),
      `${at}.NATSConsumerLagHigh.threshold: 0: write a number above 0`,
    ],
    [
      "a wait of less than a second",
      alerts({ NATSServerDown: { for: "1500ms" } }),
      `${at}.NATSServerDown.for: "1500ms" is not a whole number of seconds; write e.g. "5m"`,
    ],
    [
      "entries of an alert about servers",
      of("NATSServerDown", { account: "shop", silence: "nobody reads it" }),
      `${at}.NATSServerDown.of: has no effect: this alert is not about single streams or durables`,
    ],
    [
      "an entry that changes nothing",
      of("NATSConsumerLagHigh", { account: "shop" }),
      `${at}.NATSConsumerLagHigh.of[0]: changes nothing, or contradicts itself; write either threshold or silence`,
    ],
    [
      "an unknown account",
      of("NATSConsumerLagHigh", { account: "shpo", threshold: 5 }),
      `${at}.NATSConsumerLagHigh.of[0].account: "shpo" is not a tenant; did you mean "shop"?`,
    ],
    [
      "an unknown stream",
      of("NATSMirrorLagHigh", { account: "shop", stream: "ORDERS-amz", threshold: 5 }),
      `${at}.NATSMirrorLagHigh.of[0].stream: "ORDERS-amz" is not a stream of shop; did you mean "ORDERS-ams"?`,
    ],
    [
      "a durable of an alert about streams",
      of("NATSStreamNearFull", { account: "shop", consumer: "biller", threshold: 70 }),
      `${at}.NATSStreamNearFull.of[0].consumer: has no effect: this alert is about streams`,
    ],
    [
      "an unknown durable",
      of("NATSConsumerLagHigh", { account: "shop", stream: "ORDERS", consumer: "worker", threshold: 5 }),
      `${at}.NATSConsumerLagHigh.of[0].consumer: "worker" is not a durable of ORDERS; known: biller, mailer`,
    ],
    [
      "two entries about the same",
      alerts({ NATSConsumerLagHigh: { of: [5, 6].map((threshold) => ({ account: "shop", threshold })) } }),
      `${at}.NATSConsumerLagHigh.of: has two entries about the same streams or durables`,
    ],
  ];
  itFinds(cases, alertRules.length);

  it("are found all at once", () =>
    assert.equal(
      problemsAfter((_, environment) => {
        environment.alerts = { NATSServerDown: { threshold: 2, for: "1ms" }, NATSApiErrors: { threshold: 100 } };
      }).length,
      3,
    ));

  it("may be of every alert, of mirrors and of streams that are derived", () =>
    assert.deepEqual(
      problemsAfter(() => undefined, {
        ...local(),
        alerts: {
          ...Object.fromEntries(alertNames.map((name) => [name, { for: "7m" }])),
          NATSMirrorLagHigh: { of: [{ account: "shop", stream: "ORDERS-ams", threshold: 50 }] },
          NATSStreamNearFull: { of: [{ account: "shop", stream: "CANARY", silence: "rolls over by design" }] },
        },
      }),
      [],
    ));

  it("name the thresholds of the source systems", () => {
    assert.equal(alertKinds.NATSConsumerLagHigh.threshold, 1000);
    assert.equal(alertKinds.NATSConsumerProcessingErrors.threshold, 10);
    assert.equal(alertKinds.NATSCommandStreamDepthHigh.threshold, 10_000);
  });
});

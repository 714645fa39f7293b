import assert from "node:assert/strict";
import { laneRules } from "../../../../config/rules/lanes";
import { type Case, itFinds, problemsAfter, pull, type Raw, stream } from "../../../support/rule-cases";

/** With a stream of literal subjects, and a consumer of one. */
const sending = (change: (tenant: Raw) => void) => (tenant: Raw) => {
  tenant.streams.SMS = stream(["sms.send", "sms.check", "sms.status"]);
  tenant.consumers.sender = pull(["SMS"], { filterSubjects: ["sms.send"] });
  tenant.users.worker.consumes.push("sender");
  change(tenant);
};
const three = { high: 6, normal: 3, low: 1 };

const cases: Case[] = [
  [
    "lanes of a subject that is misspelt",
    sending((t) => (t.lanes = { "sms.sent": three })),
    'tenants.shop.lanes["sms.sent"]: "sms.sent" is not a subject that a stream of shop names',
  ],
  [
    "a route of a subject without an end",
    sending((t) => (t.routes = ["orders.>"])),
    'tenants.shop.routes[0]: "orders.>" has no end that a token could follow',
  ],
  [
    "lanes without a normal one",
    sending((t) => (t.lanes = { "sms.send": { high: 6, low: 1 } })),
    'tenants.shop.lanes["sms.send"]: has no lane "normal"',
  ],
  [
    "a lane's subject that is captured already",
    sending((t) => {
      t.lanes = { "sms.send": three };
      t.streams.LATE = stream(["sms.*.low"]);
    }),
    'tenants.shop.lanes: "sms.send.low", which follows from "sms.send", overlaps "sms.*.low" of stream LATE (10065)',
  ],
  [
    "a lane's durable that is declared",
    sending((t) => {
      t.lanes = { "sms.send": three };
      t.consumers["sender-low"] = pull(["ORDERS"]);
    }),
    "tenants.shop.consumers.sender: sender-low is the name of one of its lanes' durables, and of another consumer",
  ],
  [
    "a consumer of subjects with different lanes",
    sending((t) => {
      t.lanes = { "sms.send": three };
      t.consumers.sender.filterSubjects.push("sms.check");
    }),
    "tenants.shop.consumers.sender.filterSubjects: names subjects with different lanes " +
      "(high: 6, normal: 3, low: 1; none)",
  ],
  [
    "a lane without slots",
    sending((t) => (t.lanes = { "sms.send": { ...three, low: 0 } })),
    'tenants.shop.lanes["sms.send"].low: 0: write a whole number of 1 or more',
  ],
];

describe("rules about lanes and routes", () => {
  itFinds(cases, laneRules.length);

  it("accept both together, and two subjects with the same lanes", () =>
    assert.deepEqual(
      problemsAfter(
        sending((t) => {
          t.lanes = { "sms.send": three, "sms.check": three };
          t.routes = ["sms.send"];
          t.consumers.sender.filterSubjects.push("sms.check");
          t.deadLetters = {};
          t.consumers.acme = pull(["SMS"], { filterSubjects: ["sms.send.high.acme"] });
        }),
      ),
      [],
    ));
});

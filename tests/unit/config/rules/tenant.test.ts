import { tenantRules } from "../../../../config/rules/tenant";
import { type Case, itFinds, shop } from "../../../support/rule-cases";

const cases: Case[] = [
  [
    "a tenant under another name",
    (t) => (t.name = "store"),
    'tenants.shop.name: "store" differs from the tenant\'s key; write "shop"',
  ],
  [
    "the servers' own account",
    (_t, e, all) => {
      all.sys = { ...shop(), name: "sys" };
      e.jetstream.jetstream.push("sys");
    },
    'tenants.sys: "sys" is the servers\' own account',
  ],
  [
    "a loss that a tenant allows which stays",
    (t) => (t.allowDataLoss = [{ change: "delete", maxMessages: 1 }]),
    "tenants.shop.allowDataLoss: applies only to a tenant that is leaving",
  ],
  [
    "a tenant without a stack",
    (_t, _e, all) => {
      all.other = { ...shop(), name: "other" };
    },
    "tenants.other: is in no jetstream stack",
  ],
  [
    "a tenant in two stacks",
    (_t, e) => (e.jetstream["jetstream--team"] = ["shop"]),
    "tenants.shop: is in more than one place of environments.test.jetstream (jetstream, jetstream--team)",
  ],
  [
    "a home that is no region",
    (t) => (t.home = "add"),
    'tenants.shop.home: "add" is not a region of the environment; did you mean "iad"? Known: iad, ams, syd',
  ],
  [
    "a limit of streams below those that exist",
    (t) => (t.limits = { streams: 3 }),
    "tenants.shop.limits.streams: 3 is less than the 4 streams that exist, mirrors and the canary included (10027); " +
      "write 4 or more",
  ],
  [
    "a limit of consumers below the durables of a stream",
    (t) => (t.limits = { consumers: 1 }),
    "tenants.shop.limits.consumers: 1 is less than the durables or the maxConsumers of ORDERS (10026); raise it",
  ],
];

describe("rules about a tenant", () => {
  itFinds(cases, tenantRules.length);
});

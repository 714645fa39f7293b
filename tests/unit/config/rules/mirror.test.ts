import { mirrorRules } from "../../../../config/rules/mirror";
import { type Case, itFinds, kubernetes, stream } from "../../../support/rule-cases";

const cases: Case[] = [
  [
    "a mirror in no region",
    (t) => (t.streams.ORDERS.mirrors.sin = { maxAge: "1d", maxBytes: "1GiB" }),
    'tenants.shop.streams.ORDERS.mirrors.sin: "sin" is not a region',
  ],
  [
    "a mirror at home",
    (t) => (t.streams.ORDERS.mirrors.iad = { maxAge: "1d", maxBytes: "1GiB" }),
    `tenants.shop.streams.ORDERS.mirrors.iad: "iad" is the region of ORDERS itself`,
  ],
  [
    "a mirror in a region with fewer servers than replicas",
    (_, e) => {
      const { servers: __, ...settings } = kubernetes();
      Object.assign(e, settings, { servers: 3, byRegion: { ams: { servers: 1 } }, basePort: undefined });
      delete e.basePort;
    },
    "tenants.shop.streams.ORDERS.mirrors.ams: a mirror has as many replicas as ORDERS, 3, and ams has 1 server " +
      "(10005); raise byRegion.ams.servers, or remove the mirror",
  ],
  [
    "a mirror of a work queue",
    (t) => (t.streams.JOBS.mirrors = { ams: { maxAge: "1d", maxBytes: "64MiB" } }),
    "tenants.shop.streams.JOBS.mirrors.ams: a mirror takes messages out of a work queue",
  ],
  [
    "a mirror of interest",
    (t) => (t.streams.ORDERS.retention = "interest"),
    "tenants.shop.streams.ORDERS.mirrors.ams: a mirror counts as interest",
  ],
  [
    "a mirror of a stream that limits what its consumers have pending",
    (t) => {
      t.streams.ORDERS.consumerLimits = { maxAckPending: 500 };
      for (const consumer of Object.values(t.consumers)) (consumer as { maxAckPending?: number }).maxAckPending = 100;
    },
    "tenants.shop.streams.ORDERS.mirrors.ams: servers apply ORDERS's consumerLimits.maxAckPending to the consumer",
  ],
  [
    "a stream named as a mirror",
    (t) => (t.streams["ORDERS-ams"] = stream(["other.>"])),
    `tenants.shop.streams.ORDERS.mirrors.ams: the mirror's name, "ORDERS-ams", is already a stream's (10058)`,
  ],
  [
    "two mirrors of one name",
    (t, e) => {
      e.regions.push("b", "a-b");
      const mirrors = (region: string) => ({ mirrors: { [region]: { maxAge: "1d", maxBytes: "1GiB" } } });
      Object.assign(t.streams, { X: stream(["x.>"], mirrors("a-b")), "X-a": stream(["y.>"], mirrors("b")) });
    },
    `tenants.shop.streams.X-a.mirrors.b: the mirror's name, "X-a-b", is also that of another stream's mirror (10058)`,
  ],
];

describe("rules about a mirror", () => {
  itFinds(cases, mirrorRules.length);
});

import assert from "node:assert/strict";
import { placementRules } from "../../../../config/rules/placement";
import { type Case, itFinds, kubernetes, problemsAfter, type Raw } from "../../../support/rule-cases";

const tagged = (e: Raw) => (e.serverTags = { iad: [["disk:ssd"], ["disk:ssd", "az:b"], []] });

const cases: Case[] = [
  [
    "tags that no server has",
    (t) => (t.streams.ORDERS.placementTags = ["az:1"]),
    'tenants.shop.streams.ORDERS.placementTags: "az:1" fits 0 of the 3 servers of iad, ' +
      "and 3 must have the tags (10005); " +
      "give servers their tags in environments.test.serverTags.iad, or leave placementTags out",
  ],
  [
    "tags that too few servers have",
    (t, e) => (t.streams.ORDERS.placementTags = ["disk:ssd"]) && tagged(e),
    'tenants.shop.streams.ORDERS.placementTags: "disk:ssd" fits 2 of the 3 servers of iad, and 3 must have',
  ],
  [
    "tags of a region that is none",
    (_t, e) => (e.serverTags = { iat: [[], [], []] }),
    'environments.test.serverTags.iat: "iat" is not a region of the environment; did you mean "iad"?',
  ],
  [
    "tags of fewer servers than there are",
    (_t, e) => (e.serverTags = { iad: [["az:a"]] }),
    "environments.test.serverTags.iad: has 1 list of tags for 3 servers",
  ],
];

describe("rules about placement", () => {
  itFinds(cases, placementRules.length);

  it("let a stream be where enough servers have its tags, and none that it excludes", () => {
    const placed = (replicas: number, ...placementTags: string[]) =>
      problemsAfter((t, e) => tagged(e) && Object.assign(t.streams.ORDERS, { replicas, placementTags }));
    assert.deepEqual(placed(1, "DISK:ssd", "az:b"), []);
    assert.deepEqual(placed(1, "disk:ssd", "!az:b"), []);
    assert.equal(placed(3, "!az:b").length, 1);
  });

  it("know on Kubernetes what tags begin with, not which servers have them", () => {
    const found = (serverTags: object) =>
      problemsAfter((t, e) => {
        Object.assign(e, { servers: 3 }).kubernetes.serverTags = serverTags;
        t.streams.ORDERS.placementTags = ["az:us-east-1a"];
      }, kubernetes());
    assert.deepEqual(found({ az: "topology.kubernetes.io/zone" }), []);
    assert.match(
      found({ disk: "node.example.com/disk" }).join(),
      /"az:us-east-1a" fits 0 of the 3 servers of iad.*environments\.test\.kubernetes\.serverTags, or leave/,
    );
  });
});

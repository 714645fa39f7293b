import assert from "node:assert/strict";
import { refusals, type Servers } from "../../../../../components/jetstream/provider/check";
import { streamKind } from "../../../../../jetstream/kinds";
import type { AssetArgs } from "../../../../../jetstream/schemas";

/** Servers that answer with these tags, all of them of iad. */
const serversWith = (...tags: string[][]): Servers => ({
  facts: () =>
    Promise.resolve({ version: "2.14.9", level: 4, servers: tags.map((own) => ({ cluster: "iad", tags: own })) }),
  account: () => Promise.resolve(undefined),
  accountAtOnce: () => Promise.resolve(undefined),
});

describe("a stream that is placed by tags", () => {
  const args = (placementTags: string[], replicas = 1): AssetArgs => ({
    account: "app",
    name: "ORDERS",
    region: "iad",
    subjects: ["orders.>"],
    placementTags,
    replicas,
  });
  const zones = serversWith(["az:a"], ["az:a"], ["az:b"]);
  const found = async (wanted: AssetArgs, servers: Servers, deployed?: AssetArgs) =>
    (await refusals(streamKind, deployed, wanted, servers)).map(({ property, reason }) => `${property}: ${reason}`);

  it("is refused at preview where too few servers have them", async () => {
    assert.deepEqual(await found(args(["az:a"]), zones), []);
    assert.deepEqual(await found(args(["!az:b"], 1), zones), []);
    assert.deepEqual(await found(args(["az:a"], 3), zones), [
      "placementTags: az:a fits 2 of the 3 servers of iad that answered, and 3 must have the tags (10005) (SC1201)",
    ]);
    assert.deepEqual(await found(args(["az:1"]), zones), [
      "placementTags: az:1 fits 0 of the 3 servers of iad that answered, and 1 must have the tags (10005) (SC1201)",
    ]);
  });

  it("is not judged by servers that get their tags together with it, or do not answer", async () => {
    assert.deepEqual(await found(args(["disk:ssd"]), zones), []);
    assert.deepEqual(await found(args(["az:1"]), { ...zones, facts: () => Promise.resolve(undefined) }), []);
  });

  it("is judged again when it moves, not when something else changes", async () => {
    const wanted = args(["az:1"]);
    assert.deepEqual(await found({ ...wanted, description: "all" }, zones, wanted), []);
    assert.equal((await found(wanted, zones, args(["az:a"]))).length, 1);
  });
});

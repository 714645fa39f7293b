import assert from "node:assert/strict";
import { refusals, type Servers } from "../../../../../components/jetstream/provider/check";
import type { Account } from "../../../../../jetstream/account";
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

describe("fields that need a later server", () => {
  const args: AssetArgs = {
    account: "app",
    name: "ORDERS",
    region: "iad",
    subjects: ["orders.>"],
    allowAtomic: true,
    allowBatched: true,
  };
  /** Servers of one version, which a connection tells by itself. */
  const servers = (version: string, level: number): Servers => ({
    facts: () => Promise.resolve({ version, level, servers: [] }),
    account: () => Promise.resolve(undefined),
    accountAtOnce: () => Promise.resolve({ connection: { info: { version } } } as unknown as Account),
  });
  const named = async (version: string, level: number) =>
    (await refusals(streamKind, undefined, args, servers(version, level))).map(({ property, reason }) => [
      property,
      /needs API level \d, server \S+ or later/.exec(reason)?.[0],
    ]);
  const batched = ["allowBatched", "needs API level 4, server 2.14.0 or later"];

  it("are named at preview", async () => {
    assert.deepEqual(await named("2.15.3", 5), []);
    assert.deepEqual(await named("2.12.1", 2), [batched]);
  });

  it("are named too where servers are older than those that are supported, which would drop them", async () =>
    assert.deepEqual(await named("2.11.4", 1), [
      batched,
      ["allowAtomic", "needs API level 2, server 2.12.0 or later"],
    ]));
});

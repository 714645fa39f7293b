import assert from "node:assert/strict";
import { Failure } from "../../../../engine/failure";
import { durableStarts, missingDurables, unknownDurables } from "../../../../operations/failover/durable-starts";
import type { FailoverPair } from "../../../../operations/failover/failover-pair";

type Found = object | "missing" | "unreachable";

/** Stream S of iad with mirror S-ams; what is found of durables, by `<stream>/<name>`. */
function pairWith(
  found: Record<string, Found>,
  {
    setting,
    mirror = { lastSeq: 10 },
    ofMirror = [] as string[],
  }: { setting?: object; mirror?: Found; ofMirror?: string[] } = {},
): FailoverPair {
  const durables = ["audit", "worker"].map((name) => ({ stream: "S", name }));
  return {
    stream: { name: "S" },
    durables,
    durablesOfMirrors: ofMirror.map((name) => ({ stream: "S-ams", name })),
    mirrorIn: () => ({ name: "S-ams" }),
    look: () => Promise.resolve(mirror),
    setting: { read: () => setting },
    failedOver: () => ({
      consumers: [...durables, ...[...durables, { name: "reader" }].map(({ name }) => ({ stream: "S-ams", name }))],
    }),
    consumerInfo: (stream: string, name: string) => Promise.resolve(found[`${stream}/${name}`] ?? "missing"),
  } as unknown as FailoverPair;
}
const at = (floor: number) => ({ config: {}, ack_floor: { stream_seq: floor } });

describe("where a durable begins on the mirror", () => {
  it("is after what the one at home has acknowledged, but not after what the mirror has", async () => {
    const pair = pairWith({ "S/audit": at(4), "S/worker": at(12) });
    assert.deepEqual(await durableStarts(pair, "ams", "new"), { audit: 5, worker: 11 });
  });

  it("is where the one that exists there began, whatever the one at home has acknowledged", async () => {
    const there = { config: { deliver_policy: "by_start_sequence", opt_start_seq: 3 } };
    const pair = pairWith({ "S/audit": at(4), "S-ams/audit": there, "S/worker": at(4) });
    assert.deepEqual(await durableStarts(pair, "ams", "new"), { audit: 3, worker: 5 });
  });

  it("is the chosen start where neither is known", async () => {
    const pair = pairWith({ "S/audit": "unreachable", "S-ams/audit": "unreachable", "S/worker": "missing" });
    assert.deepEqual(await durableStarts(pair, "ams", "all"), { audit: "all", worker: "all" });
  });

  it("is not decided for durables that the mirror has of its own", async () => {
    const pair = pairWith({ "S/worker": at(1) }, { ofMirror: ["audit"] });
    assert.deepEqual(await durableStarts(pair, "ams", "new"), { worker: 2 });
  });

  it("is not decided while the mirror does not answer", async () => {
    await assert.rejects(durableStarts(pairWith({}, { mirror: "unreachable" }), "ams", "new"), Failure);
  });
});

describe("durables of a failover", () => {
  it("are missing that the setting specifies and the mirror lacks; one that does not answer is not", async () => {
    const pair = pairWith({ "S-ams/audit": "unreachable" }, { setting: { to: "ams" } });
    assert.deepEqual(
      (await missingDurables(pair, "ams")).map(({ stream, name }) => `${stream}/${name}`),
      ["S-ams/worker"],
    );
  });

  it("are not missing without a setting, or with one for another region", async () => {
    assert.deepEqual(await missingDurables(pairWith({}), "ams"), []);
    assert.deepEqual(await missingDurables(pairWith({}, { setting: { to: "syd" } }), "ams"), []);
  });

  it("are unknown where home does not answer for them, until the setting has their starts", async () => {
    const found = { "S/audit": "unreachable" as const, "S/worker": at(1) };
    assert.deepEqual(await unknownDurables(pairWith(found)), ["audit"]);
    assert.deepEqual(await unknownDurables(pairWith(found, { setting: { to: "ams" } })), []);
  });
});

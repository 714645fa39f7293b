import assert from "node:assert/strict";
import { assetsOn, describeAsset, holdingsOf, peersOf, readHoldings } from "../../../jetstream/holdings";
import { peerId } from "../../../jetstream/peer-id";
import { fakeConnection } from "../../support/fake-connection";

type Answers = Parameters<typeof holdingsOf>[0];
type Stream = NonNullable<
  NonNullable<NonNullable<Answers[number]["data"]>["account_details"]>[number]["stream_detail"]
>;

const answer = (name: string, data: Answers[number]["data"]): Answers[number] => ({
  server: { name, cluster: "iad", ver: "2.14.9" },
  data,
});
const holding = (name: string, stream_detail: Stream) =>
  answer(name, { account_details: [{ name: "app", stream_detail }] });
const replica = (name: string, current = true, offline = false) => ({ name, current, offline });
const r3 = (leader: string, bytes: number, ...replicas: ReturnType<typeof replica>[]): Stream => [
  { name: "S", config: { num_replicas: 3 }, state: { bytes }, cluster: { leader, replicas } },
];

const of = (answers: Answers) => holdingsOf(answers, []);

describe("what servers hold, as they report it", () => {
  it("is every copy: those that a server has, and those that the leader reports", () => {
    const { assets, answered } = of([
      holding("iad-1", r3("iad-0", 40, replica("iad-0"), replica("iad-2", false))),
      holding("iad-0", r3("iad-0", 50, replica("iad-1"), replica("iad-2"))),
    ]);
    assert.deepEqual(answered, ["iad-0", "iad-1"]);
    assert.deepEqual(assets, [
      {
        account: "app",
        stream: "S",
        replicas: 3,
        leader: "iad-0",
        members: ["iad-0", "iad-1", "iad-2"],
        missing: ["iad-2"],
        bytes: 50,
        copied: 0,
      },
    ]);
  });

  it("knows from the leader which members are offline, and from each server whether it is current", () => {
    const { assets, behind } = holdingsOf(
      [
        holding("iad-0", r3("iad-0", 50, replica("iad-1", true, true), replica("iad-3"))),
        holding("iad-1", r3("iad-0", 20, replica("iad-0"))),
        holding("iad-3", r3("iad-0", 20, replica("iad-0"), replica("iad-1", false))),
      ],
      [
        { server: answer("iad-0", {}).server, data: { status: "ok" } },
        { server: answer("iad-3", {}).server, data: { status: "unavailable", error: "stream is catching up" } },
      ],
    );
    assert.deepEqual([assets[0]!.missing, assets[0]!.copied], [["iad-1"], 20]);
    assert.deepEqual(behind, { "iad-1": "it did not report its health", "iad-3": "stream is catching up" });
  });

  it("includes a stream without a leader, and consumers of a stream that another server leads", () => {
    const { assets } = of([
      holding("iad-3", [
        {
          name: "S",
          cluster: { replicas: [replica("iad-0")] },
          consumer_detail: [{ name: "d", cluster: { leader: "iad-3" } }],
        },
      ]),
    ]);
    assert.deepEqual(
      assets.map((asset) => [describeAsset(asset), asset.leader, asset.members]),
      [
        ["stream app/S", undefined, ["iad-3"]],
        ["consumer app/S/d", "iad-3", ["iad-3"]],
      ],
    );
    assert.deepEqual(assetsOn(["iad-4"], { assets }), []);
    assert.equal(assetsOn(["iad-4", "iad-3"], { assets }).length, 2);
  });

  it("counts peers of the meta group by their ids, the leader included, and servers without JetStream", () => {
    const holdings = of([
      answer("iad-0", {
        meta_cluster: {
          leader: "iad-0",
          cluster_size: 3,
          replicas: [
            replica("iad-1"),
            { name: "Server name unknown at this time", peer: peerId("iad-4"), current: false, offline: true },
          ],
        },
      }),
      answer("iad-1", { meta_cluster: { leader: "iad-0", cluster_size: 3 } }),
      answer("iad-3", { disabled: true }),
    ]);
    assert.deepEqual(peersOf(["iad-4", "iad-3", "iad-0"], holdings), ["iad-4", "iad-0"]);
    assert.deepEqual([holdings.meta!.leader, holdings.meta!.size, holdings.withoutJetstream], ["iad-0", 3, ["iad-3"]]);
    assert.deepEqual(
      holdings.meta!.peers.map(({ isCurrent }) => isCurrent),
      [true, true, false],
    );
  });

  it("leaves out a server that answers with an error, and has no meta group without a leader", async () => {
    const failed = { server: answer("iad-1", {}).server, error: { description: "busy" } };
    const { connection } = fakeConnection({ JSZ: [answer("iad-0", {}), failed], HEALTHZ: [failed] });
    const { answered, meta, assets } = await readHoldings(connection);
    assert.deepEqual([answered, meta, assets], [["iad-0"], undefined, []]);
  });
});

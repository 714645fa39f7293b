import assert from "node:assert/strict";
import type { NatsConnection } from "@nats-io/transport-node";
import { Mappings, mappingState, before214 } from "../../../../operations/failover/mappings";
import { localEnvironment } from "../../../support/accounts";

describe("servers that map a stream's subjects", () => {
  const stream = { name: "S", spec: { subjects: ["s.>", "t.*.x"] } };
  const complete = {
    "s.>": [{ subject: "fo.S.s.>" }],
    "t.*.x": [{ subject: "fo.S.t.{{wildcard(1)}}.x" }],
    "other.>": [{ subject: "fo.O.other.>" }],
  };
  const server = (name: string, mappings?: Record<string, { subject: string }[]>) => ({
    server: { name, cluster: "iad", ver: "2.15.3" },
    data: { account_detail: { mappings } },
  });

  it("are those that report each of them, to the stream's failover subjects", () =>
    assert.deepEqual(
      mappingState(
        [
          server("iad-0", complete),
          server("ams-0"),
          server("ams-1", { "s.>": complete["s.>"] }),
          server("syd-0", { ...complete, "s.>": [{ subject: "fo.OTHER.s.>" }] }),
        ],
        stream,
      ),
      // A server that maps some of them is in both lists: neither command may pass it over.
      { mapped: ["ams-1", "iad-0", "syd-0"], unmapped: ["ams-0", "ams-1", "syd-0"] },
    ));

  it("are none of those whose answer has no account", () =>
    assert.deepEqual(mappingState([{ server: { name: "iad-0", cluster: "iad", ver: "2.15.3" } }], stream), {
      mapped: [],
      unmapped: ["iad-0"],
    }));
});

describe("questions to all servers about what they map", () => {
  const stream = { account: "app", name: "S", region: "iad", spec: { subjects: ["s.>"] } };
  const answer = (name: string) => ({
    server: { name, cluster: name.slice(0, 3), ver: "2.15.3" },
    data: { account_detail: { mappings: { "s.>": [{ subject: "fo.S.s.>" }] } } },
  });

  /** Servers of three regions that answer, one list a question; after the last they answer as then. */
  function mappingsOf(...answers: string[][]) {
    let asked = 0;
    const reloads: string[][] = [];
    const system = {
      requestMany: () =>
        Promise.resolve(answers[Math.min(asked++, answers.length - 1)]!.map((name) => ({ json: () => answer(name) }))),
    } as unknown as NatsConnection;
    const mappings = new Mappings(system, localEnvironment({ servers: 1 }), (regions) =>
      Promise.resolve(void reloads.push(regions)),
    );
    return { mappings, asked: () => asked, reloads };
  }

  it("do not take a server that has answered before for one that does not map: its answer is waited for", async () => {
    const { mappings } = mappingsOf(["ams-0", "iad-0", "syd-0"], ["ams-0", "iad-0"], ["ams-0", "iad-0", "syd-0"]);
    await mappings.of(stream);
    assert.deepEqual((await mappings.of(stream)).mapped, ["ams-0", "iad-0", "syd-0"]);
  });

  it("wait as long as is asked for a server that has not answered yet", async () => {
    const { mappings } = mappingsOf(["ams-0"], ["iad-0"], ["ams-0", "syd-0"]);
    assert.deepEqual((await mappings.of(stream, 60_000)).mapped, ["ams-0", "iad-0", "syd-0"]);
  });

  it("do not wait again for one that did not answer, until servers were brought up", async () => {
    const { mappings, asked, reloads } = mappingsOf(["ams-0", "syd-0"]);
    await mappings.of(stream, 1);
    const first = asked();
    await mappings.of(stream, 60_000);
    assert.equal(asked() - first, 1);
    await mappings.bring(["iad-0", "syd-0"]);
    assert.deepEqual(reloads, [["iad", "syd"]]);
    const second = asked();
    await mappings.of(stream, 300);
    assert.ok(asked() - second > 1);
  });

  it("find the servers of a region that are too old to move a durable", () => {
    const of = (name: string, ver: string) => ({ server: { name, cluster: name.slice(0, 3), ver } });
    assert.deepEqual(
      before214([of("iad-1", "2.12.1"), of("iad-0", "2.13.0"), of("iad-2", "2.14.0"), of("ams-0", "2.12.1")], "iad"),
      ["iad-0", "iad-1"],
    );
  });
});

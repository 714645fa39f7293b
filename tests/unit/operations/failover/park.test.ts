import assert from "node:assert/strict";
import { Failure } from "../../../../engine/failure";
import type { FailoverPair } from "../../../../operations/failover/failover-pair";
import { park } from "../../../../operations/failover/park";
import { localEnvironment } from "../../../support/accounts";
import { type Answer, type Answers, fakeConnection, refusal, resolveAnswer } from "../../../support/fake-connection";

const config = { name: "S", subjects: ["s.>"], duplicate_window: 120e9 };
const environment = localEnvironment({ regions: ["iad", "ams"], servers: 1 });
const server = (name: string) => ({ server: { name, cluster: name.slice(0, 3), ver: "2.14.9" } });

/** A stream of iad whose subjects are gone once an update has been accepted. */
function pairWith(info: object | "unreachable", update: Answer, system: Answers, lists: Answers = {}) {
  let isParked = false;
  const own = fakeConnection({
    ...lists,
    "STREAM.UPDATE.S": (payload) => {
      const answer = resolveAnswer(update, payload);
      isParked = !("error" in answer);
      return answer;
    },
  });
  const all = fakeConnection(system);
  const pair = {
    stream: { account: "app", name: "S", region: "iad", spec: { subjects: ["s.>"] } },
    environment,
    account: { connection: own.connection },
    system: all.connection,
    infoOf: () => Promise.resolve(info),
    holders: () => Promise.resolve(isParked ? [] : ["S"]),
  } as unknown as FailoverPair;
  return { pair, requests: own.requests, events: all.requests };
}

const events = (requests: string[]) =>
  requests.filter((subject) => subject.startsWith("$SYS.")).map((subject) => subject.split(".").at(-1));

describe("taking a stream's subjects away", () => {
  it("updates its configuration as its leader reports it, and announces nothing", async () => {
    let sent: Record<string, unknown> = {};
    const { pair, events: system } = pairWith({ config }, (payload) => ((sent = payload), {}), {});
    await park(pair);
    assert.deepEqual([sent.subjects, sent.pedantic], [["parked.S.>"], true]);
    assert.deepEqual(system, []);
  });

  it("of a stream without a leader reads the configuration from any server that holds it", async () => {
    const detail = { name: "S", config };
    const { pair, events: system } = pairWith(
      "unreachable",
      {},
      {
        STATSZ: [server("ams-0")],
        JSZ: [{ ...server("ams-0"), data: { account_details: [{ name: "app", stream_detail: [detail] }] } }],
      },
    );
    await park(pair);
    assert.deepEqual(events(system), ["SHUTDOWN"], "the servers that do not answer are announced gone in the end");
  });

  it("of a stream that no server holds reads it from the meta leader", async () => {
    const { pair, requests } = pairWith(
      "unreachable",
      {},
      { STATSZ: [server("ams-0")], JSZ: [server("ams-0")] },
      { "STREAM.LIST": { streams: [{ config }], total: 1 } },
    );
    await park(pair);
    assert.deepEqual(requests, ["STREAM.LIST", "STREAM.UPDATE.S"]);
  });

  it("announces the servers as running where they refuse for being down, and sends it again", async () => {
    let count = 0;
    const { pair, events: system } = pairWith(
      "unreachable",
      () => (count++ === 0 ? refusal(10118) : {}),
      { STATSZ: [server("ams-0")], JSZ: [server("ams-0")] },
      { "STREAM.LIST": { streams: [{ config }], total: 1 } },
    );
    await park(pair);
    assert.equal(count, 2);
    assert.deepEqual(events(system), ["SHUTDOWN", "STATSZ", "SHUTDOWN"]);
  });

  it("fails with the server's reason for any other refusal", async () => {
    const { pair } = pairWith({ config }, refusal(10052, "invalid"), {});
    await assert.rejects(park(pair), /^ApiError: invalid \(error 10052/);
  });

  it("changes nothing where no configuration can be read", async () => {
    const { pair, requests } = pairWith(
      "unreachable",
      {},
      { STATSZ: [server("ams-0")], JSZ: [server("ams-0")] },
      { "STREAM.LIST": { streams: [], total: 0 } },
    );
    await assert.rejects(park(pair), (error) => error instanceof Failure && /Nothing was changed/.test(error.message));
    assert.deepEqual(requests, ["STREAM.LIST"]);
  });
});

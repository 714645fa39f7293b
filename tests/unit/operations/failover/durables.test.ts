import assert from "node:assert/strict";
import { marker } from "../../../../jetstream/ownership";
import { pauseDurables, resumeDurables } from "../../../../operations/failover/durables";
import type { FailoverPair } from "../../../../operations/failover/failover-pair";
import { type Answer, fakeConnection, refusal } from "../../../support/fake-connection";
import { type FakeMessage, fakeMessages, messages } from "../../../support/fake-messages";

const owner = "supercluster/x";
/**
 * Both streams had 1 to 4; 5 was stored at home only; 6 and 7 came back, which the mirror has as 5 and 6. After the
 * opening 8 was published at home, and 9 came back, which the mirror has as 7.
 */
const note = { common: 4, own: 5, open: { last: 7, upTo: 6 } };
const tail = [{ seq: 8 }, { seq: 9, origin: 7 }];
const returned = [6, 7].map((seq): FakeMessage => ({ seq, time: "", from: ["S-ams", seq - 1] }));
const { ask } = fakeMessages({ S: [...messages("home", 1, 2, 3, 4, 5), ...returned] });

const consumer = (floor: number, change: object = {}) => ({
  config: { deliver_policy: "all" },
  ack_floor: { stream_seq: floor },
  num_pending: 1,
  num_ack_pending: 0,
  ...change,
});

/** One durable, as it is at home and on the mirror. */
function durableOf(home: object | "missing", there: object | "missing", reset: Answer = {}) {
  const sent: Record<string, unknown> = {};
  const lines: string[] = [];
  const noted = (name: string, answer: Answer) => (payload: Record<string, unknown>) => {
    sent[name] = payload;
    return answer;
  };
  const { connection } = fakeConnection({
    "STREAM.INFO.S-ams": { config: { name: "S-ams", metadata: marker(owner) }, state: { last_seq: 6 } },
    "CONSUMER.RESET.S.worker": noted("reset", reset),
    "CONSUMER.PAUSE.S.worker": noted("pause", {}),
  });
  const pair = {
    stream: { name: "S" },
    durables: [{ stream: "S", name: "worker", spec: { pauseUntil: "2030-01-01T00:00:00Z" } }],
    account: { connection, owner, logProgress: (line: string) => void lines.push(line) },
    consumerInfo: (stream: string) => Promise.resolve(stream === "S" ? home : there),
    ask,
  } as unknown as FailoverPair;
  return { pair, sent, lines };
}

describe("durables of the home stream during a failback", () => {
  it("are paused for an hour, and not where they do not exist", async () => {
    const { pair, sent } = durableOf(consumer(0), "missing");
    await pauseDurables(pair);
    const until = new Date((sent.pause as { pause_until: string }).pause_until).getTime();
    assert.ok(until > Date.now() + 3_000_000 && until <= Date.now() + 3_600_000);
    const absent = durableOf("missing", "missing");
    await pauseDurables(absent.pair);
    assert.deepEqual(absent.sent, {});
  });

  it("continue past what was acknowledged on the mirror in the part that both streams have", async () => {
    const { pair, sent, lines } = durableOf(consumer(1), consumer(3));
    await resumeDurables(pair, "S-ams", note, tail);
    assert.deepEqual(sent, { reset: { seq: 4 } });
    assert.deepEqual(lines, ["durable worker continues at 4"]);
  });

  it("continue at the first message that came back and was not acknowledged on the mirror", async () => {
    const { pair, sent } = durableOf(consumer(5), consumer(5));
    await resumeDurables(pair, "S-ams", note, tail);
    assert.deepEqual(sent, { reset: { seq: 7 } });
  });

  it("continue at the first message after the opening that is not one of the acknowledged ones", async () => {
    for (const [rest, seq] of [
      [tail, 8],
      [tail.slice(1), 10],
    ] as const) {
      const { pair, sent } = durableOf(consumer(5), consumer(7));
      await resumeDurables(pair, "S-ams", note, rest);
      assert.deepEqual(sent, { reset: { seq } });
    }
  });

  it("stay where they were without a durable on the mirror, and get their own pause back", async () => {
    const { pair, sent, lines } = durableOf(consumer(2, { paused: true }), "missing");
    await resumeDurables(pair, "S-ams", note, tail);
    assert.deepEqual(sent, { pause: { pause_until: "2030-01-01T00:00:00Z" } });
    assert.deepEqual(lines, ["durable worker continues where it was, after 2"]);
  });

  it("stay where they were where the server cannot move them, and that is reported", async () => {
    const { pair, lines } = durableOf(consumer(1), consumer(3), refusal(10122, "cannot reset"));
    await resumeDurables(pair, "S-ams", note, tail);
    assert.match(lines.join(), /could not be moved to 4 and continues where it was: cannot reset/);
  });
});

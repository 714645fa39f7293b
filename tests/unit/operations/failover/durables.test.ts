import assert from "node:assert/strict";
import { marker } from "../../../../jetstream/ownership";
import { withTimeouts } from "../../../../jetstream/timeouts";
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

interface Found {
  config: object;
  ack_floor: { stream_seq: number };
  num_pending: number;
  num_ack_pending: number;
  paused?: boolean;
}

const consumer = (floor: number, change: Partial<Found> = {}): Found => ({
  config: { deliver_policy: "all" },
  ack_floor: { stream_seq: floor },
  num_pending: 1,
  num_ack_pending: 0,
  ...change,
});

type Lookup = Found | "missing" | "unreachable";

/** One durable, as it is at home, where requests change it, and on the mirror. */
function durableOf(
  home: Lookup,
  there: Lookup,
  { reset = {}, isPauseHeard = true, tooOld = [] }: { reset?: Answer; isPauseHeard?: boolean; tooOld?: string[] } = {},
) {
  const sent: Record<string, unknown> = {};
  const lines: string[] = [];
  const { connection } = fakeConnection({
    "STREAM.INFO.S-ams": { config: { name: "S-ams", metadata: marker(owner) }, state: { last_seq: 6 } },
    "CONSUMER.RESET.S.worker": (payload) => {
      sent.reset = payload;
      if (typeof reset === "function") return (reset as (payload: object) => object)(payload);
      if (!("error" in reset)) (home as Found).ack_floor.stream_seq = (payload.seq as number) - 1;
      return reset;
    },
    "CONSUMER.PAUSE.S.worker": (payload) => {
      sent.pause = payload;
      (home as Found).paused = payload.pause_until !== undefined;
      if (!isPauseHeard) throw new Error("timeout");
      return {};
    },
  });
  const pair = {
    stream: { name: "S" },
    durables: [{ stream: "S", name: "worker", spec: { pauseUntil: "2130-01-01T00:00:00Z" } }],
    account: { connection, owner, logProgress: (line: string) => void lines.push(line) },
    consumerInfo: (stream: string) => Promise.resolve(stream === "S" ? home : there),
    tooOld: () => Promise.resolve(tooOld),
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

  it("are paused where the request was carried out and its answer was lost", async () => {
    const { pair, sent } = durableOf(consumer(0), "missing", { isPauseHeard: false });
    await pauseDurables(pair);
    assert.ok(sent.pause);
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
    assert.deepEqual(sent, { pause: { pause_until: "2130-01-01T00:00:00Z" } });
    assert.deepEqual(lines, ["durable worker continues where it was, after 2"]);
  });

  it("are not moved back where an earlier run ended after it had moved them, and workers went on", async () => {
    const { pair, sent, lines } = durableOf(consumer(8), consumer(5));
    await resumeDurables(pair, "S-ams", note, tail);
    assert.deepEqual(sent, {});
    assert.deepEqual(lines, ["durable worker continues where it was, after 8"]);
  });

  it("stay where they were where the server refuses to move them, and that is reported", async () => {
    const reset = refusal(10122, "cannot reset");
    const { pair, lines } = durableOf(consumer(1), consumer(3), { reset });
    await resumeDurables(pair, "S-ams", note, tail);
    assert.match(lines.join(), /could not be moved to 4 and continues where it was: cannot reset/);
  });

  it("stay where they were where servers are too old to move them, without a request", async () => {
    const { pair, sent, lines } = durableOf(consumer(1), consumer(3), { tooOld: ["iad-0"] });
    await resumeDurables(pair, "S-ams", note, tail);
    assert.deepEqual(sent, {});
    assert.match(lines.join(), /where it was, after 1: servers before 2.14 cannot move it to 4, so .* again/);
  });

  it("are moved where the request was carried out and its answer was lost", async () => {
    const home = consumer(1);
    const reset = ({ seq }: Record<string, unknown>) => {
      home.ack_floor.stream_seq = (seq as number) - 1;
      throw new Error("timeout");
    };
    const { pair, lines } = durableOf(home, consumer(3), { reset });
    await resumeDurables(pair, "S-ams", note, tail);
    assert.deepEqual(lines, ["durable worker continues at 4"]);
  });

  it("keep the failback from ending where one was perhaps not moved, or does not answer", async () => {
    const unanswered = durableOf(consumer(1), consumer(3), {
      reset: () => {
        throw new Error("timeout");
      },
    });
    await assert.rejects(
      withTimeouts({ settleMs: 10 }, () => resumeDurables(unanswered.pair, "S-ams", note, tail)),
      /reset of durable worker of S: no answer .* Re-running is safe/,
    );
    for (const [home, there] of [
      ["unreachable", consumer(3)],
      [consumer(1), "unreachable"],
    ] as const)
      await assert.rejects(
        resumeDurables(durableOf(home, there).pair, "S-ams", note, tail),
        /durable worker of S(-ams)? does not answer.*Nothing was deleted; run the command again/,
      );
  });
});

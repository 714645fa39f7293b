import assert from "node:assert/strict";
import { headers, type Msg, type NatsConnection, NoRespondersError } from "@nats-io/transport-node";
import { type HistoryOptions, readHistory } from "../../../../workers/messaging";

interface Answer {
  code?: number;
  sequence?: number;
  previous?: number;
  pending?: number;
}

const message = ({ code, sequence, previous = 0, pending = 0 }: Answer): Msg => {
  const made = headers(code, code ? "as told" : "");
  if (sequence !== undefined) {
    made.set("Nats-Stream", "S");
    made.set("Nats-Subject", "a.b");
    made.set("Nats-Sequence", String(sequence));
    made.set("Nats-Time-Stamp", "2026-01-02T03:04:05.678901234Z");
  }
  if (sequence !== undefined || previous > 0) made.set("Nats-Last-Sequence", String(previous));
  made.set("Nats-Num-Pending", String(pending));
  return { headers: made, data: new TextEncoder().encode(`body ${sequence}`) } as Msg;
};

/** A connection that gives each request the next answers; it notes what was asked. */
function connection(...rounds: (Answer[] | Error)[]) {
  const asked: Record<string, unknown>[] = [];
  const requestMany = (subject: string, body: string) => {
    assert.equal(subject, "$JS.API.DIRECT.GET.S");
    asked.push(JSON.parse(body) as Record<string, unknown>);
    const round = rounds.shift() ?? [];
    if (round instanceof Error) return Promise.reject(round);
    return Promise.resolve(
      (async function* () {
        for (const answer of round) yield message(answer);
      })(),
    );
  };
  return { nc: { requestMany } as unknown as NatsConnection, asked };
}

async function read(nc: NatsConnection, options: Partial<HistoryOptions> = {}): Promise<number[]> {
  const found: number[] = [];
  for await (const { sequence } of readHistory(nc, { stream: "S", from: { sequence: 1 }, batch: 2, ...options }))
    found.push(sequence);
  return found;
}

const end = { code: 204 };

describe("the history of a stream", () => {
  it("is read batch by batch, in order, to its end", async () => {
    const { nc, asked } = connection(
      [
        { sequence: 3, pending: 2 },
        { sequence: 5, previous: 3, pending: 1 },
        { ...end, pending: 1 },
      ],
      [{ sequence: 9, pending: 0 }, end],
    );
    assert.deepEqual(await read(nc, { subject: "a.>" }), [3, 5, 9]);
    assert.deepEqual(asked, [
      { seq: 1, next_by_subj: "a.>", batch: 2 },
      { seq: 6, next_by_subj: "a.>", batch: 2 },
    ]);
  });

  it("begins at a time, and goes on by sequence", async () => {
    const { nc, asked } = connection([{ sequence: 4, pending: 1 }], [{ code: 404 }]);
    assert.deepEqual(await read(nc, { from: { time: new Date(0) } }), [4]);
    assert.deepEqual(asked, [
      { start_time: "1970-01-01T00:00:00.000Z", batch: 2 },
      { seq: 5, batch: 2 },
    ]);
  });

  it("asks again for what was lost on its way, whatever came after it", async () => {
    const lost = [
      { sequence: 1, pending: 3 },
      { sequence: 3, previous: 2, pending: 0 },
    ];
    const { nc, asked } = connection(lost, [
      { sequence: 2, pending: 1 },
      { sequence: 3, previous: 2, pending: 0 },
    ]);
    assert.deepEqual(await read(nc), [1, 2, 3]);
    assert.deepEqual(
      asked.map(({ seq }) => seq),
      [1, 2],
    );
  });

  it("asks again for the last message where it is the one that was lost", async () => {
    const { nc, asked } = connection(
      [
        { sequence: 1, pending: 1 },
        { ...end, previous: 2 },
      ],
      [{ ...end, previous: 2 }],
      [{ sequence: 2 }, { ...end, previous: 2 }],
    );
    assert.deepEqual(await read(nc), [1, 2]);
    assert.deepEqual(
      asked.map(({ seq }) => seq),
      [1, 2, 2],
    );
  });

  it("is what the stream stored: subject, time and body", async () => {
    const { nc } = connection([{ sequence: 7 }]);
    const all = [];
    for await (const each of readHistory(nc, { stream: "S", from: { sequence: 7 } })) all.push(each);
    const [{ stream, subject, time, data }] = all as [(typeof all)[number]];
    assert.deepEqual(
      [all.length, stream, subject, time.getTime()],
      [1, "S", "a.b", Date.UTC(2026, 0, 2, 3, 4, 5, 678)],
    );
    assert.equal(new TextDecoder().decode(data), "body 7");
  });

  it("waits while nothing answers, and then throws", async () => {
    const none = new NoRespondersError("$JS.API.DIRECT.GET.S");
    const { nc } = connection(none, [], [{ sequence: 1 }]);
    assert.deepEqual(await read(nc), [1]);
    await assert.rejects(read(connection(none).nc, { patience: 0 }), {
      message: "stream S has not answered for 0 ms: it does not exist, has no allow_direct, or no replica of it runs",
      cause: none,
    });
  });

  it("throws what the server refuses, at once", async () => {
    await assert.rejects(read(connection([{ code: 408 }]).nc), /stream S was not read: 408 as told/);
    await assert.rejects(read(connection(new Error("no permission")).nc), /^Error: no permission$/);
    await assert.rejects(read(connection([{}]).nc), /not a stored message: body undefined/);
  });
});

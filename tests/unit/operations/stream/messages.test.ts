import assert from "node:assert/strict";
import {
  commonEnd,
  countAfter,
  firstReturnedAfter,
  identitiesAfter,
  lastReturned,
  originSequence,
} from "../../../../operations/stream/messages";
import { fakeInfo, type FakeMessage, fakeMessages, messages } from "../../../support/fake-messages";

describe("where messages came from", () => {
  const hdrs = (line: string) => Buffer.from(`NATS/1.0\r\n${line}\r\n\r\n`).toString("base64");

  it("is a sequence of the named stream, with or without its hash, and unknown for any other", () => {
    for (const source of ["M 12 > > s.x", "M:3f2a 12 > > s.x"])
      assert.equal(originSequence({ hdrs: hdrs(`Nats-Stream-Source: ${source}`) }, "M"), 12);
    assert.equal(originSequence({ hdrs: hdrs("Nats-Stream-Source: OTHER 12 > > s.x") }, "M"), undefined);
    assert.equal(originSequence({ hdrs: hdrs("Trace: M 12") }, "M"), undefined);
    assert.equal(originSequence({}, "M"), undefined);
  });
});

describe("the last sequence up to which a stream and its mirror are the same", () => {
  const end = (own: FakeMessage[], copy: FakeMessage[]) =>
    commonEnd(
      fakeMessages({ S: own, M: copy }).ask,
      { name: "S", info: fakeInfo("S", own) },
      { name: "M", info: fakeInfo("M", copy) },
    );
  const same = messages("before", 1, 2, 3, 4);

  it("is the end of the shorter one where nothing differs", async () => {
    assert.equal(await end(same, same), 4);
    assert.equal(await end(same, same.slice(0, 2)), 2);
    assert.equal(await end([], []), 0);
  });

  it("is before the first message that each stored by itself", async () => {
    assert.equal(await end([...same, ...messages("home", 5, 6)], [...same, ...messages("mirror", 5, 6, 7)]), 4);
    assert.equal(await end(messages("home", 1, 2), messages("mirror", 1, 2)), 0);
  });

  it("counts what the stream has dropped by its limits as the same", async () => {
    const copy = [...same, ...messages("mirror", 5)];
    assert.equal(await end([...same.slice(2), ...messages("home", 5)], copy), 4);
  });
});

describe("what came back from a mirror", () => {
  const home: FakeMessage[] = [
    ...messages("home", 1, 2),
    ...[3, 4, 5].map((seq): FakeMessage => ({ seq, time: "", from: ["M", seq + 4] })),
  ];
  const { ask } = fakeMessages({ S: home, M: messages("mirror", 7, 8, 9), EMPTY: [] });

  it("ends at the mirror's sequence of the last message, unless that is the stream's own", async () => {
    assert.equal(await lastReturned(ask, "S", "M", 2), 9);
    assert.equal(await lastReturned(ask, "S", "M", 5), undefined);
    assert.equal(await lastReturned(ask, "EMPTY", "M", 0), undefined);
  });

  it("begins, after a sequence of the mirror, at the first message behind it", async () => {
    const first = (seq: number) => firstReturnedAfter(ask, "S", "M", seq, { own: 2, end: 5 });
    assert.deepEqual(await Promise.all([6, 7, 8, 9].map(first)), [3, 4, 5, 6]);
  });
});

describe("what a stream holds after a sequence", () => {
  const { ask } = fakeMessages({ M: messages("mirror", 3, 4, 6), EMPTY: [] });

  it("is counted without deleted messages", async () => {
    assert.deepEqual(await Promise.all([0, 3, 5, 6, 9].map((seq) => countAfter(ask, "M", seq))), [3, 2, 1, 0, 0]);
    assert.equal(await countAfter(ask, "EMPTY", 0), 0);
  });
});

describe("what identifies the last messages of a stream", () => {
  it("is the sequence that each had in the stream it came from, and the id its publisher gave it", async () => {
    const held: FakeMessage[] = [
      ...messages("home", 1, 2),
      { seq: 3, time: "", from: ["M", 7], id: "a" },
      { seq: 5, time: "", id: "b" },
      { seq: 6, time: "", from: ["OTHER", 9] },
    ];
    const { ask } = fakeMessages({ S: held });
    assert.deepEqual(await identitiesAfter(ask, "S", 2, "M"), [
      { seq: 3, origin: 7, id: "a" },
      { seq: 5, origin: undefined, id: "b" },
      { seq: 6, origin: undefined, id: undefined },
    ]);
    assert.deepEqual(await identitiesAfter(ask, "S", 6, "M"), []);
  });
});

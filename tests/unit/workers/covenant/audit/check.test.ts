import assert from "node:assert/strict";
import fc from "fast-check";
import { type Anchor, ChainCheck } from "../../../../../workers/covenant/audit/check";
import { anchorOf, linesOf, verdictOf } from "../../../../../workers/covenant/audit/verify-trail";
import {
  type Content,
  deadLettered,
  emptyHead,
  type Entry,
  expired,
  follow,
  type Head,
} from "../../../../../workers/covenant/audit/entry";

const message = (sequence: number, body = "{}"): Content => ({
  ...{ kind: "message", sequence, lastSequence: sequence, storedNs: BigInt(sequence), subject: "s", detail: null },
  ...{ headers: null, body: Buffer.from(body) },
});

/** A chain of contents, each with its generation if it is not 1. */
function chain(...contents: (Content | [Content, number])[]): { entries: Entry[]; head: Head } {
  let head = emptyHead;
  const entries: Entry[] = [];
  for (const each of contents) {
    const [content, generation] = Array.isArray(each) ? each : [each, undefined];
    const next = follow(head, "S", content, 1_000, generation);
    entries.push(next.entry);
    head = next.head;
  }
  return { entries, head };
}

function problemsOf(entries: readonly Entry[], head: Head | undefined, anchors: Anchor[] = []): string[] {
  const check = new ChainCheck("S", anchors);
  for (const entry of entries) check.add(entry);
  check.end(head);
  return check.problems;
}

const whole = () => chain(message(1), message(2), expired(3, 5), message(6), deadLettered(message(7), "terminal"));

describe("the check of a chain", () => {
  it("finds nothing where it is whole: with gaps, with what came late, and where its stream began again", () => {
    const { entries, head } = chain(
      ...[message(1), expired(2, 9), message(10), deadLettered(message(11), "no")],
      ...[{ ...message(11), kind: "late" } satisfies Content, message(12)],
      ...([
        [message(1), 2],
        [message(2), 2],
      ] as [Content, number][]),
    );
    assert.deepEqual(problemsOf(entries, head), []);
    assert.deepEqual(problemsOf([], undefined), []);
  });

  it("finds the end cut off where the head was set back, but for its sequence", () => {
    const { entries, head } = whole();
    const cut = chain(message(1), message(2));
    const forged = { ...cut.head, sequence: head.sequence };
    assert.deepEqual(problemsOf(entries.slice(0, 2), forged), [
      "the writer was at sequence 7, the last entry is 2: removed",
    ]);
  });

  it("tells lost from skipped", () => {
    const { entries, head } = chain(message(1), expired(2, 3), message(6));
    assert.deepEqual(problemsOf(entries, head), ["sequences 4 to 5 are without an entry: lost"]);
    const again = chain(message(1), [message(2), 2]);
    assert.deepEqual(problemsOf(again.entries, again.head), ["sequence 1 is without an entry: lost"]);
    const twice = chain(message(1), message(2), message(2));
    assert.deepEqual(problemsOf(twice.entries, twice.head), ["sequence 2 has a second entry: inserted"]);
  });

  it("finds any change of any field of any entry", () => {
    const changes: ((entry: Entry) => Partial<Entry>)[] = [
      ({ recordedMs }) => ({ recordedMs: recordedMs + 1 }),
      ({ storedNs }) => ({ storedNs: (storedNs ?? 0n) + 1n }),
      ({ subject }) => ({ subject: `${subject}x` }),
      ({ body }) => ({ body: Buffer.concat([body ?? Buffer.alloc(0), Buffer.from("x")]) }),
      ({ headers }) => ({ headers: headers === null ? "{}" : null }),
      ({ detail }) => ({ detail: detail === null ? "" : null }),
      ({ kind }) => ({ kind: kind === "message" ? "late" : "message" }),
      ({ hash }) => ({ hash: Buffer.from(hash.map((byte) => byte ^ 1)) }),
      ({ previous }) => ({ previous: Buffer.from(previous.map((byte) => byte ^ 1)) }),
      ({ lastSequence }) => ({ lastSequence: lastSequence + 1 }),
    ];
    const { entries, head } = whole();
    fc.assert(
      fc.property(fc.nat(entries.length - 1), fc.constantFrom(...changes), (index, change) => {
        const changed = entries.with(index, { ...entries[index]!, ...change(entries[index]!) });
        assert.notDeepEqual(problemsOf(changed, head), []);
      }),
    );
  });

  it("finds entries that were removed, wherever, and one that was put in", () => {
    const { entries, head } = whole();
    fc.assert(
      fc.property(fc.nat(entries.length - 1), fc.integer({ min: 1, max: entries.length }), (from, count) => {
        const missing = problemsOf(entries.toSpliced(from, count), head).filter((each) => each.includes("removed"));
        assert.equal(missing.length, 1);
      }),
    );
    const { entry } = follow(head, "S", message(8), 1_000);
    assert.deepEqual(problemsOf([...entries, entry], head), ["entry 6 is not the writer's: inserted"]);
  });

  it("finds by an anchor what was written again, and what is missing", () => {
    const before = whole();
    const anchor = { stream: "S", position: 2, hash: before.entries[1]!.hash.toString("hex") };
    assert.deepEqual(problemsOf(before.entries, before.head, [anchor]), []);
    const forged = chain(message(1, "forged"), message(2));
    assert.deepEqual(problemsOf(forged.entries, forged.head, [anchor]), [
      "entry 2 is not that of the anchor: the chain was written again",
    ]);
    const short = chain(message(1));
    assert.deepEqual(problemsOf(short.entries, short.head, [anchor]), ["entry 2 of the anchor is missing: removed"]);
    assert.deepEqual(problemsOf(short.entries, short.head, [{ ...anchor, stream: "OTHER" }]), []);
  });

  it("is no verdict where there was nothing to check", () => {
    const isWhole = (...of: Parameters<typeof verdictOf>) => verdictOf(...of).isWhole;
    assert.deepEqual([isWhole([{ problems: [] }]), isWhole([{ problems: [] }, { problems: ["lost"] }])], [true, false]);
    assert.match(verdictOf([]).text, /^NOTHING WAS CHECKED/);
    assert.deepEqual(
      [isWhole([]), isWhole([], { S: { acknowledged: 0 } }), isWhole([], { S: { acknowledged: 1 } })],
      [false, true, false],
    );
  });

  it("is printed by stream, with each gap and each problem", () => {
    const { entries, head } = chain(message(1), expired(2, 3), deadLettered(message(4), "terminal: no"), [
      message(2),
      2,
    ]);
    const check = new ChainCheck("S");
    for (const entry of entries) check.add(entry);
    check.end(head);
    const { counts, skipped, problems } = check;
    const hash = head.hash.toString("hex");
    const report = { stream: "S", counts, skipped, problems, head: { stream: "S", position: 4, hash, sequence: 2 } };
    assert.deepEqual(linesOf(report, 3), [
      `S: 2 messages, 2 expired, 1 dead-lettered; 3 wait. anchor S:4:${hash}`,
      "  skipped: 2 to 3, expired",
      "  skipped: 4, dead-lettered: terminal: no",
      "  PROBLEM: sequence 1 is without an entry: lost",
    ]);
    assert.deepEqual(anchorOf(`S:4:${hash}`), { stream: "S", position: 4, hash });
    assert.equal(anchorOf("S:4"), undefined);
  });
});

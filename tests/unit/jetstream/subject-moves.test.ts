import assert from "node:assert/strict";
import { setImmediate as nextTurn } from "node:timers/promises";
import fc from "fast-check";
import { parkedSubject } from "../../../config/assets/standard";
import { overlaps } from "../../../config/subjects";
import { ApiError } from "../../../jetstream/errors";
import { gainedBy, takersFrom } from "../../../jetstream/moves";
import { SubjectMoves } from "../../../jetstream/subject-moves";
import { withTimeouts } from "../../../jetstream/timeouts";

type Subjects = Record<string, string[]>;

/** An account that refuses what a server refuses. */
class FakeAccount {
  private readonly watched: [string, string][];

  /** @param kept pairs of stream and subject that must be captured all the time */
  constructor(
    readonly streams: Subjects,
    kept: [string, string][] = [],
  ) {
    this.watched = kept;
  }

  holders = (name: string, subject: string): string[] =>
    Object.keys(this.streams).filter(
      (other) => other !== name && this.streams[other]!.some((own) => overlaps(own, subject)),
    );

  async set(name: string, subjects: string[]): Promise<void> {
    await nextTurn();
    if (subjects.some((subject) => this.holders(name, subject).length))
      throw new ApiError(`STREAM.UPDATE.${name}`, 400, 10065, "subjects overlap with an existing stream");
    this.streams[name] = subjects;
    for (const [stream, subject] of this.watched)
      assert.ok(this.streams[stream]!.includes(subject), `${stream} captures ${subject} all the time`);
  }
}

/** What the provider does for one stream: joins it where it depends on others, else changes it. */
async function change(account: FakeAccount, moves: SubjectMoves, name: string, wanted: string[]): Promise<boolean> {
  account.streams[name] ??= [parkedSubject(name)];
  const member = { name, found: account.streams[name], wanted };
  const givers = gainedBy(member).flatMap((subject) => account.holders(name, subject));
  const partners = [...new Set([...givers, ...takersFrom(member, moves.declared.streams)])];
  if (partners.length === 0) {
    await account.set(name, wanted);
    return true;
  }
  moves.join({
    ...member,
    partners,
    isFree: () => Promise.resolve(false),
    setSubjects: (subjects) => account.set(name, subjects),
  });
  return moves.settled(name);
}

const movesOf = (streams: Subjects) => new SubjectMoves({ streams, queues: {}, limited: {} }, () => undefined);

describe("subjects that move between streams", () => {
  // Not with a wildcard first: it would overlap the parked subjects, as it would that of the account's canary.
  const subject = fc
    .tuple(fc.constantFrom("a", "b"), fc.array(fc.constantFrom("a", "b", "*"), { maxLength: 2 }))
    .map(([first, tokens]) => [first, ...tokens].join("."))
    .chain((text) => fc.constantFrom(text, `${text}.>`));
  /** Streams of which no two capture the same; some have only a parked subject. */
  const account = fc
    .array(fc.tuple(fc.constantFrom("A", "B", "C", "D", "E"), subject), { maxLength: 12 })
    .map((pairs) => {
      const streams: Subjects = {};
      for (const [name, one] of pairs)
        if (
          !Object.values(streams)
            .flat()
            .some((other) => overlaps(other, one))
        )
          (streams[name] ??= []).push(one);
      return streams;
    });
  const whole = (streams: Subjects, names: string[]): Subjects =>
    Object.fromEntries(names.map((name) => [name, streams[name] ?? [parkedSubject(name)]]));

  it("can move from any set of streams to any other, in any order of calls; what stays is captured throughout", () =>
    fc.assert(
      fc.asyncProperty(account, account, fc.infiniteStream(fc.nat()), async (before, after, random) => {
        const names = [...new Set([...Object.keys(before), ...Object.keys(after)])];
        const [found, wanted] = [whole(before, Object.keys(before)), whole(after, names)];
        const kept = names.flatMap((name) =>
          (found[name] ?? []).filter((one) => wanted[name]!.includes(one)).map((one): [string, string] => [name, one]),
        );
        const server = new FakeAccount({ ...found }, kept);
        const moves = movesOf(wanted);
        const order = names
          .map((name) => ({ name, at: random.next().value as number }))
          .sort((left, right) => left.at - right.at);
        const ended = await Promise.all(
          order.map(async ({ name, at }) => {
            for (let turn = 0; turn < at % 5; turn++) await nextTurn();
            return change(server, moves, name, wanted[name]!);
          }),
        );
        assert.deepEqual(
          ended,
          ended.map(() => true),
        );
        assert.deepEqual(server.streams, wanted);
      }),
      { numRuns: 300 },
    ));

  it("stay where they are without the other stream", () =>
    withTimeouts({ partnersMs: 100 }, async () => {
      const server = new FakeAccount({ A: ["a", "b"] });
      const moves = movesOf({ A: ["a"], B: ["b"] });
      assert.equal(await change(server, moves, "A", ["a"]), false);
      assert.deepEqual(moves.partnersOf("A"), ["B"]);
      assert.deepEqual(server.streams, { A: ["a", "b"] });
      // Its call has ended; that of the other stream completes the move.
      assert.equal(await change(server, moves, "B", ["b"]), true);
      assert.deepEqual(server.streams, { A: ["a"], B: ["b"] });
    }));

  it("are given back where the other stream cannot have them", async () => {
    const server = new FakeAccount({ A: ["a", "b"], B: ["c"] });
    const moves = movesOf({ A: ["a"], B: ["b"] });
    const { set } = server;
    server.set = (name, subjects) =>
      name === "B" && subjects.includes("b")
        ? Promise.reject(new Error("no quorum"))
        : set.call(server, name, subjects);
    const given = change(server, moves, "A", ["a"]);
    await assert.rejects(change(server, moves, "B", ["b"]), /no quorum; every stream has its former subjects/);
    await assert.rejects(given, /no quorum/);
    assert.deepEqual(server.streams, { A: ["a", "b"], B: ["c"] });
  });
});

import { setTimeout as sleep } from "node:timers/promises";
import { isDeepStrictEqual } from "node:util";
import type { Declared } from "../config/assets/declared";
import { withWriteSlot } from "./api";
import { ApiError } from "./errors";
import { connected, type Moves, type Offer, released } from "./moves";
import { pollMs } from "./observe";
import { timeouts } from "./timeouts";

interface Pending extends Offer {
  end: (error?: Error) => void;
}

/**
 * Moves of subjects between the streams of one account, in one process. The engine calls the provider for each stream
 * by itself, in any order; so each stream first gets everything but its subjects and joins here, and the last of those
 * that belong together changes the subjects of all: one step takes them away, the next one gives them. A stream whose
 * partner never comes, because that one was refused, keeps the subjects that it has.
 */
export class SubjectMoves implements Moves {
  private readonly pending = new Map<string, Pending>();
  /** What becomes of each that joined, until its own call has asked for it. */
  private readonly outcomes = new Map<string, Promise<void>>();

  /** @param declared what the stack declares of the account; `logProgress` prints one line */
  constructor(
    readonly declared: Declared,
    private readonly logProgress: (line: string) => void,
  ) {}

  join(offer: Offer): void {
    let end!: Pending["end"];
    const done = new Promise<void>((resolve, reject) => (end = (error) => (error ? reject(error) : resolve())));
    // Its own call may have ended by then.
    done.catch(() => undefined);
    this.outcomes.set(offer.name, done);
    this.pending.set(offer.name, { ...offer, end });
    const links = new Map([...this.pending].map(([name, { partners }]) => [name, partners]));
    const names = connected(offer.name, links);
    if (names) void this.carryOut(names.map((name) => this.pending.get(name)!));
  }

  async settled(name: string): Promise<boolean> {
    const outcome = this.outcomes.get(name);
    if (!outcome) return true;
    const isDone = outcome.then(() => true);
    try {
      for (const deadline = Date.now() + timeouts.partnersMs; ;) {
        if (await Promise.race([isDone, sleep(pollMs, false)])) return true;
        const own = this.pending.get(name);
        // It is being carried out.
        if (!own) continue;
        if (await own.isFree()) await this.carryOut([own]);
        else if (Date.now() > deadline) return false;
      }
    } finally {
      this.outcomes.delete(name);
    }
  }

  partnersOf = (name: string): string[] => this.pending.get(name)?.partners ?? [];

  private async carryOut(members: Pending[]): Promise<void> {
    for (const { name } of members) this.pending.delete(name);
    try {
      await withWriteSlot(() => this.change(members));
      for (const { end } of members) end();
    } catch (error) {
      for (const { end } of members) end(error as Error);
    }
  }

  /**
   * Takes what moves away from all members and gives it to others. What is given is sent before the answer about what
   * is taken away: nothing captures those subjects meanwhile. The server refuses it (error 10065) as long as it has
   * not decided about the other, and then it is sent again.
   */
  private async change(members: Pending[]): Promise<void> {
    const now = new Map(members.map(({ name, found }) => [name, found]));
    const set = async (member: Pending, subjects: string[]) => {
      if (isDeepStrictEqual(subjects, now.get(member.name))) return;
      await member.setSubjects(subjects);
      now.set(member.name, subjects);
    };
    const between = released(members);
    const started = performance.now();
    const releases = new Map(members.map((member) => [member.name, set(member, between.get(member.name)!)]));
    let isReleased = false;
    const everyRelease = Promise.allSettled(releases.values()).then(() => (isReleased = true));
    const take = async (member: Pending) => {
      await releases.get(member.name);
      for (;;) {
        const isLast = isReleased;
        try {
          return await set(member, member.wanted);
        } catch (error) {
          if (isLast || !(error instanceof ApiError && error.isOverlap)) throw error;
        }
        await Promise.race([everyRelease, sleep(againMs)]);
      }
    };
    try {
      await all(members.map(take));
    } catch (error) {
      throw new Error(`${(error as Error).message}; ${await restore()}`, { cause: error });
    }
    this.logProgress(
      `subjects of ${members.map(({ name }) => name).join(", ")} were changed together; nothing captured those that ` +
        `moved for at most ${Math.ceil(performance.now() - started)} ms`,
    );

    async function restore(): Promise<string> {
      try {
        await all(members.map((member) => set(member, between.get(member.name)!)));
        await all(members.map((member) => set(member, member.found)));
        return "every stream has its former subjects";
      } catch (failure) {
        return `former subjects could not be restored: ${(failure as Error).message}; run again`;
      }
    }
  }
}

/** How long a subject is refused before it is asked for again, in ms. */
const againMs = 20;

/** Waits for all, and throws the first error. */
async function all(writes: Promise<void>[]): Promise<void> {
  for (const write of await Promise.allSettled(writes)) if (write.status === "rejected") throw write.reason;
}

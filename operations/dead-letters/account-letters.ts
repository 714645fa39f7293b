import pLimit from "p-limit";
import { deadLetterNames } from "../../workers/messaging/contract";
import type { TenantSpec } from "../../config/schema/tenant";
import { Failure } from "../../engine/failure";
import { type DeadLetter, targetOf, unplayable } from "./letter";
import { lettersText, type Selection } from "./selection";
import type { DeadLetterStore } from "./store";

/** What operators do with the dead letters of one account. */
export interface AccountLetters {
  /** The first `limit` of those that are selected, whole, and counts of all. */
  list(selection: Selection, limit: number): Promise<Listed>;
  /** The last `limit` that were given up, the newest first, and counts of all. */
  newest(limit: number): Promise<Listed>;
  /** @throws {Failure} where it does not exist */
  show(id: string): Promise<DeadLetter>;
  /**
   * Sends dead letters to the durables that gave them up, and deletes each copy once the server has stored what was
   * sent. Killed at any time, it can be repeated: nothing is sent twice within 24 h.
   */
  replay(selection: Selection, approve: Approve): Promise<Done>;
  /** Deletes dead letters, for good. */
  drop(selection: Selection, approve: Approve): Promise<Done>;
}

export interface Listed {
  /** In the order in which they were given up. */
  letters: DeadLetter[];
  /** All that are selected, without their bodies. */
  all: Pick<DeadLetter, "stream" | "durable" | "reason">[];
  /** Advisories that the collector has not dealt with yet. */
  backlog: number;
}

export interface Done {
  /** Ids. */
  done: string[];
  /** Those for which nothing was done, and why. */
  refused: { id: string; reason: string }[];
}

/** Asked once, with everything that is selected; throws to end without a change. */
export type Approve = (letters: readonly DeadLetter[]) => Promise<void>;

/** Letters that are changed at the same time. */
const inFlight = 8;

export function lettersOf(store: DeadLetterStore, tenant: TenantSpec): AccountLetters {
  /** @throws {Failure} naming all that do not exist. */
  async function byIds(ids: readonly string[]): Promise<DeadLetter[]> {
    const distinct = [...new Set(ids)];
    const found = await Promise.all(distinct.map((id) => store.find(id)));
    const unknown = distinct.filter((_, index) => !found[index]);
    if (unknown.length)
      throw new Failure(
        `${tenant.name} has no ${lettersText(unknown.length)} ${unknown.join(", ")}; nothing was done. ` +
          "What was replayed or dropped, or has expired, is there no longer",
      );
    return found.flatMap((letter) => letter ?? []);
  }

  async function selected(selection: Selection): Promise<DeadLetter[]> {
    if (selection.ids) return byIds(selection.ids);
    const letters: DeadLetter[] = [];
    // Bodies of a large selection are more than memory has: what needs them reads them again.
    for await (const letter of store.letters(selection)) letters.push({ ...letter, data: new Uint8Array() });
    return letters;
  }

  /** `change` returns why a letter is refused. What is selected is read before anything is changed. */
  async function changing(
    selection: Selection,
    approve: Approve,
    change: (letter: DeadLetter) => Promise<string | undefined>,
  ): Promise<Done> {
    const letters = await selected(selection);
    if (letters.length === 0) return { done: [], refused: [] };
    await approve(letters);
    const slots = pLimit(inFlight);
    const results = await slots.map(letters, async (letter) => ({
      id: letter.id,
      reason: await change(letter).catch((error: Error) => error.message),
    }));
    return {
      done: results.flatMap(({ id, reason }) => (reason === undefined ? [id] : [])),
      refused: results.flatMap(({ id, reason }) => (reason === undefined ? [] : [{ id, reason }])),
    };
  }

  async function replay(letter: DeadLetter): Promise<string | undefined> {
    const refused = unplayable(letter);
    if (refused) return refused;
    const target = targetOf(letter, tenant);
    if (!(await store.isTarget(target.durable)))
      return (
        `${deadLetterNames.replays} has no durable ${target.durable}, so no worker would get it: ` +
        `${letter.durable} on ${letter.stream} is not deployed`
      );
    const data = letter.missing ? await store.original(letter) : (await store.find(letter.id))?.data;
    if (!data)
      return letter.missing
        ? `its body was too large to be copied, and ${letter.stream} has the message no longer; drop it`
        : "it was replayed or dropped by another command";
    await store.replay(letter, target, data);
    await store.remove(letter);
    return undefined;
  }

  return {
    async list(selection, limit) {
      const [letters, all]: [DeadLetter[], Listed["all"]] = [[], []];
      for await (const letter of store.letters(selection)) {
        if (letters.length < limit) letters.push(letter);
        all.push({ stream: letter.stream, durable: letter.durable, reason: letter.reason });
      }
      return { letters, all, backlog: await store.backlog() };
    },
    async newest(limit) {
      const [letters, all]: [DeadLetter[], Listed["all"]] = [[], []];
      for await (const letter of store.letters({})) {
        letters.push(letter);
        if (letters.length > limit) letters.shift();
        all.push({ stream: letter.stream, durable: letter.durable, reason: letter.reason });
      }
      return { letters: letters.reverse(), all, backlog: await store.backlog() };
    },
    show: async (id) => (await byIds([id]))[0]!,
    replay: (selection, approve) => changing(selection, approve, replay),
    drop: (selection, approve) =>
      changing(selection, approve, async (letter) => {
        await store.remove(letter);
        return undefined;
      }),
  };
}

import { type Entry, hashOf, type Head, type Kind, kinds } from "./entry";

/** A range of sequences that have an entry and no message. */
export interface Skipped {
  kind: Extract<Kind, "expired" | "dead-lettered">;
  generation: number;
  from: number;
  to: number;
  /** Why it was given up. */
  why: string | null;
}

/** What an earlier check has reported as the end of a chain, and somebody has kept elsewhere. */
export interface Anchor {
  stream: string;
  position: number;
  /** Hexadecimal. */
  hash: string;
}

/**
 * Checks the chain of one stream, entry by entry in the order of positions. Pure.
 *
 * What it finds: changed, replaced, removed and inserted entries, also at the end; sequences without an entry. What it
 * cannot find alone: a chain that somebody has written again from some entry on, head included; an anchor shows that.
 */
export class ChainCheck {
  readonly counts = Object.fromEntries(kinds.map((kind) => [kind, 0])) as Record<Kind, number>;
  readonly skipped: Skipped[] = [];
  readonly problems: string[] = [];
  last?: Entry;
  private generation = 1;
  private sequence = 0;

  constructor(
    readonly stream: string,
    private readonly anchors: readonly Anchor[] = [],
  ) {}

  add(entry: Entry): void {
    const { position, kind, sequence, lastSequence } = entry;
    const expected = (this.last?.position ?? 0) + 1;
    const isNext = position === expected;
    if (!isNext) this.problems.push(`${range("entry", "entries", expected, position - 1)} missing: removed`);
    if (!hashOf(entry).equals(entry.hash))
      this.problems.push(`entry ${position} (sequence ${sequence}) does not match its hash: changed`);
    else if (isNext && !entry.previous.equals(this.last?.hash ?? Buffer.alloc(32)))
      this.problems.push(`entry ${position} does not follow entry ${position - 1}: one of them was replaced`);
    if (kind !== "late") this.continue(entry, isNext);
    this.counts[kind] += lastSequence - sequence + 1;
    if (kind === "expired" || kind === "dead-lettered")
      this.skipped.push({ kind, generation: entry.generation, from: sequence, to: lastSequence, why: entry.detail });
    const hash = entry.hash.toString("hex");
    for (const anchor of this.anchors)
      if (anchor.stream === this.stream && anchor.position === position && anchor.hash !== hash)
        this.problems.push(`entry ${position} is not that of the anchor: the chain was written again`);
    this.last = entry;
  }

  /** After the last entry; `head` as the writer has it. */
  end(head: Omit<Head, "storedNs"> | undefined): void {
    const last = this.last?.position ?? 0;
    if ((head?.position ?? 0) > last)
      this.problems.push(`${range("entry", "entries", last + 1, head!.position)} missing at the end: removed`);
    else if ((head?.position ?? 0) < last)
      this.problems.push(`${range("entry", "entries", (head?.position ?? 0) + 1, last)} not the writer's: inserted`);
    else if (head && this.last && !head.hash.equals(this.last.hash))
      this.problems.push(`entry ${last} is not the last one that was written: replaced`);
    else if (head && (head.sequence !== this.sequence || head.generation !== this.generation))
      this.problems.push(`the writer was at sequence ${head.sequence}, the last entry is ${this.sequence}: removed`);
    for (const { stream, position } of this.anchors)
      if (stream === this.stream && position > last)
        this.problems.push(`entry ${position} of the anchor is missing: removed`);
  }

  /** Sequences follow each other without a hole, in each generation from 1 on. */
  private continue({ generation, sequence, lastSequence }: Entry, isNext: boolean): void {
    const isSame = generation === this.generation;
    const expected = isSame ? this.sequence + 1 : 1;
    if (isNext && sequence > expected)
      this.problems.push(`${range("sequence", "sequences", expected, sequence - 1)} without an entry: lost`);
    else if (isNext && (sequence < expected || generation < this.generation))
      this.problems.push(`sequence ${sequence} has a second entry: inserted`);
    [this.generation, this.sequence] = [generation, lastSequence];
  }
}

const range = (one: string, many: string, from: number, to: number): string =>
  from >= to ? `${one} ${from} is` : `${many} ${from} to ${to} are`;

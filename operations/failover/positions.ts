import type { Wire } from "../../jetstream/fields";
import type { Start } from "../../config/schema/failover";

/** Where durables continue after a stream has moved. Pure. */

/** A durable as far as its position goes. */
export interface Position {
  /** Everything up to here, in its stream's sequences, is acknowledged. */
  floor: number;
  /** Nothing waits: everything the stream has is acknowledged. */
  isDone: boolean;
}

/** Where the durable on the mirror begins to continue where the one at home was; `last`: the mirror's last sequence. */
export const startAfter = ({ floor }: Pick<Position, "floor">, last: number): number =>
  // What the mirror never got is published again under those sequences.
  Math.min(floor, last) + 1;

/** Where an existing durable began. */
export function startOf(config: Wire): Start {
  if (config.deliver_policy === "by_start_sequence") return config.opt_start_seq!;
  if (config.deliver_policy === "by_start_time") return config.opt_start_time!;
  return config.deliver_policy === "new" ? "new" : "all";
}

/**
 * How the stream at home is made up after a failback, in its own sequences: up to `common` it is the same as the
 * mirror, up to `own` follows what only it had, then what came back from the mirror.
 */
export interface Sections {
  common: number;
  own: number;
}

/**
 * From where a durable at home goes on: its own place, a sequence at home, or behind a sequence of the mirror that
 * came back.
 */
export type Resume = "where it was" | { at: number } | { behind: number };

/** Past everything that was acknowledged in either place, and never past anything that was not. */
export function resumeAt(
  home: Position,
  mirror: { from: Start; position: Position; last: number },
  { common, own }: Sections,
): Resume {
  const first = mirror.from === "all" ? 1 : mirror.from;
  // What came between the two was skipped by the chosen start; here it can still be delivered.
  if (typeof first !== "number" || first > home.floor + 1) return "where it was";
  const done = mirror.position.isDone ? mirror.last : mirror.position.floor;
  const furthest = Math.max(home.floor, done);
  if (furthest < common) return further(furthest + 1);
  if (home.floor < own && own > common) return further(Math.max(home.floor, common) + 1);
  return done <= common ? further(own + 1) : { behind: done };

  function further(at: number): Resume {
    return at > home.floor + 1 ? { at } : "where it was";
  }
}

/** Where a durable begins, as text. */
export function startText(start: Start): string {
  if (start === "all") return "its first message (what was processed is delivered again)";
  if (start === "new") return "the next message (what was not processed is skipped)";
  return typeof start === "number" ? `sequence ${start}` : start;
}

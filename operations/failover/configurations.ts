import type { Wire } from "../../jetstream/fields";
import { readNote, withNote } from "../stream/note";

/**
 * Configurations of the home stream during a failback, derived from the current one so that nothing else changes. Pure.
 */

/** The progress of a failback, kept in the home stream's metadata, so that a later run finds it. */
export interface FailbackNote {
  /** Last sequence, of both streams, up to which they are the same. */
  common: number;
  /** Last sequence, of the home stream, of what only it had. */
  own: number;
  /** Where it was when it got its own settings back, right before its publishers came back. */
  open?: Opening;
}

export interface Opening {
  /** Last sequence of the home stream: what it has after `own`, up to here, came back from the mirror. */
  last: number;
  /** Last sequence of the mirror that it had then. */
  upTo: number;
}

const label = "supercluster.failback";
export const failbackNoteOf = (config: Wire): FailbackNote | undefined => readNote(config, label);
const marked = (config: Wire, note: FailbackNote | undefined): Wire => withNote(config, label, note);

const shortestWindow = 100_000_000;

/**
 * It collects what another stream has from a sequence on. What comes back was republished when it was first stored; the
 * shortest window keeps it from being taken for duplicates.
 */
export const collecting = (config: Wire, name: string, from: number, note: FailbackNote): Wire => ({
  ...marked(config, note),
  duplicate_window: shortestWindow,
  republish: undefined,
  sources: [{ name, opt_start_seq: from }],
});

/** Ready for its publishers: it has what {@link collecting} took away, and still collects. */
export const opened = (config: Wire, specified: Wire, note: FailbackNote | undefined): Wire => ({
  ...marked(config, note),
  duplicate_window: specified.duplicate_window,
  republish: specified.republish,
});

/** As specified again: without sources, and without a note. */
export const cleared = (config: Wire, specified: Wire): Wire => ({
  ...opened(config, specified, undefined),
  sources: undefined,
});

import { parkedSubject } from "../../config/assets/standard";
import type { Wire } from "../../jetstream/fields";
import { readNote, withNote } from "../stream/note";

/**
 * Configurations of a stream during failover and failback, derived from the current one so that nothing else
 * changes. Pure.
 */

/** The progress of a failback, in the home stream's sequences; kept in its metadata, so that a later run finds it. */
export interface FailbackNote {
  /** Last sequence up to which it is the same as the mirror. */
  common: number;
  /** Last sequence of what only the home stream had. */
  own: number;
  /** Last sequence of what came back from the mirror. Known once everything has. */
  end?: number;
}

const label = "supercluster.failback";
export const failbackNoteOf = (config: Wire): FailbackNote | undefined => readNote(config, label);
const marked = (config: Wire, returning: FailbackNote | undefined): Wire => withNote(config, label, returning);

const shortestWindow = 100_000_000;

/**
 * Nothing is published to it any more. What comes back was transformed and republished when it was first stored; the
 * shortest window keeps it from being taken for duplicates.
 */
export const parked = (config: Wire): Wire => ({
  ...config,
  subjects: [parkedSubject(config.name!)],
  duplicate_window: shortestWindow,
  subject_transform: undefined,
  republish: undefined,
});

/** Parked, it collects what another stream has from a sequence on. */
export const collecting = (config: Wire, name: string, from: number, returning: FailbackNote): Wire =>
  marked({ ...parked(config), sources: [{ name, opt_start_seq: from }] }, returning);

/** It has its own subjects again, and with them what {@link parked} took away. */
export const opened = (config: Wire, specified: Wire, returning: FailbackNote | undefined): Wire => ({
  ...marked(config, returning),
  subjects: specified.subjects,
  duplicate_window: specified.duplicate_window,
  subject_transform: specified.subject_transform,
  republish: specified.republish,
});

/** It has no sources, and no failback note. */
export const cleared = (config: Wire): Wire => ({ ...marked(config, undefined), sources: undefined });

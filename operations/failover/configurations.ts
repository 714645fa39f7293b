import { parkedSubject } from "../../config/assets/standard";
import type { Wire } from "../../jetstream/fields";
import { readNote, withNote } from "../stream/note";

/** A stream's configuration on its way there and back, made from the one that is found, so that nothing else changes. Pure. */

/** What is known of a stream that comes home, in its own sequences; it stands in its metadata, so that a later run knows it too. */
export interface FailbackNote {
  /** Up to here it is the same as the mirror. */
  common: number;
  /** Up to here it is what only it had. */
  own: number;
  /** Up to here it is what came back. Known once all has. */
  end?: number;
}

const label = "supercluster.failback";
export const failbackNoteOf = (config: Wire): FailbackNote | undefined => readNote(config, label);
const marked = (config: Wire, returning: FailbackNote | undefined): Wire => withNote(config, label, returning);

const shortestWindow = 100_000_000;

/** Nobody publishes to it any more. What comes back was renamed and published again when it was first stored; as few as possible are taken for duplicates. */
export const parked = (config: Wire): Wire => ({
  ...config,
  subjects: [parkedSubject(config.name as string)],
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

/** It collects nothing, and has no memory of it. */
export const cleared = (config: Wire): Wire => ({ ...marked(config, undefined), sources: undefined });

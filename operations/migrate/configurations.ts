import { streamFields, type Wire } from "../../jetstream/fields";
import { merge } from "../../jetstream/wire";
import { parkedSubject } from "../../config/assets/standard";
import { readNote, withNote } from "../stream/note";

/** Configurations of a stream and its shadow during a migration, derived from the current ones. Pure. */

/** The stream that holds the messages while the one they belong to is recreated. */
export const shadowOf = (stream: string): string => `${stream}--shadow`;

/**
 * What a work queue held when its durables had been deleted; kept in its copy's metadata, so that a later run finds
 * it.
 */
export interface InitialCount {
  messages: number;
  lastSeq: number;
}

const label = "supercluster.migration";
export const initialCountOf = (config: Wire): InitialCount | undefined => readNote(config, label);

const unlimited: Wire = {
  max_age: 0,
  max_msgs: -1,
  max_bytes: -1,
  max_msgs_per_subject: -1,
  discard: "old",
  discard_new_per_subject: undefined,
};

/** Nothing is dropped by a limit: counts must add up, and a mirror that refused messages would stop there. */
export const lifted = (config: Wire): Wire => ({ ...config, ...unlimited });

export const isLifted = (config: Wire): boolean =>
  Object.entries(unlimited).every(([field, value]) => config[field] === value || (!value && !config[field]));

/** With the limits of another configuration. */
export const limitedAs = (config: Wire, limits: Wire): Wire => ({
  ...config,
  ...Object.fromEntries(Object.keys(unlimited).map((field) => [field, limits[field]])),
});

/** Without its subjects: nothing can be published to it. */
export const parked = (config: Wire): Wire => ({ ...config, subjects: [parkedSubject(config.name!)] });

export const isParked = ({ name, subjects }: Wire): boolean => String(subjects) === parkedSubject(name!);

/** Fields that mirrors do not have; a stream that stops being one gets them as specified. */
const ofStreams = ["subjects", "duplicate_window", "allow_atomic", "allow_batched"] as const;
const without = (fields: readonly string[]): Wire => Object.fromEntries(fields.map((field) => [field, undefined]));

/** A mirror of another stream that is like it: only a mirror keeps sequences, times and order. */
export const copying = (origin: Wire, name: string, beginning: InitialCount): Wire => ({
  ...withNote(lifted(origin), label, beginning),
  ...without([...ofStreams, "sources", "first_seq"]),
  name,
  retention: "limits",
  mirror: { name: origin.name! },
  // Must be the same as the origin's (error 10157).
  mirror_direct: origin.allow_direct,
});

/** Not a mirror any more, with the specified subjects. */
export const opened = (config: Wire, specified: Wire): Wire => ({
  ...config,
  mirror: undefined,
  mirror_direct: specified.mirror_direct,
  ...Object.fromEntries(ofStreams.map((field) => [field, specified[field]])),
});

/** It also collects what another stream has from a sequence on. */
export const collecting = (config: Wire, origin: string, from: number): Wire => ({
  ...config,
  sources: [{ name: origin, opt_start_seq: from }],
});

export const collectingNothing = (config: Wire): Wire => ({ ...config, sources: undefined });

/** As specified, except a retention whose cost must be counted first; without the migration's note. */
export const finished = (config: Wire, specified: Wire): Wire =>
  merge(streamFields, { ...specified, retention: "limits" }, withNote(config, label, undefined));

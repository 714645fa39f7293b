/** Decides the next step of a migration from the current state. Pure: an interrupted run continues from there. */

import { fewEnough } from "../stream/wait-for-copy";

/** A stream as far as these decisions go. */
export interface StreamProgress {
  retention: string;
  /** The stream it mirrors. */
  mirrorOf?: string;
  /** It collects from others beside that. */
  isCollecting: boolean;
  isLifted: boolean;
  /** It has been recreated, and still has the migration's note. */
  isMarked: boolean;
}

export interface MigrationFacts {
  stream: string;
  /** Undefined: a meta leader reports that it does not exist. */
  home?: StreamProgress;
  shadow?: StreamProgress;
  /** The retention that is specified. */
  wanted: string;
  /** Durables of the stream. */
  durables: string[];
  /** Durables that are specified and not there. */
  missing: string[];
  /** Messages that the mirror of the two does not have yet. */
  behind: number;
  /** Messages that the stream without subjects stored late, and the other one lacks. */
  stragglers: number;
}

/**
 * In their order:
 * - `lift`: the queue's limits, `release`: its durables, `shadow`: a mirror of it is made, which empties it;
 * - `drain`: the copy is waited for, `hand-over`: the shadow gets the subjects;
 * - `delete`: the queue, which has nothing left, `recreate`: the stream is created as a mirror of the shadow;
 * - `fill`: the copy is waited for, `hand-back`: the stream gets its subjects;
 * - `durables`: they are recreated, `clean-up`: the shadow is deleted, `finish`: limits and retention are as specified.
 * `stragglers` may come before either deletion.
 */
export const migrationSteps = [
  "lift",
  "release",
  "shadow",
  "drain",
  "hand-over",
  "stragglers",
  "delete",
  "recreate",
  "fill",
  "hand-back",
  "durables",
  "clean-up",
  "finish",
] as const;

export type MigrationStep = (typeof migrationSteps)[number];
export type MigrationDecision = { step: MigrationStep } | { refuse: string } | { step: "nothing" };

const workqueue = "workqueue";

export function nextMigrationStep(facts: MigrationFacts): MigrationDecision {
  const { stream, home, shadow, durables, missing, behind, stragglers } = facts;
  if (!shadow) return withoutShadow(facts);
  if (!home) {
    if (!shadow.mirrorOf) return { step: "recreate" };
    return {
      refuse:
        `${stream} was deleted while its shadow was still copying it. Nothing was changed: ` +
        "the shadow has what had been copied by then (npm run backup).",
    };
  }
  if (home.retention === workqueue) {
    if (!shadow.mirrorOf) return { step: stragglers || shadow.isCollecting ? "stragglers" : "delete" };
    // What a durable takes now is in the shadow already.
    if (durables.length) return { step: "release" };
    return { step: behind > fewEnough ? "drain" : "hand-over" };
  }
  if (home.mirrorOf) return { step: behind > fewEnough ? "fill" : "hand-back" };
  if (missing.length) return { step: "durables" };
  return { step: stragglers || home.isCollecting ? "stragglers" : "clean-up" };
}

function withoutShadow({ stream, home, wanted, durables, missing }: MigrationFacts): MigrationDecision {
  if (!home) return { refuse: `${stream} does not exist; bring the jetstream stack up first` };
  if (home.mirrorOf) return { refuse: `${stream} is a mirror of ${home.mirrorOf}, not a stream of its own` };
  if (home.isMarked) return { step: missing.length ? "durables" : "finish" };
  if (home.retention === wanted) return { step: "nothing" };
  if (wanted === workqueue) {
    return {
      refuse:
        `a work queue delivers all that it holds, so what durables of ${stream} have acknowledged would be delivered ` +
        `again: their positions cannot be kept. Give the work queue a name of its own and let ${stream} run empty; ` +
        'or, if it is empty: allowDataLoss: [{ change: "replace", maxMessages: 0 }]',
    };
  }
  if (home.retention !== workqueue)
    return {
      refuse: `the server changes ${stream} to ${wanted} in place: pulumi up does it, and counts what it costs`,
    };
  if (!home.isLifted) return { step: "lift" };
  return { step: durables.length ? "release" : "shadow" };
}

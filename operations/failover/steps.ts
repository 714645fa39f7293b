/**
 * Decides the next step of a failover or a failback from the current state. Pure: an interrupted run continues from
 * there.
 */

import { fewEnough } from "../stream/wait-for-copy";

/** A stream as far as these decisions go. */
export interface StreamSummary {
  isMirror: boolean;
  /** Names of the streams it collects from. */
  sources: string[];
  messages: number;
  firstSeq: number;
  lastSeq: number;
}

/** `unreachable`: no server answers for it; it may exist or not. */
export type StreamLookup = StreamSummary | "unreachable" | "missing";

export interface MirrorLookup {
  name: string;
  region: string;
  found: StreamLookup;
}

/** What the decisions of both directions are made from. */
export interface FailoverFacts {
  stream: string;
  /** Region it belongs to. */
  region: string;
  home: StreamLookup;
  mirrors: MirrorLookup[];
  /** Streams that hold the stream's subjects. The meta leader knows them, also for streams without a leader. */
  holders: string[];
  /** Region that the setting names, if the stream is in it. */
  declared?: string;
}

export type FailoverDecision<Name extends string> =
  | { step: Name; mirror?: MirrorLookup & { found: StreamSummary } }
  | { step: "mirror"; mirror: { name: string } }
  | { refuse: string }
  | { step: "nothing" };

const isView = (found: StreamLookup): found is StreamSummary => typeof found === "object";
const isPromoted = (mirror: MirrorLookup): mirror is MirrorLookup & { found: StreamSummary } =>
  isView(mirror.found) && !mirror.found.isMirror;

export type FailoverStep = "park" | "catch-up" | "declare" | "promote" | "consumers";

/** The next step of a failover to a region; `missing` are durables that do not exist on the mirror yet. */
export function nextFailoverStep(
  facts: FailoverFacts & { to: string; missing: string[] },
): FailoverDecision<FailoverStep> {
  const { stream, home, mirrors, holders, declared, to, missing } = facts;
  const elsewhere = mirrors.find((mirror) => mirror.region !== to && isPromoted(mirror));
  if (elsewhere)
    return {
      refuse: `${stream} has already failed over to ${elsewhere.region}; bring it home first: npm run failback`,
    };
  const mirror = mirrors.find(({ region }) => region === to)!;
  const { name, found } = mirror;
  if (!isView(found)) {
    return {
      refuse:
        found === "missing"
          ? `${name} does not exist; bring the jetstream stack up to date first`
          : `no server answers for ${name}, so ${stream} cannot fail over to ${to}`,
    };
  }
  const chosen = { ...mirror, found };
  if (found.isMirror) {
    if (holders.includes(stream)) return { step: "park", mirror: chosen };
    if (holders.length) return { refuse: `the subjects of ${stream} belong to ${holders.join(", ")}` };
    if (isView(home) && home.lastSeq > found.lastSeq) return { step: "catch-up", mirror: chosen };
    return { step: declared === to ? "promote" : "declare", mirror: chosen };
  }
  if (!holders.includes(name))
    return { refuse: `${stream} has a failback from ${to} in progress; finish it first: npm run failback` };
  if (declared !== to) return { step: "declare", mirror: chosen };
  return missing.length ? { step: "consumers", mirror: chosen } : { step: "nothing" };
}

export type FailbackStep = "source" | "wait" | "undeclare" | "swap" | "close" | "unsource" | "open";

/** The next step of a failback; `left`: messages of the mirror that are not at home yet, where that is known. */
export function nextFailbackStep(facts: FailoverFacts & { left?: number }): FailoverDecision<FailbackStep> {
  const { stream, region, home, mirrors, holders, declared, left = 0 } = facts;
  if (!isView(home)) {
    return {
      refuse:
        home === "missing"
          ? `${stream} does not exist; bring the jetstream stack up to date first`
          : `no server answers for ${stream}; bring ${region} up first`,
    };
  }
  const promoted = mirrors.filter(isPromoted);
  if (promoted.length > 1)
    return {
      refuse:
        `${promoted.map(({ name }) => name).join(" and ")} are both streams of their own; ` +
        `it is not known which of them continued ${stream}`,
    };
  const [mirror] = promoted;
  if (mirror) {
    const isServing = holders.includes(mirror.name);
    if (holders.includes(stream)) return { step: declared ? "undeclare" : "close", mirror };
    if (!home.sources.includes(mirror.name)) return { step: "source", mirror };
    if (isServing && left > fewEnough) return { step: "wait", mirror };
    // From here on a plan that still had the setting would take the subjects away again.
    return { step: declared ? "undeclare" : "swap", mirror };
  }
  const unseen = mirrors.find(
    ({ name, region: at, found }) =>
      found === "unreachable" && (at === declared || home.sources.includes(name) || !holders.includes(stream)),
  );
  if (unseen)
    return {
      refuse:
        `no server answers for ${unseen.name}, which holds what was published meanwhile; ` +
        `bring ${unseen.region} up first`,
    };
  if (home.sources.some((source) => mirrors.some(({ name }) => name === source))) return { step: "unsource" };
  if (!holders.includes(stream))
    return holders.length ? { refuse: `the subjects of ${stream} belong to ${holders.join(", ")}` } : { step: "open" };
  const missing = mirrors.find(({ found }) => found === "missing");
  if (missing) return { step: "mirror", mirror: missing };
  return declared ? { step: "undeclare" } : { step: "nothing" };
}

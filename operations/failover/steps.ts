/** What to do next in a failover or a failback, from what is there now. Pure: a run that was cut off anywhere goes on from there. */

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

/** `unreachable`: no server answers for it, which says nothing of whether it is there. */
export type StreamLookup = StreamSummary | "unreachable" | "missing";

export interface MirrorLookup {
  name: string;
  region: string;
  found: StreamLookup;
}

/** What both directions look at. */
export interface FailoverFacts {
  stream: string;
  /** Region it belongs to. */
  region: string;
  home: StreamLookup;
  mirrors: MirrorLookup[];
  /** Streams that hold the stream's subjects, by the meta leader's word, which holds for streams without a leader too. */
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

/** The next step of a failover to a region; `missing` are durables that are not on the mirror yet. */
export function nextFailoverStep(
  facts: FailoverFacts & { to: string; missing: string[] },
): FailoverDecision<FailoverStep> {
  const { stream, home, mirrors, holders, declared, to, missing } = facts;
  const elsewhere = mirrors.find((mirror) => mirror.region !== to && isPromoted(mirror));
  if (elsewhere)
    return {
      refuse: `${stream} has failed over to ${elsewhere.region} already; bring it home first: npm run failback`,
    };
  const mirror = mirrors.find(({ region }) => region === to)!;
  const { name, found } = mirror;
  if (!isView(found)) {
    return {
      refuse:
        found === "missing"
          ? `${name} is not there; bring the jetstream stack up to date first`
          : `no server answers for ${name}, so ${to} cannot take ${stream} over`,
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
    return { refuse: `${stream} is on its way back from ${to}; let it come home first: npm run failback` };
  if (declared !== to) return { step: "declare", mirror: chosen };
  return missing.length ? { step: "consumers", mirror: chosen } : { step: "nothing" };
}

export type FailbackStep = "source" | "wait" | "undeclare" | "swap" | "close" | "unsource" | "open";

/** The next step of a failback; `left` is how many messages the mirror has that are not at home yet, where that is known. */
export function nextFailbackStep(facts: FailoverFacts & { left?: number }): FailoverDecision<FailbackStep> {
  const { stream, region, home, mirrors, holders, declared, left = 0 } = facts;
  if (!isView(home)) {
    return {
      refuse:
        home === "missing"
          ? `${stream} is not there; bring the jetstream stack up to date first`
          : `no server answers for ${stream}; bring ${region} up first`,
    };
  }
  const promoted = mirrors.filter(isPromoted);
  if (promoted.length > 1)
    return {
      refuse: `${promoted.map(({ name }) => name).join(" and ")} are both no mirrors; nobody can tell which of them went on from ${stream}`,
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
      refuse: `no server answers for ${unseen.name}, which holds what was published meanwhile; bring ${unseen.region} up first`,
    };
  if (home.sources.some((source) => mirrors.some(({ name }) => name === source))) return { step: "unsource" };
  if (!holders.includes(stream))
    return holders.length ? { refuse: `the subjects of ${stream} belong to ${holders.join(", ")}` } : { step: "open" };
  const missing = mirrors.find(({ found }) => found === "missing");
  if (missing) return { step: "mirror", mirror: missing };
  return declared ? { step: "undeclare" } : { step: "nothing" };
}

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
  /** As the stream at home: it has its own window and republishing again, right before the mappings go. */
  isOpened?: boolean;
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
  /** Servers that answer, and do not map all of the stream's subjects. */
  unmapped: string[];
  /** Servers that answer, and map any of the stream's subjects. */
  mapped: string[];
  /** Region that the setting names, if the stream is in it. */
  declared?: string;
  /** Servers of its region before 2.14, which do part of a failback only. */
  tooOld?: string[];
}

export type FailoverDecision<Name extends string> =
  | { step: Name; mirror?: MirrorLookup & { found: StreamSummary } }
  | { step: "mirror"; mirror: { name: string } }
  | { refuse: string }
  | { step: "nothing" };

const isView = (found: StreamLookup): found is StreamSummary => typeof found === "object";
const isPromoted = (mirror: MirrorLookup): mirror is MirrorLookup & { found: StreamSummary } =>
  isView(mirror.found) && !mirror.found.isMirror;

export type FailoverStep = "catch-up" | "declare" | "promote" | "consumers" | "map";

/** The next step of a failover to a region; `missing` are durables that do not exist on the mirror yet. */
export function nextFailoverStep(
  facts: FailoverFacts & { to: string; missing: string[] },
): FailoverDecision<FailoverStep> {
  const { stream, home, mirrors, unmapped, declared, to, missing } = facts;
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
    if (isView(home) && home.lastSeq - found.lastSeq > fewEnough) return { step: "catch-up", mirror: chosen };
    return { step: declared === to ? "promote" : "declare", mirror: chosen };
  }
  if (isView(home) && home.sources.includes(name))
    return { refuse: `${stream} has a failback from ${to} in progress; finish it first: npm run failback` };
  if (declared !== to) return { step: "declare", mirror: chosen };
  if (missing.length) return { step: "consumers", mirror: chosen };
  return unmapped.length ? { step: "map", mirror: chosen } : { step: "nothing" };
}

export type FailbackStep = "map" | "source" | "wait" | "open" | "undeclare" | "unmap" | "close" | "unsource";

/**
 * The next step of a failback.
 *
 * @param facts `left`: messages of the mirror that are not at home yet, where that is known; `acceptsOld`: also
 * where its servers are too old
 */
export function nextFailbackStep(
  facts: FailoverFacts & { left?: number; acceptsOld?: boolean },
): FailoverDecision<FailbackStep> {
  const { stream, region, home, mirrors, mapped, unmapped, declared, tooOld = [], left = 0 } = facts;
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
    if (tooOld.length && !facts.acceptsOld && !home.sources.includes(mirror.name))
      return {
        refuse:
          `${stream} would come home to servers before 2.14 (${tooOld.join(", ")}). They cannot move a durable past ` +
          `what was processed on ${mirror.name}, so that is delivered again, and may leave out the first message ` +
          "that comes back, which keeps the mirror from being deleted. Upgrade them first " +
          "(docs/runbooks/upgrade-nats.md), or accept it: --old-servers. Nothing was done.",
      };
    // What a server that does not map still gives to the home stream would be mixed with what comes back.
    if (declared && unmapped.length) return { step: "map", mirror };
    if (!home.sources.includes(mirror.name)) return { step: "source", mirror };
    if (!home.isOpened) return { step: left > fewEnough ? "wait" : "open", mirror };
    // From here on a run that still had the setting would map the subjects again.
    if (declared) return { step: "undeclare", mirror };
    return { step: mapped.length ? "unmap" : "close", mirror };
  }
  const unseen = mirrors.find(
    ({ name, region: at, found }) => found === "unreachable" && (at === declared || home.sources.includes(name)),
  );
  if (unseen)
    return {
      refuse:
        `no server answers for ${unseen.name}, which holds what was published meanwhile; ` +
        `bring ${unseen.region} up first`,
    };
  if (home.sources.some((source) => mirrors.some(({ name }) => name === source))) return { step: "unsource" };
  if (declared) return { step: "undeclare" };
  if (mapped.length) return { step: "unmap" };
  const missing = mirrors.find(({ found }) => found === "missing");
  return missing ? { step: "mirror", mirror: missing } : { step: "nothing" };
}

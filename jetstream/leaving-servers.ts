import { plural } from "../config/plural";
import { ordinalOfServer } from "../config/topology";
import { assetsOn, describeAsset, type Holdings, peersOf } from "./holdings";

/** A region whose settings have fewer servers than it was deployed with. */
export interface ShrinkingRegion {
  region: string;
  /** Names of the servers that stay. */
  staying: readonly string[];
  /** Names of the servers that the next `up` stops, the highest first. */
  leaving: readonly string[];
}

/** The servers that a region was deployed with, compared with those of its settings; undefined: none leaves. Pure. */
export function shrinkOf(
  region: string,
  deployed: readonly string[],
  staying: readonly string[],
): ShrinkingRegion | undefined {
  const leaving = deployed
    .filter((name) => !staying.includes(name))
    .sort((one, other) => ordinalOfServer(other) - ordinalOfServer(one));
  return leaving.length ? { region, staying, leaving } : undefined;
}

const mostNamed = 10;

/**
 * Why servers must not be stopped yet, with what to do; undefined: they hold nothing and the meta group does not count
 * them. Streams with one replica would be lost with them, others would be left with too few replicas. Pure.
 *
 * @param holdings what all servers hold; a string: why they could not be asked
 * @param command what moves everything off these servers
 */
export function refusalOfStopping(
  { region, staying, leaving }: ShrinkingRegion,
  holdings: Holdings | string,
  command: string,
): string | undefined {
  const reasons =
    typeof holdings === "string" ? [`no server answers (${holdings})`] : remains(staying, leaving, holdings);
  if (reasons.length === 0) return undefined;
  return [
    `${region} was deployed with ${plural(staying.length + leaving.length, "server")} ` +
      `and its settings have ${staying.length}, but ${leaving.toReversed().join(", ")} cannot be stopped yet:`,
    ...reasons.map((line) => `  ${line}`),
    "Nothing was changed. Move what they hold to the other servers, then run this again: " +
      `${command} (docs/runbooks/remove-servers.md)`,
  ].join("\n");
}

/**
 * Why a region must not start without servers that were stopped with their data kept; undefined: these hold no stream.
 * Pure.
 *
 * @param forgotten streams by server
 */
export function refusalOfForgetting(
  region: string,
  staying: readonly string[],
  forgotten: Record<string, readonly string[]>,
): string | undefined {
  const names = Object.keys(forgotten);
  if (names.length === 0) return undefined;
  const streams = [...new Set(Object.values(forgotten).flat())].sort();
  const more = streams.length > mostNamed ? ` and ${streams.length - mostNamed} more` : "";
  return (
    `${region} has ${plural(staying.length, "server")} in its settings, and ${names.join(", ")}, ` +
    `which it had before, were stopped with copies of ${streams.slice(0, mostNamed).join(", ")}${more}. ` +
    "Nothing was changed. Start them again with the old number of servers, then lower it and move what they hold: " +
    "npm run drain-servers; or, to give up what only they hold, delete their folders (docs/runbooks/remove-servers.md)"
  );
}

function remains(staying: readonly string[], leaving: readonly string[], holdings: Holdings): string[] {
  const peers = peersOf(leaving, holdings);
  const silent = [...staying, ...(holdings.meta ? peers : leaving)].filter((name) => !holdings.answered.includes(name));
  const held = assetsOn(leaving, holdings);
  return [
    ...(silent.length ? [`${silent.join(", ")} did not answer, so what they hold is not known; start them`] : []),
    ...(holdings.meta ? [] : ["the meta group has no leader, so its peers are not known"]),
    ...held.slice(0, mostNamed).map((asset) => {
      const on = asset.members.filter((name) => leaving.includes(name));
      return `${describeAsset(asset)} has a copy on ${on.join(", ")}`;
    }),
    ...(held.length > mostNamed ? [`and ${held.length - mostNamed} more streams and consumers`] : []),
    ...(peers.length ? [`${peers.toReversed().join(", ")} still peers of the meta group`] : []),
  ];
}

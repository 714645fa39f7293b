import type { SemVer } from "semver";
// By file: the whole package takes several times as long to load, at every start.
import coerce = require("semver/functions/coerce");
import compare = require("semver/functions/compare");

/**
 * Versions of servers, e.g. `2.14.4` or `2.15.0-RC.1`. Only their three numbers count: a release candidate has what its
 * release has. A text without a number is the lowest version of all.
 */
const numbers = (version: string): SemVer | string => coerce(version) ?? "0.0.0";

/** Whether `version` is `wanted` or later. */
export const isAtLeast = (version: string, wanted: string): boolean => byVersion(version, wanted) >= 0;

/** Orders versions, lowest first, as `Array.sort` takes it. */
export const byVersion = (left: string, right: string): number => compare(numbers(left), numbers(right));

/**
 * The servers that this project is tested with: the oldest and the newest, and the newest of the line before. The
 * newest one is the default, locally and on Kubernetes: Renovate moves it here and in tools/offline/go
 * (docs/runbooks/upgrade-nats.md).
 */
export const testedServers = { oldest: "2.12.1", previous: "2.14.9", newest: "2.15.3" } as const;

/** What tools/toolchain.mjs installs each tested version of nats-server by; its executable has the same name. */
export const serverTools: Readonly<Record<string, string>> = {
  [testedServers.newest]: "nats-server",
  [testedServers.previous]: "nats-server-previous",
  [testedServers.oldest]: "nats-server-oldest",
};

/** The first version of the line behind a version's: `2.16.0` behind `2.15.3`. */
const nextLine = (version: string): string => {
  const [major, minor] = version.split(".").map(Number);
  return `${major}.${minor! + 1}.0`;
};

/** The servers that are supported: `from` and later, but not `before`. */
export const supportedServers = { from: testedServers.oldest, before: nextLine(testedServers.newest) } as const;

/** A line that servers have to run between older and newer ones, when they are restarted one after another. */
interface Waypoint {
  /** First version that servers before `through` cannot run beside. */
  from: string;
  through: string;
  reason: string;
}

const waypoints: readonly Waypoint[] = [
  {
    from: "2.15.0",
    through: "2.14.0",
    // js_raft_delete_range, on by default (server/feature_flags.go).
    reason: "servers of 2.15 replicate gaps of a mirror in a way at which running servers before 2.14 panic",
  },
];

/** A version behind which servers cannot go back, when they are restarted one after another. */
interface NoWayBack {
  behind: string;
  reason: string;
}

/** Source: the entries that a server of each line applies (server/jetstream_cluster.go, `entryOp`). */
const noWaysBack: readonly NoWayBack[] = [
  {
    behind: "2.14.0",
    // resetSeqOp of 2.14, deleteRangeOp as 2.15 sends it.
    reason:
      "logs of servers since 2.14 can hold entries (a durable that was reset, gaps of a mirror) " +
      "at which older ones panic",
  },
];

/** Why a server of `from` cannot be replaced by one of `to`, which is older; undefined where it can. */
export const noWayBack = (from: string, to: string): NoWayBack | undefined =>
  noWaysBack.find(({ behind }) => isAtLeast(from, behind) && !isAtLeast(to, behind));

/**
 * The versions that servers run one after another, from `from` (not included) to `to`, which is later: those in between
 * are the newest that are tested of their line.
 */
export function upgradePath(from: string, to: string): string[] {
  const skipped = waypointBetween(from, to);
  if (!skipped) return [to];
  const between = Object.values(testedServers)
    .filter((version) => isAtLeast(version, skipped.through) && !isAtLeast(version, skipped.from))
    .toSorted(byVersion)
    .at(-1)!;
  return [...upgradePath(from, between), to];
}

const waypointBetween = (from: string, to: string): Waypoint | undefined =>
  waypoints.find((line) => isAtLeast(to, line.from) && !isAtLeast(from, line.through));

/** The version that a tag or `nats-server --version` begins with; undefined for a digest, or a tag without one. */
const versionIn = (text: string): string | undefined => /^v?(\d+\.\d+(\.\d+)?)(?![\w.])/.exec(text)?.[1];

/**
 * Why running servers cannot be replaced by those of another version, one after another; undefined where they can, or
 * where one of the two names no version. Both as an image's tag or a version.
 */
export function upgradeRefusal(running: string, wanted: string): string | undefined {
  const [from, to] = [versionIn(running), versionIn(wanted)];
  if (from === undefined || to === undefined) return undefined;
  const cannot = `${from} cannot be replaced by ${to} server by server`;
  const back = noWayBack(from, to);
  if (back) return `${cannot}: ${back.reason}; restore a backup into servers of ${to} instead`;
  const skipped = waypointBetween(from, to);
  return skipped && `${cannot}: ${skipped.reason}; deploy ${skipped.through.replace(/\d+$/, "x")} first, then this`;
}

/** How a server's version lies outside of those that are supported; undefined where it does not. */
export function outsideOfSupported(version: string): "older" | "newer" | undefined {
  if (!isAtLeast(version, supportedServers.from)) return "older";
  return isAtLeast(version, supportedServers.before) ? "newer" : undefined;
}

/**
 * Whether an image's tag begins with a version that is not supported. One without a version cannot be checked here: the
 * policy image-is-pinned refuses it.
 */
export function isUnsupportedTag(tag: string): boolean {
  const [version] = versionOfTag.exec(tag) ?? [];
  return (
    version !== undefined && (isTagBefore(tag, supportedServers.from) || isAtLeast(version, supportedServers.before))
  );
}

const versionOfTag = /^v?\d+(\.\d+){0,2}(?![\w.])/;

/** Whether an image's tag begins with a version before `wanted`: `2.12` and `2` name the newest of their line. */
export function isTagBefore(tag: string, wanted: string): boolean {
  const [version] = versionOfTag.exec(tag) ?? [];
  return version !== undefined && !isAtLeast(`${version}${".999".repeat(2 - version.split(".").length + 1)}`, wanted);
}

import { regionOfServer } from "../../config/topology";
import { assetsOn, describeAsset, type HeldAsset, type Holdings, peersOf } from "../../jetstream/holdings";
import type { ShrinkingRegion } from "../../jetstream/leaving-servers";

/**
 * The next step until a region's leaving servers hold nothing and the meta group does not count them. Pure: an
 * interrupted run continues from what the servers report.
 */
export type DrainStep =
  /** Asks the meta leader to replace this server in the group of each stream. */
  | { do: "move"; server: string; streams: HeldAsset[] }
  | { do: "wait"; reasons: string[] }
  /** The meta leader is to be removed: another server must lead first. */
  | { do: "step-down"; leader: string }
  /** The server holds nothing: it is removed from the meta group. */
  | { do: "remove"; server: string }
  | { do: "nothing" };

/** Streams that are moved at the same time: this many small ones, or one that is larger than `mostMovingBytes`. */
export const mostMoving = 16;
export const mostMovingBytes = 1024 ** 3;

/**
 * One server after another, the highest first: it hands over its streams, then it is removed from the meta group. The
 * servers choose where copies go, and never choose one that the meta group does not count: so nothing is moved back.
 * Streams are moved only while every copy in the region is current, which leaves each a majority at every moment.
 */
export function nextDrainStep({ region, staying, leaving }: ShrinkingRegion, holdings: Holdings): DrainStep {
  const { meta } = holdings;
  if (!meta) return { do: "wait", reasons: ["the meta group has no leader"] };
  const peers = peersOf(leaving, holdings);
  // What a silent server holds is not in these answers.
  const silent = [...staying, ...peers].filter((name) => !holdings.answered.includes(name));
  if (silent.length) return { do: "wait", reasons: silent.map((name) => `${name} did not answer`) };
  const own = assetsIn(region, holdings);
  const unsettled = own.filter((asset) => !isSettled(asset));
  const behind = [...staying, ...peers].filter((name) => name in holdings.behind);
  const waitFor = [
    ...unsettled.map(lackOf),
    ...behind.map((name) => `${name} is not current: ${holdings.behind[name]!}`),
  ];
  if (waitFor.length) return { do: "wait", reasons: waitFor };
  const [server] = peers;
  if (server === undefined) return { do: "nothing" };
  const here = assetsOn([server], { assets: own });
  const streams = here.filter(({ consumer }) => consumer === undefined);
  if (streams.length) return { do: "move", server, streams: together(streams) };
  if (here.length) return { do: "wait", reasons: here.map((asset) => `${describeAsset(asset)} is on ${server}`) };
  return meta.leader === server ? { do: "step-down", leader: server } : { do: "remove", server };
}

/** Assets with a copy on a server of the region. Pure. */
const assetsIn = (region: string, { assets }: Holdings): HeldAsset[] =>
  assets.filter(({ members }) => members.some((name) => regionOfServer(name) === region));

/** Whether all its copies exist, and no more than its configuration asks for. */
function isSettled({ leader, members, missing, replicas, consumer }: HeldAsset): boolean {
  // A consumer may have fewer copies than its stream.
  const hasAll = consumer !== undefined || members.length === replicas;
  return leader !== undefined && missing.length === 0 && hasAll;
}

/** The streams that are copied at the same time: small ones first. */
function together(streams: HeldAsset[]): HeldAsset[] {
  const sorted = streams.toSorted((one, other) => one.bytes - other.bytes).slice(0, mostMoving);
  let bytes = 0;
  return sorted.filter((stream, index) => (bytes += stream.bytes) <= mostMovingBytes || index === 0);
}

/** Why an asset is waited for. */
function lackOf(asset: HeldAsset): string {
  const { leader, members, missing, replicas } = asset;
  const what = describeAsset(asset);
  if (leader === undefined) return `${what} has no leader (copies on ${members.join(", ")})`;
  if (missing.length) return `${what} is missing on ${missing.join(", ")}`;
  if (members.length < replicas) return `${what} has ${members.length} of ${replicas} copies`;
  return `${what} still has copies on ${members.join(", ")}`;
}

/**
 * What changes while servers copy: as long as two of these differ, there is progress. Bytes of streams that nothing
 * waits for do not count, because publishers change them too.
 */
export const progressOf = ({ meta, assets, behind }: Holdings): string =>
  JSON.stringify([
    [meta?.leader, meta?.size, Object.keys(behind)],
    assets.map((asset) => {
      const isWaitedFor = !isSettled(asset) || asset.members.some((name) => name in behind);
      return [asset.members, asset.missing, isWaitedFor ? asset.copied : 0];
    }),
  ]);

import { plural } from "../../config/plural";
import { assetsOn, describeAsset, type Holdings, peersOf } from "../../jetstream/holdings";
import type { ShrinkingRegion } from "../../jetstream/leaving-servers";
import { peerId } from "../../jetstream/peer-id";

/** What is known before a region's servers are drained. */
interface DrainFacts extends ShrinkingRegion {
  holdings: Holdings;
}

/** What prevents it: when, and what to do about it. A new reason is one more row. */
const reasons: readonly ((facts: DrainFacts) => string | undefined)[] = [
  ({ holdings }) =>
    holdings.meta
      ? undefined
      : "the meta group has no leader, and only a leader can move streams: more than half of its servers must run",
  ({ staying, holdings }) => {
    const down = staying.filter((name) => !isReady(name, holdings));
    return down.length
      ? `${down.join(", ")} must take over, but did not answer, or is not a current peer of the meta group; ` +
          "start it first"
      : undefined;
  },
  ({ leaving, holdings }) => {
    const silent = peersOf(leaving, holdings).filter((name) => !holdings.answered.includes(name));
    return silent.length
      ? `${silent.join(", ")} did not answer, and may have the only copy of a stream; start it first, ` +
          "with an empty disk if its own is lost (docs/runbooks/remove-servers.md)"
      : undefined;
  },
  ({ staying, leaving, holdings }) => {
    const large = assetsOn(leaving, holdings).filter(
      ({ consumer, replicas }) => consumer === undefined && replicas > staying.length,
    );
    return large.length
      ? `${large.length > 1 ? "these have" : "this has"} more replicas than the ` +
          `${plural(staying.length, "remaining server")}; ` +
          "lower their replicas first (docs/runbooks/remove-servers.md):\n" +
          large.map((asset) => `    ${describeAsset(asset)} has ${asset.replicas}`).join("\n")
      : undefined;
  },
  ({ leaving, holdings: { meta } }) => {
    if (!meta) return undefined;
    const remaining = meta.peers.filter(({ id }) => !leaving.some((name) => peerId(name) === id));
    const current = remaining.filter(({ isCurrent }) => isCurrent).length;
    return current * 2 > remaining.length
      ? undefined
      : `the meta group would lose its majority: ${plural(remaining.length, "server")} would remain, ` +
          `${current} current`;
  },
];

/** Every reason against draining, in the order in which to deal with them; empty: nothing prevents it. Pure. */
export const refusalsOf = (facts: DrainFacts): string[] => reasons.flatMap((reason) => reason(facts) ?? []);

function isReady(server: string, { answered, withoutJetstream, meta }: Holdings): boolean {
  const isCurrent = !meta || meta.peers.some(({ id, isCurrent: current }) => current && id === peerId(server));
  return answered.includes(server) && !withoutJetstream.includes(server) && isCurrent;
}

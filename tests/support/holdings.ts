import type { HeldAsset, Holdings } from "../../jetstream/holdings";
import { peerId } from "../../jetstream/peer-id";

/** A stream of account `app`, whole: the first of its servers leads it. */
export const held = (stream: string, members: string[], change: Partial<HeldAsset> = {}): HeldAsset => ({
  account: "app",
  stream,
  replicas: members.length,
  leader: members[0],
  members: members.toSorted(),
  missing: [],
  bytes: 1_000,
  copied: 1_000,
  ...change,
});

/** What these servers report: all of them answer, are current peers, and the first leads the meta group. */
export const holdings = (servers: string[], assets: HeldAsset[] = [], change: Partial<Holdings> = {}): Holdings => ({
  answered: servers,
  withoutJetstream: [],
  behind: {},
  meta: meta(servers),
  assets,
  ...change,
});

/** A meta group of these servers, of which the first leads. */
export const meta = (servers: string[], behind: string[] = []): NonNullable<Holdings["meta"]> => ({
  leader: servers[0]!,
  size: servers.length,
  peers: servers.map((name) => ({ id: peerId(name), isCurrent: !behind.includes(name) })),
});

import type { NatsConnection } from "@nats-io/transport-node";
import type { Healthz, RaftGroup } from "./monitoring";
import { peerId } from "./peer-id";
import { type Answer, askAll } from "./system-requests";

/** A stream, or a consumer of one, with the servers that hold a copy of it. */
export interface HeldAsset {
  account: string;
  stream: string;
  /** Absent: it is the stream. */
  consumer?: string;
  /** Copies that the stream's configuration asks for; a consumer may have fewer. */
  replicas: number;
  /** Server that leads it; absent: none does. */
  leader?: string;
  /** Every server that has a copy or, as the leader reports, is to get one. Sorted. */
  members: string[];
  /** Members that the leader reports as offline, or that do not report a copy yet. Sorted. */
  missing: string[];
  /** Bytes of the stream's messages; 0 for a consumer. */
  bytes: number;
  /** Bytes in the smallest of its copies, which grows while servers copy; 0 while one does not exist yet. */
  copied: number;
}

/** What the servers of a supercluster hold, as they report it themselves. */
export interface Holdings {
  /** Servers that answered. */
  answered: string[];
  /** Those of them that give JetStream nothing, or whose peer was removed from the meta group. */
  withoutJetstream: string[];
  /** Why a server is not current, by name: streams, consumers and the meta group. Current ones have no entry. */
  behind: Record<string, string>;
  /** The meta group, as its leader reports it; absent: no leader answered. */
  meta?: { leader: string; size: number; peers: { id: string; isCurrent: boolean }[] };
  /** Of every account, whether this program manages them or not; ephemeral consumers too. */
  assets: HeldAsset[];
}

interface Jsz {
  disabled?: boolean;
  meta_cluster?: RaftGroup & { cluster_size: number };
  account_details?: {
    name: string;
    stream_detail?: {
      name: string;
      config?: { num_replicas?: number };
      state?: { bytes: number };
      cluster?: RaftGroup;
      consumer_detail?: { name: string; cluster?: RaftGroup }[];
    }[];
  }[];
}

/**
 * Asks every server what it holds, and whether all of it is current. What a leader reports of its followers does not
 * cover messages that they are still copying; the followers' own health does.
 *
 * @param system connection of the system account
 * @param expected number of servers after whose answers it returns. Default: waits for `maxWait`, so that servers that
 *   are not in the settings answer too
 * @param maxWait milliseconds
 */
export async function readHoldings(
  system: NatsConnection,
  expected = Number.MAX_SAFE_INTEGER,
  maxWait = 2_000,
): Promise<Holdings> {
  const options = { accounts: true, streams: true, consumer: true, config: true, limit: 100_000 };
  const [held, health] = await Promise.all([
    askAll<Jsz>(system, "JSZ", options, expected, maxWait),
    askAll<Healthz>(system, "HEALTHZ", {}, expected, maxWait),
  ]);
  return holdingsOf(held, health);
}

/** What the answers of all servers report together. Pure. */
export function holdingsOf(all: Answer<Jsz>[], health: Answer<Healthz>[]): Holdings {
  const answers = all.filter(({ data }) => data !== undefined);
  const drafts = new Map<string, Draft>();
  for (const { server, data } of answers)
    for (const { name: account, stream_detail = [] } of data!.account_details ?? [])
      for (const { name: stream, config, state, cluster, consumer_detail = [] } of stream_detail) {
        const own = { account, stream, replicas: config?.num_replicas || 1, bytes: state?.bytes ?? 0 };
        add(drafts, server.name, cluster, own);
        for (const { name: consumer, cluster: group } of consumer_detail)
          add(drafts, server.name, group, { ...own, consumer, bytes: 0 });
      }
  return {
    answered: answers.map(({ server }) => server.name).sort(),
    withoutJetstream: answers.flatMap(({ server, data }) => (data!.disabled ? [server.name] : [])).sort(),
    behind: Object.fromEntries(
      answers.flatMap(({ server: { name } }) => {
        const reason = behindOf(health.find(({ server }) => server.name === name)?.data);
        return reason === undefined ? [] : [[name, reason]];
      }),
    ),
    meta: metaOf(answers),
    assets: [...drafts.values()].map(assetOf),
  };
}

function behindOf(health: Healthz | undefined): string | undefined {
  if (health?.status === "ok") return undefined;
  return health?.error ?? health?.errors?.map(({ error }) => error).join(", ") ?? "it did not report its health";
}

/** An asset while it is put together. */
interface Draft extends Pick<HeldAsset, "account" | "stream" | "consumer" | "replicas" | "leader" | "bytes"> {
  /** Bytes of each server's copy. */
  holders: Map<string, number>;
  /** As the leader reports them. */
  others: { name: string; offline?: boolean }[];
}

function add(
  drafts: Map<string, Draft>,
  server: string,
  group: RaftGroup | undefined,
  own: Pick<HeldAsset, "account" | "stream" | "consumer" | "replicas" | "bytes">,
): void {
  const key = JSON.stringify([own.account, own.stream, own.consumer]);
  const draft: Draft = drafts.get(key) ?? { ...own, holders: new Map(), others: [] };
  drafts.set(key, draft);
  draft.holders.set(server, own.bytes);
  // A server that is not clustered leads everything it has. Followers do not know of each other.
  if (group && group.leader !== server) return;
  Object.assign(draft, own, { leader: server, others: group?.replicas ?? [] });
}

function assetOf({ holders, others, ...asset }: Draft): HeldAsset {
  const members = [...new Set([...holders.keys(), ...others.map(({ name }) => name)])].sort();
  const offline = others.flatMap(({ name, offline: isOffline }) => (isOffline ? [name] : []));
  const copied = Math.min(...members.map((name) => holders.get(name) ?? 0));
  return { ...asset, copied, members, missing: members.filter((name) => !holders.has(name) || offline.includes(name)) };
}

function metaOf(answers: Answer<Jsz>[]): Holdings["meta"] {
  // Only the leader lists its peers.
  const leading = answers.find(({ server, data }) => data!.meta_cluster?.leader === server.name);
  if (!leading) return undefined;
  const { cluster_size: size, replicas = [] } = leading.data!.meta_cluster!;
  const leader = leading.server.name;
  return {
    leader,
    size,
    peers: [
      { id: peerId(leader), isCurrent: true },
      ...replicas.map(({ name, peer = peerId(name), current, offline }) => ({
        id: peer,
        isCurrent: current && !offline,
      })),
    ],
  };
}

/** Assets with a copy on one of these servers. Pure. */
export const assetsOn = (servers: readonly string[], { assets }: Pick<Holdings, "assets">): HeldAsset[] =>
  assets.filter(({ members }) => members.some((name) => servers.includes(name)));

/** Those of these servers that the meta group counts. Pure. */
export const peersOf = (servers: readonly string[], { meta }: Pick<Holdings, "meta">): string[] =>
  servers.filter((name) => meta?.peers.some(({ id }) => id === peerId(name)));

/** `stream irisx/SMS` or `consumer irisx/SMS/sms-worker`. */
export const describeAsset = ({ account, stream, consumer }: HeldAsset): string =>
  consumer === undefined ? `stream ${account}/${stream}` : `consumer ${account}/${stream}/${consumer}`;

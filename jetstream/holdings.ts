import type { NatsConnection } from "@nats-io/transport-node";
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
  /** Members that the leader reports as offline or not up to date. Sorted. */
  behind: string[];
  /** Bytes of the stream's messages; 0 for a consumer. */
  bytes: number;
  /** Bytes that the members behind have so far: grows while they copy. */
  copied: number;
}

/** What the servers of a supercluster hold, as they report it themselves. */
export interface Holdings {
  /** Servers that answered. */
  answered: string[];
  /** Those of them that give JetStream nothing, or whose peer was removed from the meta group. */
  withoutJetstream: string[];
  /** The meta group, as its leader reports it; absent: no leader answered. */
  meta?: { leader: string; size: number; peers: { id: string; isCurrent: boolean }[] };
  /** Of every account, whether this program manages them or not; ephemeral consumers too. */
  assets: HeldAsset[];
}

interface Group {
  leader?: string;
  replicas?: { name: string; peer?: string; current: boolean; offline?: boolean }[];
}

interface Consumer {
  name: string;
  cluster?: Group;
}

interface Jsz {
  disabled?: boolean;
  meta_cluster?: Group & { cluster_size: number };
  account_details?: {
    name: string;
    stream_detail?: {
      name: string;
      config?: { num_replicas?: number };
      state?: { bytes: number };
      cluster?: Group;
      consumer_detail?: Consumer[];
    }[];
  }[];
}

/**
 * Asks every server what it holds.
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
  return holdingsOf(await askAll<Jsz>(system, "JSZ", options, expected, maxWait));
}

/** What the answers of all servers say together. Pure. */
export function holdingsOf(all: Answer<Jsz>[]): Holdings {
  const answers = all.filter(({ data }) => data !== undefined);
  const assets = new Map<string, HeldAsset>();
  for (const { server, data } of answers)
    for (const { name: account, stream_detail = [] } of data!.account_details ?? [])
      for (const { name: stream, config, state, cluster, consumer_detail = [] } of stream_detail) {
        const replicas = config?.num_replicas || 1;
        add(assets, server.name, cluster, { account, stream, replicas, bytes: state?.bytes ?? 0 });
        for (const consumer of consumer_detail)
          add(assets, server.name, consumer.cluster, {
            account,
            stream,
            consumer: consumer.name,
            replicas,
            bytes: 0,
          });
      }
  return {
    answered: answers.map(({ server }) => server.name).sort(),
    withoutJetstream: answers.flatMap(({ server, data }) => (data!.disabled ? [server.name] : [])).sort(),
    meta: metaOf(answers),
    assets: [...assets.values()].map(withCopied),
  };
}

/** An asset while it is put together: the bytes that each server has of it. */
type Draft = HeldAsset & { held?: Map<string, number> };

function add(
  assets: Map<string, Draft>,
  server: string,
  group: Group | undefined,
  own: Pick<HeldAsset, "account" | "stream" | "consumer" | "replicas" | "bytes">,
): void {
  const key = JSON.stringify([own.account, own.stream, own.consumer]);
  const asset: Draft = assets.get(key) ?? { ...own, bytes: 0, members: [], behind: [], copied: 0, held: new Map() };
  assets.set(key, asset);
  asset.held!.set(server, own.bytes);
  const members = new Set([...asset.members, server]);
  // A server that is not clustered leads everything it has. What followers know of each other is not reliable.
  if (!group || group.leader === server) {
    asset.leader = server;
    asset.replicas = own.replicas;
    asset.bytes = own.bytes;
    const others = group?.replicas ?? [];
    asset.behind = others.flatMap(({ name, current, offline }) => (current && !offline ? [] : [name])).sort();
    for (const { name } of others) members.add(name);
  }
  asset.members = [...members].sort();
}

function withCopied({ held, ...asset }: Draft): HeldAsset {
  return { ...asset, copied: asset.behind.reduce((sum, server) => sum + (held!.get(server) ?? 0), 0) };
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

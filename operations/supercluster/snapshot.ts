import { setTimeout as sleep } from "node:timers/promises";
import type { NatsConnection } from "@nats-io/transport-node";
import { Interrupted } from "../../engine/failure";
import { isInterrupted } from "../../engine/interrupt";
import { type Answer, askAll } from "../../jetstream/system-requests";
import { systemAccount } from "../../config/assets/standard";
import { type Access, connectToAny } from "../access/access";
import type { Gatewayz, Healthz, Jsz, RaftGroup, StreamDetail, Varz } from "../../jetstream/monitoring";

/** Answers of all servers to monitoring requests that were sent at the same time. */
export interface Snapshot {
  /** By server name. */
  servers: Record<string, ServerState>;
  meta?: NonNullable<Jsz["meta_cluster"]>;
  /**
   * By account and name: each stream as its leader reports it, with each consumer as the consumer's leader reports it.
   * Streams and consumers without a leader are missing.
   */
  streams: Record<string, Record<string, StreamDetail>>;
  /** Servers whose last answers stand in for missing ones. Absent: none. */
  late?: readonly string[];
}

export interface ServerState {
  region: string;
  version: string;
  varz?: Varz;
  gateways?: Gatewayz;
  health?: Healthz;
  /** Number of streams that it leads. */
  leads: number;
}

/**
 * A connection of the system account.
 * @param regions in the order in which they are tried; default: that of the settings
 */
export const connectToSystem = (access: Access, regions?: readonly string[]): Promise<NatsConnection> =>
  connectToAny(access, systemAccount.name, systemAccount.user, regions);

/** What servers answered to each of the monitoring requests. */
export interface Answers {
  varz: Answer<Varz>[];
  gateways: Answer<Gatewayz>[];
  health: Answer<Healthz>[];
  jetstream: Answer<Jsz>[];
  /** Servers of which some of these are earlier answers. Absent: none. */
  late?: readonly string[];
}

/**
 * Sends monitoring requests to every server.
 * @param system connection of the system account
 * @param expected number of servers; it returns as soon as that many have answered
 * @param maxWait milliseconds after which it returns with the answers received by then
 */
export async function askServers(system: NatsConnection, expected: number, maxWait = 2_000): Promise<Answers> {
  const ask = <T>(what: string, options: object = {}) => askAll<T>(system, what, options, expected, maxWait);
  const [varz, gateways, health, jetstream] = await Promise.all([
    ask<Varz>("VARZ"),
    ask<Gatewayz>("GATEWAYZ"),
    ask<Healthz>("HEALTHZ"),
    ask<Jsz>("JSZ", { accounts: true, streams: true, consumer: true, config: true, limit: 100_000 }),
  ]);
  return { varz, gateways, health, jetstream };
}

/** Asks every server, as `askServers` does, and puts their answers together. */
export const takeSnapshot = async (...asked: Parameters<typeof askServers>): Promise<Snapshot> =>
  snapshotOf(await askServers(...asked));

/** What these answers say; where two servers claim to lead something, the later answer counts. Pure. */
export function snapshotOf({ varz, gateways, health, jetstream, late }: Answers): Snapshot {
  const snapshot: Snapshot = { servers: {}, streams: {}, ...(late && { late }) };
  const server = ({ server: { name, cluster, ver } }: Answer<unknown>): ServerState =>
    (snapshot.servers[name] ??= { region: cluster, version: ver, leads: 0 });
  for (const answer of varz) server(answer).varz = answer.data;
  for (const answer of gateways) server(answer).gateways = answer.data;
  for (const answer of health) server(answer).health = answer.data;
  for (const answer of jetstream) {
    server(answer);
    const meta = answer.data?.meta_cluster;
    // Only the leader lists its peers.
    if (meta?.leader && meta.leader === answer.server.name) snapshot.meta = meta;
  }
  addStreams(snapshot, jetstream);
  for (const answer of jetstream) addConsumers(snapshot, answer);
  return snapshot;
}

function addStreams({ servers, streams }: Snapshot, answers: readonly Answer<Jsz>[]): void {
  const leaders = new Map<string, ServerState>();
  for (const { server, data } of answers)
    for (const { name, stream_detail = [] } of data?.account_details ?? [])
      for (const stream of stream_detail.filter(({ cluster }) => leads(server, cluster))) {
        (streams[name] ??= {})[stream.name] = { ...stream, consumer_detail: [] };
        leaders.set(`${name}/${stream.name}`, servers[server.name]!);
      }
  for (const leader of leaders.values()) leader.leads++;
}

/** Only a consumer's leader, which may be another server than its stream's, knows its peers and pending messages. */
function addConsumers({ streams }: Snapshot, { server, data }: Answer<Jsz>): void {
  for (const { name, stream_detail = [] } of data?.account_details ?? []) {
    for (const stream of stream_detail) {
      const own = (stream.consumer_detail ?? []).filter(({ cluster }) => leads(server, cluster));
      const held = streams[name]?.[stream.name];
      if (!held || own.length === 0) continue;
      const names = new Set(own.map((one) => one.name));
      held.consumer_detail = [...held.consumer_detail!.filter((one) => !names.has(one.name)), ...own];
    }
  }
}

/** A server that is not clustered leads everything it has. */
const leads = (server: { name: string }, group: RaftGroup | undefined): boolean =>
  group === undefined || group.leader === server.name;

/**
 * Number of clients, in all regions, that subscribe to a subject. What servers report of a push consumer itself is not
 * reliable across gateways.
 */
export async function subscribersOf(
  system: NatsConnection,
  account: string,
  subject: string,
  expected: number,
): Promise<number> {
  const answers = await askAll<{ connections?: unknown[] }>(
    system,
    "CONNZ",
    { acc: account, filter_subject: subject },
    expected,
    2_000,
  );
  return answers.reduce((sum, { data }) => sum + (data?.connections?.length ?? 0), 0);
}

/**
 * Takes snapshots until `isGood`, or until the deadline has passed.
 * @returns the last snapshot, good or not
 * @throws {Interrupted} after Ctrl-C, where something handles it
 */
export async function snapshotUntil<Taken = Snapshot>(
  take: () => Promise<Taken>,
  isGood: (snapshot: Taken) => boolean,
  deadlineMs: number,
  pauseMs = 500,
): Promise<Taken> {
  const deadline = Date.now() + deadlineMs;
  for (;;) {
    const snapshot = await take();
    if (isGood(snapshot) || Date.now() + pauseMs > deadline) return snapshot;
    if (isInterrupted()) throw new Interrupted("stopped while waiting for servers");
    await sleep(pauseMs);
  }
}

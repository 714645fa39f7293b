import type { NatsConnection } from "@nats-io/transport-node";
import { type Held, type Reservation, type Reservations, type Storage, union } from "../config/assets/reservations";
import type { Jsz as Monitored } from "./monitoring";

/** What one server answers to a request of the system account. Source: nats-server's server/monitor.go. */
export interface Answer<T> {
  server: { name: string; cluster: string; ver: string };
  data?: T;
  error?: { description: string };
}

/** The answers of all servers to `$SYS.REQ.<scope>.PING.<what>`; ends after `expected` answers, or `maxWait` ms. */
export async function askAll<T>(
  system: NatsConnection,
  what: string,
  options: object,
  expected: number,
  maxWait: number,
  scope: "SERVER" | "ACCOUNT" = "SERVER",
): Promise<Answer<T>[]> {
  const answers: Answer<T>[] = [];
  try {
    const replies = await system.requestMany(`$SYS.REQ.${scope}.PING.${what}`, JSON.stringify(options), {
      strategy: "count",
      maxMessages: expected,
      maxWait,
    });
    for await (const reply of replies) answers.push(reply.json<Answer<T>>());
  } catch {
    // No server answered in time: callers report which are missing.
  }
  return answers;
}

/** Of a stream: by each server that holds a replica. Limits that are not set are -1. */
interface StreamDetail {
  name: string;
  config?: { storage: Storage; num_replicas: number; max_bytes: number };
}

interface AccountDetail {
  name: string;
  /** Bytes in use, and the account's limits: 2^64 - 1 where there is none. */
  memory: number;
  storage: number;
  reserved_memory: number;
  reserved_storage: number;
  stream_detail?: StreamDetail[];
}

interface Jsz {
  account_details?: AccountDetail[];
  meta_cluster?: Monitored["meta_cluster"];
}

/**
 * What the servers hold of every account, whether this program manages it or not.
 *
 * @param servers names of all servers
 * @param maxWait milliseconds after which a server counts as silent
 */
export async function heldStreams(system: NatsConnection, servers: string[], maxWait = 2_000): Promise<Held> {
  const answers = await askAll<Jsz>(
    system,
    "JSZ",
    { accounts: true, streams: true, config: true, limit: 100_000 },
    servers.length,
    maxWait,
  );
  const details = answers.flatMap(({ data }) => data?.account_details ?? []);
  const use: Held["use"] = {};
  for (const { name, memory, storage } of details) {
    const most = (use[name] ??= { file: 0, memory: 0 });
    // Each server counts all replicas, and hears of the others' with a delay.
    most.file = Math.max(most.file, storage);
    most.memory = Math.max(most.memory, memory);
  }
  const answered = answers.filter(({ data }) => data).map(({ server }) => server.name);
  const peers = metaPeers(answers);
  return {
    reservations: union(...details.map(reservationsOf)),
    use,
    limits: limitsOf(details, answered.length),
    // A server that is not a peer of the meta group yet, such as those of a new region, holds nothing.
    silent: servers.filter((server) => !answered.includes(server) && (peers?.has(server) ?? true)),
  };
}

/**
 * The durables of every account, as `<account>/<stream>/<name>`.
 *
 * @throws {Error} where not all servers answer: what is missing could be on one of the others
 */
export async function heldDurables(system: NatsConnection, servers: string[], maxWait = 2_000): Promise<Set<string>> {
  const answers = await askAll<Monitored>(
    system,
    "JSZ",
    { accounts: true, streams: true, consumer: true, limit: 100_000 },
    servers.length,
    maxWait,
  );
  const silent = servers.filter((name) => !answers.some(({ server, data }) => data && server.name === name));
  if (silent.length) throw new Error(`${silent.join(", ")} did not answer`);
  return new Set(
    answers.flatMap(({ data }) =>
      (data?.account_details ?? []).flatMap(({ name: account, stream_detail: streams = [] }) =>
        streams.flatMap(({ name: stream, consumer_detail: consumers = [] }) =>
          consumers.map(({ name }) => `${account}/${stream}/${name}`),
        ),
      ),
    ),
  );
}

/**
 * Connections of clients to all servers, by account. Those of a server that crashed, which the others count for some
 * minutes, are missing.
 *
 * @throws {Error} where not all servers answer
 */
export async function connectionsInUse(
  system: NatsConnection,
  accounts: string[],
  servers: string[],
  maxWait = 2_000,
): Promise<Record<string, number>> {
  const answers = await askAll<{ account_statz?: { acc: string; conns: number }[] }>(
    system,
    "STATZ",
    // Else a server without a client of these accounts does not answer.
    { accounts, include_unused: true },
    servers.length,
    maxWait,
    "ACCOUNT",
  );
  const silent = servers.filter((name) => !answers.some(({ server, data }) => data && server.name === name));
  if (silent.length) throw new Error(`${silent.join(", ")} did not answer`);
  const all = answers.flatMap(({ data }) => data?.account_statz ?? []);
  return Object.fromEntries(
    accounts.map((account) => [account, all.reduce((sum, { acc, conns }) => sum + (acc === account ? conns : 0), 0)]),
  );
}

/** A client that logged in by a name. */
export interface ClientOfLogin {
  /** What it calls itself; may be empty. */
  name: string;
  address: string;
  server: string;
  /** When it connected (RFC 3339). */
  since: string;
  /** Of its connection, for that server. */
  id: number;
  serverId: string;
}

/**
 * The clients that are logged in by a name, on all servers, by the servers' names: the first 1,000 of each.
 *
 * @throws {Error} where not all servers answer: one may be on any other
 */
export async function clientsOf(
  system: NatsConnection,
  login: string,
  servers: string[],
  maxWait = 20_000,
): Promise<ClientOfLogin[]> {
  const answers = await askAll<{
    server_id: string;
    connections?: { cid: number; name?: string; ip: string; port: number; start: string }[];
  }>(system, "CONNZ", { auth: true, user: login, limit: 1_000 }, servers.length, maxWait);
  const silent = servers.filter((name) => !answers.some(({ server, data }) => data && server.name === name));
  if (silent.length) throw new Error(`${silent.join(", ")} did not answer`);
  const byServer = answers.toSorted((one, other) => one.server.name.localeCompare(other.server.name));
  return byServer.flatMap(({ server, data }) =>
    (data?.connections ?? []).map(({ cid: id, name = "", ip, port, start: since }) => ({
      ...{ name, address: `${ip}:${port}`, server: server.name, since },
      ...{ id, serverId: data!.server_id },
    })),
  );
}

/** Closes connections; their clients come back if they can log in. One that is gone already is none to close. */
export async function closeClients(system: NatsConnection, clients: readonly ClientOfLogin[]): Promise<void> {
  await Promise.all(
    clients.map(({ id: cid, serverId }) =>
      system.request(`$SYS.REQ.SERVER.${serverId}.KICK`, JSON.stringify({ cid }), { timeout: 10_000 }),
    ),
  );
}

/** Names of the meta group's peers, up or down; undefined where its leader did not answer, which alone lists them. */
function metaPeers(answers: Answer<Jsz>[]): Set<string> | undefined {
  const leader = answers.find(({ server, data }) => data?.meta_cluster?.leader === server.name);
  return (
    leader && new Set([leader.server.name, ...(leader.data!.meta_cluster!.replicas ?? []).map(({ name }) => name)])
  );
}

/** The least that any server allows, of the accounts that all of them know. */
function limitsOf(details: AccountDetail[], servers: number): Held["limits"] {
  const accounts = Map.groupBy(details, ({ name }) => name);
  return Object.fromEntries(
    [...accounts]
      .filter(([, known]) => known.length === servers)
      .map(([account, known]) => [
        account,
        {
          file: Math.min(...known.map(({ reserved_storage: limit }) => sizeOfLimit(limit))),
          memory: Math.min(...known.map(({ reserved_memory: limit }) => sizeOfLimit(limit))),
        },
      ]),
  );
}

/** -1 as an unsigned number: no limit. */
const sizeOfLimit = (limit: number): number => (limit >= 2 ** 63 ? Infinity : limit);

const reservationsOf = ({ name, stream_detail = [] }: AccountDetail): Reservations =>
  stream_detail.length === 0
    ? {}
    : { [name]: Object.fromEntries(stream_detail.map((stream) => [stream.name, reservationOf(stream)])) };

const reservationOf = ({ config }: StreamDetail): Reservation =>
  config
    ? { [config.storage]: config.max_bytes > 0 ? config.max_bytes * Math.max(config.num_replicas, 1) : "unlimited" }
    : {};

import { assetsOf } from "../../config/assets/assets";
import { isOfMqtt } from "../../config/assets/mqtt";
import { canary } from "../../config/assets/standard";
import type { Listener } from "../../config/listeners";
import { clientUrls, listenerUrls, serversOf } from "../../config/topology";
import { warningsOf } from "../../config/rules/warnings";
import { serversIn, serversInAll } from "../../config/sizes";
import type { MonitoringStatus } from "../monitoring/monitoring-status";
import type { CheckedEnvironment } from "../settings/checked-environment";
import type { DatabaseStatus } from "../workers/database-status";
import type { WorkerStatus } from "../workers/worker-status";
import { milliseconds } from "../../jetstream/monitoring";
import type { Snapshot } from "./snapshot";
import type { StreamDetail } from "../../jetstream/monitoring";

/** Overview of an environment. `status --json` prints this object. */
export interface Status {
  /** Its name. */
  environment: string;
  /** When servers were asked, RFC 3339. */
  time: string;
  /** What to look at, the worst first. Absent: it was not asked for. */
  problems?: Problem[];
  /** Risks that the settings take on purpose. */
  warnings: string[];
  /** Server that leads the meta group. Absent: there is none, or it did not answer. */
  metaLeader?: string;
  /** Servers of the meta group that have all of it, and all that there should be. */
  metaPeers: { current: number; all: number };
  /** In the order of the settings. */
  regions: RegionStatus[];
  /** Between each two regions, in each direction. */
  gateways: GatewayStatus[];
  /** Those that are declared, with their mirrors. */
  streams: StreamStatus[];
  /** Durables that are declared. */
  consumers: ConsumerStatus[];
  /** Streams of its accounts that servers hold and that nothing declares. */
  undeclared: UndeclaredStream[];
  /** Absent: none were deployed. */
  workers?: WorkerStatus[];
  /** Database servers of workers on this machine. Absent: none were deployed. */
  databases?: DatabaseStatus[];
  /** Of a local environment: what monitors it. Absent: nothing does. */
  monitoring?: MonitoringStatus;
}

/** Something that is not as it should be. */
export interface Problem {
  /** `problem`: it is broken, or will be soon. `warning`: to be looked at. */
  severity: "problem" | "warning";
  /** What it is about: `servers`, `stream irisx/SMS`, ... */
  what: string;
  /** What was found, in words. */
  detail: string;
  /** A command, or a page of this project. */
  todo: string;
  /** Whose it is. Absent: it is about no account alone. */
  account?: string;
  /** Absent: it is about no stream alone. */
  stream?: string;
  /** Problems that it explains, the worst first: they are over when it is. Absent: none. */
  follows?: Problem[];
}

export interface RegionStatus {
  name: string;
  clientUrls: string[];
  /** URLs of what servers listen for beside NATS's own protocol, by listener. */
  listenerUrls: Partial<Record<Listener, string[]>>;
  serversUp: number;
  servers: number;
  /** Number of streams that its servers lead. */
  leads: number;
  connections: number;
  version?: string;
}

export interface GatewayStatus {
  from: string;
  to: string;
  /** Servers of `from` that have a connection to `to`, and those that should. */
  connected: { servers: number; all: number };
  /** The longest that a server measured, in milliseconds. Absent: none has measured it. */
  roundTripMs?: number;
}

export interface ConsumerStatus {
  account: string;
  stream: string;
  name: string;
  /** Absent: no leader reported it. */
  leader?: string;
  /** Messages that it has not delivered. */
  pending?: number;
  /** Delivered, and not acknowledged. */
  ackPending?: number;
  /** Of those, delivered more than once. */
  redelivered?: number;
  /**
   * When the oldest message was stored that it has not acknowledged, RFC 3339. Of a durable that begins with the last
   * message of each subject, one before that may count. Absent: none waits, or it could not be read.
   */
  oldestWaiting?: string;
  /** When it was last acknowledged to, RFC 3339. Absent: never, or not known. */
  lastAcknowledged?: string;
}

export interface StreamStatus {
  account: string;
  name: string;
  /** Region in which it is placed. */
  home: string;
  /** Absent: no leader reported it. */
  messages?: number;
  bytes?: number;
  /** Sequence of its last message: two of them tell how fast it grows. */
  lastSequence?: number;
  /** In percent of its nearer limit, of bytes or messages. Absent: it has none. */
  fullness?: number;
  leader?: string;
  replicas: { current: number; all: number };
  consumers: number;
  mirrorOf?: string;
  /** Streams of other accounts that it copies, as `<account>/<stream>`. Absent: none. */
  copies?: string[];
  /** Messages that a mirror, or what copies streams of other accounts, has not copied yet. */
  lag?: number;
}

/** A stream that was retained when it was taken out of the program, or that was created by hand. */
export interface UndeclaredStream {
  account: string;
  name: string;
  messages: number;
  bytes: number;
}

/** What the settings specify, each with what servers reported. Pure. */
export function statusOf(
  {
    name,
    environment,
    tenants,
    failovers,
  }: Pick<CheckedEnvironment, "name" | "environment" | "tenants"> & Partial<Pick<CheckedEnvironment, "failovers">>,
  snapshot: Snapshot,
  { workers = [], databases = [], monitoring }: Partial<Pick<Status, "workers" | "databases" | "monitoring">> = {},
): Status {
  const regions = environment.regions.map((region): RegionStatus => {
    const states = serversOf(environment, region).flatMap((server) => snapshot.servers[server.name] ?? []);
    return {
      name: region,
      clientUrls: clientUrls(environment, region),
      listenerUrls: listenerUrls(environment, region),
      serversUp: states.length,
      servers: serversIn(environment, region),
      leads: sum(states.map(({ leads }) => leads)),
      connections: sum(states.map(({ varz }) => varz?.connections ?? 0)),
      version: [...new Set(states.map(({ version }) => version))].join(", ") || undefined,
    };
  });
  const assets = assetsOf(environment, tenants, failovers);
  const streams = assets.streams.map((asset): StreamStatus => {
    const detail = snapshot.streams[asset.account]?.[asset.name];
    return {
      account: asset.account,
      name: asset.name,
      home: asset.region,
      messages: detail?.state.messages,
      bytes: detail?.state.bytes,
      lastSequence: detail?.state.last_seq,
      fullness: detail && fullness(detail),
      leader: detail?.cluster?.leader,
      replicas: { current: detail ? currentReplicas(detail) : 0, all: asset.spec.replicas },
      consumers: detail?.consumer_detail?.length ?? 0,
      mirrorOf: asset.mirrorOf,
      ...(asset.copies && { copies: asset.copies.map(({ account, name }) => `${account}/${name}`) }),
      lag: detail?.mirror?.lag ?? (asset.copies && detail?.sources && sum(detail.sources.map(({ lag }) => lag))),
    };
  });
  const consumers = assets.consumers.map(({ account, stream, name: durable }): ConsumerStatus => {
    const details = snapshot.streams[account]?.[stream]?.consumer_detail;
    const detail = details?.find((one) => one.name === durable);
    return {
      ...{ account, stream, name: durable },
      leader: detail?.cluster?.leader,
      pending: detail?.num_pending,
      ackPending: detail?.num_ack_pending,
      redelivered: detail?.num_redelivered,
      ...(detail?.oldest_waiting !== undefined && { oldestWaiting: detail.oldest_waiting }),
      lastAcknowledged: detail?.ack_floor?.last_active,
    };
  });
  return {
    environment: name,
    time: new Date().toISOString(),
    warnings: warningsOf({ environment, tenants }),
    metaLeader: snapshot.meta?.leader,
    metaPeers: { current: currentPeers(snapshot), all: serversInAll(environment) },
    regions,
    gateways: gatewaysOf(environment, snapshot),
    streams,
    consumers,
    undeclared: undeclaredStreams(streams, snapshot),
    ...(workers.length > 0 && { workers }),
    ...(databases.length > 0 && { databases }),
    ...(monitoring && { monitoring }),
  };
}

function gatewaysOf(environment: CheckedEnvironment["environment"], { servers }: Snapshot): GatewayStatus[] {
  const { regions } = environment;
  return regions.flatMap((from) =>
    regions
      .filter((to) => to !== from)
      .map((to): GatewayStatus => {
        const own = serversOf(environment, from);
        const connections = own.flatMap(({ name }) => servers[name]?.gateways?.outbound_gateways?.[to] ?? []);
        const measured = connections.flatMap(({ connection }) => milliseconds(connection?.rtt) ?? []);
        return {
          ...{ from, to, connected: { servers: connections.length, all: own.length } },
          ...(measured.length > 0 && { roundTripMs: Math.max(...measured) }),
        };
      }),
  );
}

/** How full a stream is, in percent of its nearer limit; undefined: it has none. */
export function fullness({ config, state }: Pick<StreamDetail, "config" | "state">): number | undefined {
  const parts = [
    [state.bytes, config.max_bytes],
    [state.messages, config.max_msgs],
  ].flatMap(([used, limit]) => (Number(limit) > 0 ? [(100 * Number(used)) / Number(limit)] : []));
  return parts.length > 0 ? Math.max(...parts) : undefined;
}

/** Streams of a snapshot that are not among these. */
export function undeclaredStreams(
  declared: readonly Pick<StreamStatus, "account" | "name">[],
  snapshot: Pick<Snapshot, "streams">,
): UndeclaredStream[] {
  const known = new Set(declared.map(({ account, name }) => `${account}/${name}`));
  return Object.entries(snapshot.streams)
    .flatMap(([account, streams]) =>
      Object.values(streams).map(({ name, state: { messages, bytes } }) => ({ account, name, messages, bytes })),
    )
    .filter(({ account, name }) => !known.has(`${account}/${name}`) && !isOfMqtt(name))
    .sort((one, other) => `${one.account}/${one.name}`.localeCompare(`${other.account}/${other.name}`));
}

/** Number of servers whose replica of a stream is current, the leader included. */
export function currentReplicas({ cluster }: StreamDetail): number {
  return 1 + (cluster?.replicas ?? []).filter(({ current, offline }) => current && !offline).length;
}

/** Number of current peers of the meta group, the leader included; 0 without a leader. */
export function currentPeers({ meta }: Snapshot): number {
  return meta ? 1 + (meta.replicas ?? []).filter(({ current, offline }) => current && !offline).length : 0;
}

/** Whether a stream is the one that only `verify` uses. */
export const isCanary = ({ name }: { name: string }): boolean => name === canary.stream;

const sum = (values: number[]): number => values.reduce((total, value) => total + value, 0);

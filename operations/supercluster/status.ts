import { assetsOf } from "../../config/assets/assets";
import { canary } from "../../config/assets/standard";
import { clientUrls, serversOf } from "../../config/topology";
import { warningsOf } from "../../config/rules/warnings";
import { serversIn, serversInAll } from "../../config/sizes";
import type { MonitoringStatus } from "../monitoring/monitoring-status";
import type { CheckedEnvironment } from "../settings/checked-environment";
import type { DatabaseStatus } from "../workers/database-status";
import type { WorkerStatus } from "../workers/worker-status";
import type { Snapshot } from "./snapshot";
import type { StreamDetail } from "../../jetstream/monitoring";

/** Overview of an environment. `status --json` prints this object. */
export interface Status {
  environment: string;
  /** Risks that the settings take on purpose. */
  warnings: string[];
  metaLeader?: string;
  metaPeers: { current: number; all: number };
  regions: RegionStatus[];
  streams: StreamStatus[];
  /** Streams of its accounts that servers hold and that nothing declares. */
  undeclared: UndeclaredStream[];
  /** Absent: none were deployed. */
  workers?: WorkerStatus[];
  /** Database servers of workers on this machine. Absent: none were deployed. */
  databases?: DatabaseStatus[];
  /** Of a local environment: what monitors it. Absent: nothing does. */
  monitoring?: MonitoringStatus;
}

export interface RegionStatus {
  name: string;
  clientUrls: string[];
  serversUp: number;
  servers: number;
  /** Number of streams that its servers lead. */
  leads: number;
  connections: number;
  version?: string;
}

export interface StreamStatus {
  account: string;
  name: string;
  /** Region in which it is placed. */
  home: string;
  /** Absent: no leader reported it. */
  messages?: number;
  bytes?: number;
  replicas: { current: number; all: number };
  consumers: number;
  mirrorOf?: string;
  /** Messages that a mirror has not copied yet. */
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
      serversUp: states.length,
      servers: serversIn(environment, region),
      leads: sum(states.map(({ leads }) => leads)),
      connections: sum(states.map(({ varz }) => varz?.connections ?? 0)),
      version: [...new Set(states.map(({ version }) => version))].join(", ") || undefined,
    };
  });
  const streams = assetsOf(environment, tenants, failovers).streams.map((asset): StreamStatus => {
    const detail = snapshot.streams[asset.account]?.[asset.name];
    return {
      account: asset.account,
      name: asset.name,
      home: asset.region,
      messages: detail?.state.messages,
      bytes: detail?.state.bytes,
      replicas: { current: detail ? currentReplicas(detail) : 0, all: asset.spec.replicas },
      consumers: detail?.consumer_detail?.length ?? 0,
      mirrorOf: asset.mirrorOf,
      lag: detail?.mirror?.lag,
    };
  });
  return {
    environment: name,
    warnings: warningsOf(environment),
    metaLeader: snapshot.meta?.leader,
    metaPeers: { current: currentPeers(snapshot), all: serversInAll(environment) },
    regions,
    streams,
    undeclared: undeclaredStreams(streams, snapshot),
    ...(workers.length > 0 && { workers }),
    ...(databases.length > 0 && { databases }),
    ...(monitoring && { monitoring }),
  };
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
    .filter(({ account, name }) => !known.has(`${account}/${name}`))
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

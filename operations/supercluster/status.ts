import { assetsOf } from "../../config/assets/assets";
import { canary } from "../../config/assets/standard";
import { clientUrls, serversOf } from "../../config/topology";
import { warningsOf } from "../../config/rules/warnings";
import type { CheckedEnvironment } from "../settings/checked-environment";
import type { Snapshot } from "./snapshot";
import type { StreamDetail } from "./monitoring";

/** An environment at a glance. Also what `status --json` prints. */
export interface Status {
  environment: string;
  /** What the settings want, and yet is a risk. */
  warnings: string[];
  metaLeader?: string;
  metaPeers: { current: number; all: number };
  regions: RegionStatus[];
  streams: StreamStatus[];
}

export interface RegionStatus {
  name: string;
  clientUrls: string[];
  serversUp: number;
  servers: number;
  /** Streams that its servers lead. */
  leads: number;
  connections: number;
  version?: string;
}

export interface StreamStatus {
  account: string;
  name: string;
  /** Region it is placed in. */
  home: string;
  /** Absent: no leader answered for it. */
  messages?: number;
  bytes?: number;
  replicas: { current: number; all: number };
  consumers: number;
  mirrorOf?: string;
  /** Messages a mirror has yet to copy. */
  lag?: number;
}

/** What settings ask for, beside what is there. */
export function statusOf(
  {
    name,
    environment,
    tenants,
    failovers,
  }: Pick<CheckedEnvironment, "name" | "environment" | "tenants"> & Partial<Pick<CheckedEnvironment, "failovers">>,
  snapshot: Snapshot,
): Status {
  const regions = environment.regions.map((region): RegionStatus => {
    const states = serversOf(environment, region).flatMap((server) => snapshot.servers[server.name] ?? []);
    return {
      name: region,
      clientUrls: clientUrls(environment, region),
      serversUp: states.length,
      servers: environment.servers,
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
    metaPeers: { current: currentPeers(snapshot), all: environment.regions.length * environment.servers },
    regions,
    streams,
  };
}

/** Servers that hold everything of a stream, its leader among them. */
export function currentReplicas({ cluster }: StreamDetail): number {
  return 1 + (cluster?.replicas ?? []).filter(({ current, offline }) => current && !offline).length;
}

/** Servers of the meta group that have everything, its leader among them. */
export function currentPeers({ meta }: Snapshot): number {
  return meta ? 1 + (meta.replicas ?? []).filter(({ current, offline }) => current && !offline).length : 0;
}

/** The stream that only proofs use. */
export const isCanary = ({ name }: { name: string }): boolean => name === canary.stream;

const sum = (values: number[]): number => values.reduce((total, value) => total + value, 0);

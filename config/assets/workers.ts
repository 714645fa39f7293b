import type { ConsumerSpec, TenantSpec } from "../schema/tenant";
import type { WorkerSpec } from "../schema/worker";
import { type Size, toMilliseconds } from "../units";
import type { Tenants } from "./asset";
import { consumerOf } from "./lanes";
import { isLeaving } from "./leaving";
import { withStandardParts } from "./standard-parts";

/** TCP port of health and metrics of every worker on Kubernetes. */
export const healthPort = 8080;

/** One worker of a tenant with all that follows from its fields. */
export interface WorkerAsset {
  account: string;
  name: string;
  /** Folder of `workers/` that has its program. */
  system: string;
  /** Name of its objects in Kubernetes, and of its folder on this machine: lower case, with dashes. */
  objectName: string;
  /** User that it logs in as; undefined: none can be found. */
  user: string | undefined;
  durables: WorkerDurable[];
  /** Regions that it runs in. */
  regions: string[];
  /** How many run in each region, at least and at most. */
  replicas: number;
  maximum: number;
  /** Messages that wait, for each that runs. */
  lagPerReplica: number;
  resources: { cpu: string; cpuLimit?: string; memory: Size };
  /** Time to finish what it handles, in milliseconds. */
  grace: number;
  environment: Record<string, string>;
  /** Names of Secrets. */
  secrets: string[];
  port?: number;
}

/** A durable of one stream. */
export interface WorkerDurable {
  stream: string;
  name: string;
  mode: ConsumerSpec["mode"];
}

/** Of the servers, where a durable does not say it. */
const defaultAckWait = "30s";

/** What a worker needs beside its handlers: to close its connection, to hand back what it did not begin. */
const closing = 5_000;

/** Of a worker without a durable. */
const graceOfOthers = 30_000;

/** The workers of all tenants that run in a region. Pure. */
export const workersOfRegion = (tenants: Tenants, region: string): WorkerAsset[] =>
  Object.values(tenants)
    .flatMap(workersOf)
    .filter(({ regions }) => regions.includes(region));

/** The workers of a tenant; none while it is leaving. Pure. */
export function workersOf(declared: TenantSpec): WorkerAsset[] {
  if (isLeaving(declared)) return [];
  // With the users and durables that every tenant has, or that follow from its dead letters.
  const tenant = withStandardParts(declared);
  return Object.entries(tenant.workers ?? {}).map(([name, spec]) => {
    const { replicas = 1, maximum = replicas, regions = [tenant.home], resources = {} } = spec;
    const durables = durablesOf(tenant, name, spec);
    const longest = longestHandler(tenant, durables);
    return {
      account: tenant.name,
      name,
      system: spec.system ?? tenant.name,
      objectName: objectNameOf(name),
      user: userOf(tenant, name, spec),
      durables: durables.flatMap((durable) => {
        const { streams = [], mode = "pull" as const } = tenant.consumers[durable] ?? {};
        return streams.map((stream) => ({ stream, name: durable, mode }));
      }),
      regions,
      replicas,
      maximum,
      lagPerReplica: spec.lagPerReplica ?? 100,
      resources: { cpu: "100m", memory: "256MiB", ...resources },
      grace: spec.grace ? toMilliseconds(spec.grace) : longest === undefined ? graceOfOthers : longest + closing,
      environment: spec.environment ?? {},
      secrets: spec.secrets ?? [],
      port: spec.port,
    };
  });
}

/** `<account>/<name>`. */
export const workerKey = ({ account, name }: Pick<WorkerAsset, "account" | "name">): string => `${account}/${name}`;

/** Whether the number that runs follows the messages that wait. */
export const isScaled = ({ replicas, maximum }: WorkerAsset): boolean => maximum > replicas;

/** As Kubernetes takes it, where the name's other characters allow it. */
export const objectNameOf = (name: string): string => name.toLowerCase().replaceAll("_", "-");

/** Names of the durables that a worker reads: without being told, that of its own name, with its lanes. */
export const durablesOf = ({ consumers }: TenantSpec, name: string, { durables }: WorkerSpec): string[] =>
  durables ?? Object.keys(consumers).filter((durable) => consumerOf(durable, consumers[durable]) === name);

/** The user that a worker logs in as; undefined where there is none. */
export function userOf({ users }: TenantSpec, name: string, { user }: WorkerSpec): string | undefined {
  if (user !== undefined) return user;
  if (name in users) return name;
  return Object.entries(users).find(([, { consumes = [] }]) => consumes.includes(name))?.[0];
}

/** Longest time, in milliseconds, that one of these durables waits for an acknowledgement; undefined without any. */
export function longestHandler({ consumers }: TenantSpec, durables: readonly string[]): number | undefined {
  const waits = durables.flatMap((name) => {
    const consumer = consumers[name];
    return consumer ? (consumer.backoff ?? [consumer.ackWait ?? defaultAckWait]) : [];
  });
  return waits.length ? Math.max(...waits.map(toMilliseconds)) : undefined;
}

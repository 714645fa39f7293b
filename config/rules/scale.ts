import { statedConnections } from "../assets/account-limits";
import type { Tenants } from "../assets/asset";
import { assetsOf } from "../assets/assets";
import { thousandthsOf } from "../schema/kubernetes-values";
import type { Environment, KubernetesEnvironment } from "../schema/settings";
import { resourcesIn, serversIn, serversInAll, storageIn } from "../sizes";
import { fromBytes, toBytes } from "../units";

/**
 * Warnings where what is declared comes near what servers, files and runs of Pulumi hold, by the costs that
 * docs/scale.md measured. They are extrapolated, so none of them is a mistake.
 */

/** What one of each costs; docs/scale.md has the same for a stream with a durable. */
export const scaleCosts = {
  /** A replicated stream, or a durable of one, on each server that has a replica, idle: part of a core, and bytes. */
  raftGroup: { cpu: 0.000115, memory: 192_000 },
  /** A stream or durable of one replica, on its server: bytes. */
  single: { memory: 80_000 },
  /** A connection with TLS, on its server: bytes. */
  connection: { memory: 51_000 },
  /** A stream or durable, in bytes of its region's rules for Prometheus. */
  rules: { base: 30_400, each: 160 },
  /** A stream or durable of any region, in bytes of the accounts file, which all regions have. */
  accounts: { base: 2_900, each: 115 },
  /** A stream or durable, in seconds of `up --refresh` of its stack. */
  refresh: { base: 3.2, each: 0.0095 },
} as const;

/** Part of what there is from which on it is said. */
const near = 0.8;
/** Most that a Secret or a ConfigMap holds: https://kubernetes.io/docs/concepts/configuration/secret/ */
const objectBytes = 1024 ** 2;
/** A refresh during which others wait for the stack's lock. */
const refreshSeconds = 60;

/** Something that is used up. */
interface Reading {
  taken: number;
  holds: number;
  /** What it means, and what to do. */
  warning: string;
}

/** What there is in a region. */
interface Load {
  /** Streams and durables. */
  assets: number;
  /** Replicas of replicated ones, on each server if they are spread evenly. */
  groups: number;
  /** Those of one replica, on each server likewise. */
  singles: number;
}

interface Declared {
  environment: Environment;
  tenants: Tenants;
}

const number = (value: number): string => Math.round(value).toLocaleString("en");
const percent = (part: number): string => `${number(part * 100)} %`;
const size = (bytes: number): string => fromBytes(Math.ceil(bytes / 1024 ** 2) * 1024 ** 2);
const costOf = ({ base, each }: { base: number; each: number }, count: number): number => base + count * each;
const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);

/** A sentence or two for each; empty if there is none. Pure. */
export function scaleWarnings(declared: Declared): string[] {
  const { environment, tenants } = declared;
  const { byRegion, byAccount } = loadsOf(declared);
  const readings = [
    ...stackReadings(environment, byAccount),
    // How large servers and objects elsewhere may be is not known.
    ...(environment.target === "kubernetes"
      ? [
          ...environment.regions.flatMap((region) => regionReadings(environment, region, byRegion[region]!)),
          accountsReading(sum(Object.values(byAccount))),
          connectionsReading(environment, tenants),
        ]
      : []),
  ];
  return readings
    .filter(({ taken, holds }) => taken > near * holds)
    .map(({ warning }) => `${warning} (docs/scale.md; extrapolated)`);
}

function loadsOf({ environment, tenants }: Declared): {
  byRegion: Record<string, Load>;
  byAccount: Record<string, number>;
} {
  const { streams, consumers } = assetsOf(environment, tenants);
  const homes = new Map(streams.map((stream) => [`${stream.account}/${stream.name}`, stream]));
  const placed = [
    ...streams.map(({ account, region, spec }) => ({ account, region, replicas: spec.replicas })),
    ...consumers.map(({ account, stream, spec }) => {
      const home = homes.get(`${account}/${stream}`)!;
      return { account, region: home.region, replicas: spec.replicas ?? home.spec.replicas };
    }),
  ];
  const byRegion = Object.fromEntries(
    environment.regions.map((region) => [region, { assets: 0, groups: 0, singles: 0 }]),
  );
  const byAccount: Record<string, number> = {};
  for (const { account, region, replicas } of placed) {
    const load = byRegion[region]!;
    load.assets += 1;
    load[replicas > 1 ? "groups" : "singles"] += replicas / serversIn(environment, region);
    byAccount[account] = (byAccount[account] ?? 0) + 1;
  }
  return { byRegion, byAccount };
}

const stackReadings = ({ jetstream }: Environment, byAccount: Record<string, number>): Reading[] =>
  Object.entries(jetstream).map(([stack, accounts]) => {
    const count = sum(accounts.map((account) => byAccount[account] ?? 0));
    const taken = costOf(scaleCosts.refresh, count);
    return {
      ...{ taken, holds: refreshSeconds },
      warning:
        `stack ${stack} has ${number(count)} streams and durables: its "up --refresh" takes about ` +
        `${number(taken)} s, during which nothing else in it can be changed. Give teams stacks of their own: ` +
        "environments.<name>.jetstream maps tenants to stacks",
    };
  });

/** Memory of one server beside its memory store: bytes. */
const freeMemory = (environment: KubernetesEnvironment, region: string): number =>
  toBytes(resourcesIn(environment, region).memory) - toBytes(storageIn(environment, region).memory);

function regionReadings(environment: KubernetesEnvironment, region: string, load: Load): Reading[] {
  const { assets, groups, singles } = load;
  const cores = thousandthsOf(resourcesIn(environment, region).cpu) / 1000;
  const idle = groups * scaleCosts.raftGroup.cpu;
  const memory = groups * scaleCosts.raftGroup.memory + singles * scaleCosts.single.memory;
  const free = freeMemory(environment, region);
  const rules = costOf(scaleCosts.rules, assets);
  return [
    {
      ...{ taken: idle, holds: cores },
      warning:
        `each server of ${region} holds ${number(groups)} replicas of streams and durables, which take about ` +
        `${percent(idle)} of a core while idle; it asks for ${percent(cores)}. Put subjects of several streams into ` +
        "one, keep one replica of what can be sent again, raise resources.cpu or servers to 5; beyond that, another " +
        "supercluster",
    },
    {
      ...{ taken: memory, holds: free },
      warning:
        `each server of ${region} needs about ${size(memory)} for its share of ${number(assets)} streams and ` +
        `durables; it has ${size(free)} beside its memory store. Raise resources.memory, or put subjects of several ` +
        "streams into one",
    },
    {
      ...{ taken: rules, holds: objectBytes },
      warning:
        `the alerts of ${region}, for ${number(assets)} streams and durables, take about ${size(rules)}, and one ` +
        "object of Kubernetes holds 1MiB. Put subjects of several streams into one",
    },
  ];
}

function accountsReading(assets: number): Reading {
  const taken = costOf(scaleCosts.accounts, assets);
  return {
    ...{ taken, holds: objectBytes },
    warning:
      `the accounts file, with rights on ${number(assets)} streams and durables, takes about ${size(taken)}, and a ` +
      "Secret of Kubernetes holds 1MiB. Let fewer users name single streams, with subjects by prefix",
  };
}

/** Clients that tenants may have at once, spread over all servers. */
function connectionsReading(environment: KubernetesEnvironment, tenants: Tenants): Reading {
  const stated = sum(Object.values(statedConnections(tenants)));
  const taken = (stated / serversInAll(environment)) * scaleCosts.connection.memory;
  const holds = Math.min(...environment.regions.map((region) => freeMemory(environment, region)));
  return {
    ...{ taken, holds },
    warning:
      `tenants may have ${number(stated)} connections, about ${size(taken)} of each server, which has ${size(holds)} ` +
      "beside its memory store. Raise resources.memory, lower limits.connections, or let sites with many clients " +
      "connect by a leaf node (docs/listeners.md)",
  };
}

import type { LocalServerInputs } from "../components/local/layout";
import type { ChartValues } from "../components/supercluster/chart-values";
import type { ServerConfig } from "../components/supercluster/server-config";
import type { Partly, Resource } from "./resource";

/** What rules see of a region's servers, on either target. */

export const releaseType = "kubernetes:helm.sh/v3:Release";
export const localServerType = "pulumi-nodejs:dynamic/local:Server";
export const serverTypes = [releaseType, localServerType] as const;

export type Values = Partly<ChartValues>;

export interface ConfiguredServers {
  /** The region they are in, as labels or inputs outside their configuration name it. */
  region?: string;
  isLocal: boolean;
  /** How many the region has. */
  count: number;
  /**
   * Their configuration under nats.conf's own names, as far as it is given; on Kubernetes without paths and addresses.
   */
  config: Partly<ServerConfig> & Record<string, unknown>;
  /** How each is advertised to other regions; on Kubernetes of the first. */
  advertise?: string;
}

/** Values of the official chart; undefined if a release installs another one. */
export function valuesOf({ type, inputs }: Resource): Values | undefined {
  if (type !== releaseType) return undefined;
  const values = (inputs.values ?? {}) as Values;
  const isNats = /(^|\/)nats(-[\d.]+)?(\.tgz)?$/.test(String(inputs.chart)) || "natsBox" in values;
  return isNats ? values : undefined;
}

/**
 * The servers that a resource runs; undefined if it runs none, or if their configuration is no longer known (the state
 * of a local server has only addresses).
 */
export function configuredServers(resource: Resource): ConfiguredServers | undefined {
  const values = valuesOf(resource);
  if (values) return fromValues(values);
  const inputs = resource.inputs as Partly<LocalServerInputs>;
  return resource.type === localServerType && inputs.config ? fromConfig(inputs) : undefined;
}

function fromConfig({ region, config = {} }: Partly<LocalServerInputs>): ConfiguredServers {
  return {
    region,
    isLocal: true,
    count: config.cluster?.routes?.length ?? 0,
    config,
    advertise: config.gateway?.advertise,
  };
}

type Tls = NonNullable<NonNullable<Values["config"]>["cluster"]>["tls"];

/** The chart's keys as the server's: what it writes by itself, and what is merged into that. */
function fromValues({ config = {}, statefulSet, fullnameOverride, global, container }: Values): ConfiguredServers {
  const { cluster, gateway, jetstream, nats, merge } = config;
  // The chart names both after the StatefulSet.
  const name = statefulSet?.name ?? fullnameOverride ?? "nats";
  const tls = (section: Tls) =>
    section?.enabled
      ? { cert_file: section.cert, key_file: section.key, ...(section.secretName ? section.merge : {}) }
      : undefined;
  return {
    region: global?.labels?.["supercluster/region"],
    isLocal: false,
    count: cluster?.replicas ?? 1,
    config: {
      ...merge,
      tls:
        nats?.tls?.enabled && nats.tls.secretName
          ? { ...nats.tls.merge, cert_file: nats.tls.cert, key_file: nats.tls.key }
          : undefined,
      cluster: { name, ...cluster?.merge, tls: tls(cluster?.tls) },
      gateway: { name, ...gateway?.merge, tls: tls(gateway?.tls) },
      jetstream: {
        ...jetstream?.merge,
        max_file_store: bytes(jetstream?.fileStore?.maxSize),
        max_memory_store: bytes(jetstream?.memoryStore?.maxSize),
      },
    } as ConfiguredServers["config"],
    advertise: container?.env?.SERVER_GATEWAY?.replace("$(POD_INDEX)", "0"),
  };
}

/** The chart takes sizes as text. */
const bytes = (size: string | undefined): number | undefined => (size === undefined ? undefined : Number(size));

/** Listeners of a resource's servers that ask for no TLS, by their names in nats.conf. */
export function listenersWithoutTls(resource: Resource): string[] {
  const values = valuesOf(resource);
  const config = ((values ?? resource.inputs) as { config?: Record<string, Listening | undefined> }).config ?? {};
  return ["websocket", "leafnodes", "mqtt"].filter((name) => {
    const own = config[name];
    if (!own || (values && !own.enabled)) return false;
    return values ? !(own.tls?.enabled && own.tls.secretName) : !(own.tls?.cert_file && own.tls.key_file);
  });
}

/** As the chart has a listener, or as nats.conf has it. */
interface Listening {
  enabled?: boolean;
  tls?: { enabled?: boolean; secretName?: string; cert_file?: string; key_file?: string };
}

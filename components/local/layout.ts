import type { RegionIdentity, RegionSpec } from "../../config/assets/region";
import { listenerNames, listenerTable } from "../../config/listeners";
import { needsClientCa } from "../../config/monitoring";
import type { Environment } from "../../config/schema/settings";
import { testedServers } from "../../config/versions";
import { type ServerAddresses, serversOf } from "../../config/topology";
import { jetstreamKeyConf, keyFingerprint } from "../security/jetstream-key";
import { type ServerConfig, type HostLayout, monitorUrl, serverConfig } from "../supercluster/server-config";

/**
 * Files of one local server, relative to its folder, which is also its working directory: paths do not depend on where
 * the project is.
 */
export const files = {
  config: "nats.conf",
  accounts: "accounts.conf",
  jetstreamKey: "jetstream.conf",
  tls: "tls",
  clientCert: "tls/client.crt",
  clientKey: "tls/client.key",
  /** For those who read its monitoring over TLS, and for servers that ask clients for a certificate. */
  clientCa: "tls/client-ca.crt",
  peerCert: "tls/peer.crt",
  peerKey: "tls/peer.key",
  peerCa: "tls/peer-ca.crt",
  /** Copy of the new files, checked by `nats-server -t` before they replace those in use. */
  candidate: "candidate",
  data: "data",
  /** Beside the data, because it belongs to it. */
  keyFingerprint: "data/jetstream-key.fingerprint",
  log: "server.log",
  pid: "server.pid",
  record: "server.json",
} as const;

/** Inputs of one local server. */
export interface LocalServerInputs extends ServerDescription, ServerFiles {
  /** Path of the nats-server to run. Default: the installed one. */
  program?: string;
}

/** What is known without the identity. */
export interface ServerDescription {
  environment: string;
  region: string;
  /** `server_name`, and its folder under the region's. */
  name: string;
  config: ServerConfig;
  /** Monitoring URLs of the region's other servers: a server is not restarted while another one is behind. */
  peers: string[];
  /** Version of the nats-server to run, of config/versions.ts. Default: the newest. */
  serverVersion?: string;
}

/** The files beside the configuration, which all servers of a region share. */
export interface ServerFiles {
  /** Public files: name to content. */
  certificates: Record<string, string>;
  /** Secret files: name to content. */
  secrets: Record<string, string>;
  /** Fingerprint that identifies the key which encrypts the data, without revealing it. */
  jetstreamKeyFingerprint: string;
}

/** A region's local server, by its number. */
export function serverDescription(region: RegionSpec, server: number): ServerDescription {
  const servers = serversOf(region.settings, region.name);
  const config = serverConfig(region, server, hostLayoutOf(servers[server]!));
  return {
    environment: region.environment,
    region: region.name,
    name: config.server_name,
    config,
    peers: servers.filter((_, index) => index !== server).map(({ monitor }) => monitor),
    ...versionOf(region.settings),
  };
}

/** The newest is the default, so that a later release moves servers that name none. */
const versionOf = (settings: Environment): Pick<ServerDescription, "serverVersion"> =>
  settings.target === "local" && settings.serverVersion !== undefined && settings.serverVersion !== testedServers.newest
    ? { serverVersion: settings.serverVersion }
    : {};

/** The files of a region's servers; `accounts` is the text of the file with accounts and users. */
export function serverFiles(
  identity: RegionIdentity,
  accounts: string,
  settings: Pick<Environment, "monitoring" | "authCallout">,
): ServerFiles {
  return {
    certificates: {
      [files.clientCert]: identity.server.cert,
      [files.peerCert]: identity.peer.cert,
      [files.peerCa]: identity.peerCa,
      ...(needsClientCa(settings) && { [files.clientCa]: identity.clientCa }),
    },
    secrets: {
      [files.accounts]: accounts,
      [files.jetstreamKey]: jetstreamKeyConf(identity.jetstreamKey),
      [files.clientKey]: identity.server.key,
      [files.peerKey]: identity.peer.key,
    },
    jetstreamKeyFingerprint: keyFingerprint(identity.jetstreamKey),
  };
}

function hostLayoutOf(addresses: ServerAddresses): HostLayout {
  const host = (url: string): string => new URL(url).host;
  return {
    listen: {
      client: host(addresses.client),
      route: host(addresses.route),
      gateway: host(addresses.gateway),
      monitor: host(addresses.monitor),
      ...Object.fromEntries(listenerNames.flatMap((name) => (addresses[name] ? [[name, host(addresses[name])]] : []))),
    },
    files: {
      pid: files.pid,
      data: files.data,
      client: { cert: files.clientCert, key: files.clientKey, ca: files.clientCa },
      peer: { cert: files.peerCert, key: files.peerKey, ca: files.peerCa },
      accounts: files.accounts,
      jetstreamKey: files.jetstreamKey,
    },
  };
}

/** What a configuration listens on: `host:port` by what it is for. */
export const addressesOf = (config: ServerConfig): Record<string, string> => ({
  client: config.listen,
  route: config.cluster.listen,
  gateway: config.gateway.listen,
  monitor: new URL(monitorUrl(config)).host,
  ...Object.fromEntries(
    listenerNames.flatMap((name) => {
      const own = config[listenerTable[name].chart];
      return own ? [[name, own.listen]] : [];
    }),
  ),
});

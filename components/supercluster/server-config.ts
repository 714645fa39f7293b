import { plural } from "../../config/plural";
import type { RegionSpec } from "../../config/assets/region";
import { systemAccount } from "../../config/assets/standard";
import { tagsOf } from "../../config/server-tags";
import { storageIn } from "../../config/sizes";
import type { Listener } from "../../config/listeners";
import { monitoringOf } from "../../config/monitoring";
import { type Protocol, serversOf } from "../../config/topology";
import { type Duration, toBytes, toMilliseconds } from "../../config/units";

/** Where one server runs: all that differs between the targets. Paths are the server's own view. */
export interface HostLayout {
  /** `host:port` it listens on. */
  listen: Record<Protocol, string> & Partial<Record<Listener, string>>;
  files: {
    pid: string;
    /** Folder of JetStream's data. */
    data: string;
    /** Certificate and key that clients see; the CA of theirs. */
    client: { cert: string; key: string; ca: string };
    /** Certificate, key and CA of routes and gateways. */
    peer: { cert: string; key: string; ca: string };
    /** File that holds the `accounts` block; relative to the configuration file. */
    accounts: string;
    /** File that holds `encryption_key`; relative to the configuration file. */
    jetstreamKey: string;
  };
}

interface PeerTls {
  cert_file: string;
  key_file: string;
  ca_file: string;
  verify: true;
}

/** The configuration of one nats-server, under nats.conf's own names. */
export interface ServerConfig {
  server_name: string;
  /** Absent: none. */
  server_tags?: string[];
  listen: string;
  /** Address of monitoring; one of the two. */
  http?: string;
  https?: string;
  max_payload: number;
  lame_duck_duration: string;
  lame_duck_grace_period: string;
  pid_file: string;
  tls: { cert_file: string; key_file: string; timeout: number; ca_file?: string; verify?: "optional" };
  cluster: {
    name: string;
    listen: string;
    routes: string[];
    no_advertise: true;
    compression: "accept";
    tls: PeerTls;
  };
  gateway: {
    name: string;
    listen: string;
    advertise: string;
    reject_unknown_cluster: true;
    gateways: { name: string; urls: string[] }[];
    tls: PeerTls;
  };
  jetstream: {
    store_dir: string;
    max_file_store: number;
    max_memory_store: number;
    sync_interval: string;
    domain?: string;
    cipher: "aes";
    key$include: string;
  };
  websocket?: {
    listen: string;
    tls: { cert_file: string; key_file: string };
    handshake_timeout: string;
    compression: boolean;
    same_origin: boolean;
    allowed_origins?: string[];
  };
  leafnodes?: { listen: string; no_advertise: true; tls: { cert_file: string; key_file: string; timeout: number } };
  mqtt?: { listen: string; tls: { cert_file: string; key_file: string; timeout: number } };
  system_account: string;
  accounts$include: string;
}

/**
 * Seconds for TLS with clients. The default of 2 s is too short for a busy machine when hundreds of clients reconnect
 * at once: those that time out dial again, and none ever connects.
 */
const timeout = 10;

/**
 * Configuration of a region's server.
 *
 * @param region what the whole region shares
 * @param server number of the server in the region, from 0
 * @param host addresses it listens on, and its files
 */
export function serverConfig(region: RegionSpec, server: number, host: HostLayout): ServerConfig {
  const { name, settings } = region;
  const { files, listen } = host;
  const servers = serversOf(settings, name);
  const self = servers[server];
  if (!self)
    throw new RangeError(
      `${name} has ${plural(servers.length, "server")}; ${server} is not one of 0 to ${servers.length - 1}`,
    );
  const tags = tagsOf(settings, name, server);
  const storage = storageIn(settings, name);
  const peerTls: PeerTls = {
    cert_file: files.peer.cert,
    key_file: files.peer.key,
    ca_file: files.peer.ca,
    verify: true,
  };
  return {
    server_name: self.name,
    ...(tags.length > 0 && { server_tags: tags }),
    listen: listen.client,
    [monitoringOf(settings).scheme]: listen.monitor,
    max_payload: toBytes(settings.maxPayload),
    lame_duck_duration: goDuration(settings.lameDuck.duration),
    lame_duck_grace_period: goDuration(settings.lameDuck.gracePeriod),
    pid_file: files.pid,
    tls: {
      ...{ cert_file: files.client.cert, key_file: files.client.key, timeout },
      ...(settings.authCallout?.certificates && { ca_file: files.client.ca, verify: "optional" }),
    },
    cluster: {
      name,
      listen: listen.route,
      routes: servers.map(({ route }) => route),
      // Clients get their addresses from the region's names, not from what servers see of each other.
      no_advertise: true,
      // Servers of one region are near each other: s2_auto compresses nothing below 10 ms, but holds an encoder for
      // every route (nine local servers: 448 MiB with it, 268 MiB without).
      compression: "accept",
      tls: peerTls,
    },
    gateway: {
      // The server refuses to start when it differs from the cluster's name.
      name,
      listen: listen.gateway,
      advertise: new URL(self.gateway).host,
      reject_unknown_cluster: true,
      // One list for all regions: the server ignores its own entry, and the meta group counts the URLs.
      gateways: settings.regions.map((region) => ({
        name: region,
        urls: serversOf(settings, region).map(({ gateway }) => gateway),
      })),
      tls: peerTls,
    },
    jetstream: {
      store_dir: files.data,
      max_file_store: toBytes(storage.file),
      max_memory_store: toBytes(storage.memory),
      sync_interval: settings.syncInterval === "always" ? "always" : goDuration(settings.syncInterval),
      // One for all regions: they are one meta group, which places streams only in the domain of its leader.
      ...(settings.jetstreamDomain && { domain: settings.jetstreamDomain }),
      cipher: "aes",
      key$include: files.jetstreamKey,
    },
    ...listenerConfig(settings, host),
    system_account: systemAccount.name,
    accounts$include: files.accounts,
  };
}

/** URL of the monitoring that a server is configured with. */
export const monitorUrl = ({ http, https }: Pick<ServerConfig, "http" | "https">): string =>
  https === undefined ? `http://${http!}` : `https://${https}`;

/** What servers listen for beside NATS's own protocol: nothing unless it is asked for. */
function listenerConfig(
  { listeners: { websocket, leafNodes, mqtt } = {} }: RegionSpec["settings"],
  { listen, files }: HostLayout,
): Pick<ServerConfig, "websocket" | "leafnodes" | "mqtt"> {
  const tls = { cert_file: files.client.cert, key_file: files.client.key };
  return {
    ...(websocket && {
      websocket: {
        listen: listen.websocket!,
        tls,
        handshake_timeout: `${timeout}s`,
        compression: websocket.compression,
        same_origin: websocket.sameOrigin,
        ...(websocket.allowedOrigins && { allowed_origins: websocket.allowedOrigins }),
      },
    }),
    // As for clients: addresses come from names, not from what servers see of each other.
    ...(leafNodes && { leafnodes: { listen: listen.leafNodes!, no_advertise: true, tls: { ...tls, timeout } } }),
    ...(mqtt && { mqtt: { listen: listen.mqtt!, tls: { ...tls, timeout } } }),
  };
}

/** Go durations have no unit for days. */
const goDuration = (duration: Duration): string =>
  duration.endsWith("d") ? `${toMilliseconds(duration) / 3_600_000}h` : duration;

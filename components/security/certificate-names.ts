import { isIP } from "node:net";
import type { Environment } from "../../config/settings";
import { type Protocol, serversOf } from "../../config/topology";

export interface CertificateNames {
  dnsNames: string[];
  ipAddresses: string[];
}

/** Every host that somebody dials a region's servers by over the given protocols, and the machine itself. */
export function certificateNames(environment: Environment, region: string, protocols: Exclude<Protocol, "monitor">[]): CertificateNames {
  const dialled = serversOf(environment, region).flatMap((server) => protocols.map((protocol) => new URL(server[protocol]).hostname));
  const hosts = [...new Set(["localhost", "127.0.0.1", ...dialled])].sort();
  return { dnsNames: hosts.filter((host) => !isIP(host)), ipAddresses: hosts.filter((host) => isIP(host)) };
}

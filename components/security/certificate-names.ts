import { isIP } from "node:net";
import { listenersOf } from "../../config/listeners";
import { monitoringOf } from "../../config/monitoring";
import type { Environment } from "../../config/schema/settings";
import { kubernetesNames, namespaceOf, type Protocol, serversOf } from "../../config/topology";

export interface CertificateNames {
  dnsNames: string[];
  ipAddresses: string[];
}

/** Every host name by which a region's servers are dialled over the given protocols, and the machine itself. */
export function certificateNames(
  environment: Environment,
  region: string,
  protocols: Exclude<Protocol, "monitor">[],
): CertificateNames {
  // Listeners show the certificate of clients.
  const listeners = protocols.includes("client") ? listenersOf(environment) : [];
  const dialled = serversOf(environment, region).flatMap((server) =>
    [...protocols, ...listeners].map((protocol) => new URL(server[protocol]!).hostname),
  );
  const hosts = [
    ...new Set([
      "localhost",
      "127.0.0.1",
      ...dialled,
      ...(protocols.includes("client") ? withinCluster(environment, region) : []),
    ]),
  ].sort();
  return { dnsNames: hosts.filter((host) => !isIP(host)), ipAddresses: hosts.filter((host) => isIP(host)) };
}

/** Names by which clients in the same Kubernetes cluster find the servers: the Service, and each pod. */
function withinCluster(environment: Environment, region: string): string[] {
  if (environment.target !== "kubernetes") return [];
  const namespace = namespaceOf(environment, region);
  const full = `${namespace}.svc.${environment.kubernetes.clusterDomain}`;
  const service = kubernetesNames.service;
  return [
    service,
    `${service}.${namespace}`,
    `${service}.${namespace}.svc`,
    `${service}.${full}`,
    `*.${kubernetesNames.headless}.${full}`,
    // KEDA asks any server first.
    ...(monitoringOf(environment).scheme === "https" ? [`${kubernetesNames.headless}.${full}`] : []),
  ];
}

import type { ResourceRule } from "../rule";
import { configuredServers, listenersWithoutTls, serverTypes } from "../servers";

export const clientPortHasTls: ResourceRule = {
  name: "client-port-has-tls",
  description: "Clients connect by TLS, on both targets, and by every listener too.",
  severity: "critical",
  enforcementLevel: "mandatory",
  why:
    "Without it passwords and messages cross the network in plain text. " +
    "The chart ignores keys that it does not know, so a TLS section in the wrong place has no effect, " +
    "without a warning.",
  remediation: "Keep the tls section of clients as components/supercluster writes it",
  types: serverTypes,
  violations(resource) {
    const servers = configuredServers(resource);
    if (!servers) return [];
    const { tls } = servers.config;
    return [
      ...(tls?.cert_file && tls.key_file ? [] : [`clients of ${resource.name} connect without TLS`]),
      ...listenersWithoutTls(resource).map((listener) => `${resource.name} listens for ${listener} without TLS`),
    ];
  },
};

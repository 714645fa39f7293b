import type { ResourceRule } from "../rule";
import { configuredServers, serverTypes } from "../servers";

export const clientPortHasTls: ResourceRule = {
  name: "client-port-has-tls",
  description: "Clients connect by TLS, on both targets.",
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
    if (!servers || (servers.config.tls?.cert_file && servers.config.tls.key_file)) return [];
    return [`clients of ${resource.name} connect without TLS`];
  },
};

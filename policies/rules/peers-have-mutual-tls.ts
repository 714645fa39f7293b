import type { ResourceRule } from "../rule";
import { configuredServers, serverTypes } from "../servers";

export const peersHaveMutualTls: ResourceRule = {
  name: "peers-have-mutual-tls",
  description: "Routes and gateways use TLS, and each side verifies the other by the peers' own CA.",
  severity: "critical",
  enforcementLevel: "mandatory",
  why:
    "Without it, any host that reaches a route or a gateway can join as a server and read every message of " +
    "every account.",
  remediation: "Give both the peers' certificate, its CA and verify: true, and dial by tls://",
  types: serverTypes,
  violations(resource) {
    const config = configuredServers(resource)?.config;
    if (!config) return [];
    const ports = [
      { what: "routes", tls: config.cluster?.tls as Tls, urls: config.cluster?.routes ?? [] },
      {
        what: "gateways",
        tls: config.gateway?.tls as Tls,
        urls: config.gateway?.gateways?.flatMap(({ urls }) => urls ?? []) ?? [],
      },
    ];
    return ports.flatMap(({ what, tls, urls }) => {
      const open = urls.filter((url) => !url.startsWith("tls://"));
      return problems
        .filter(({ when }) => when(tls))
        .slice(0, 1)
        .map(({ message }) => `${what} of ${resource.name} ${message}`)
        .concat(open.map((url) => `${what} of ${resource.name} dial ${url}`));
    });
  },
};

type Tls = { cert_file?: string; ca_file?: string; verify?: boolean; insecure?: boolean } | undefined;

const problems: { when: (tls: Tls) => boolean; message: string }[] = [
  { when: (tls) => !tls?.cert_file, message: "have no TLS" },
  {
    when: (tls) => !tls?.ca_file,
    message: "name no CA of their own, so any certificate that the system trusts is accepted",
  },
  { when: (tls) => tls?.verify !== true || tls.insecure === true, message: "do not verify the other side" },
];

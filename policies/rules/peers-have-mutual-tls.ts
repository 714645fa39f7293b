import type { ResourceRule } from "../rule";
import { configuredServers, serverTypes } from "../servers";

export const peersHaveMutualTls: ResourceRule = {
  name: "peers-have-mutual-tls",
  description: "Routes and gateways use TLS, and each side verifies the other by the peers' own CA.",
  severity: "critical",
  enforcementLevel: "mandatory",
  why: "Whoever reaches a route or a gateway without a certificate is a server of the supercluster: every message of every account is his.",
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
        .map(({ say }) => `${what} of ${resource.name} ${say}`)
        .concat(open.map((url) => `${what} of ${resource.name} dial ${url}`));
    });
  },
};

type Tls = { cert_file?: string; ca_file?: string; verify?: boolean; insecure?: boolean } | undefined;

const problems: { when: (tls: Tls) => boolean; say: string }[] = [
  { when: (tls) => !tls?.cert_file, say: "have no TLS" },
  { when: (tls) => !tls?.ca_file, say: "name no CA of their own, so any certificate that the system trusts gets in" },
  { when: (tls) => tls?.verify !== true || tls.insecure === true, say: "do not verify the other side" },
];

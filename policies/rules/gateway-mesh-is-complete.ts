import type { ResourceRule } from "../rule";
import { configuredServers, serverTypes } from "../servers";

export const gatewayMeshIsComplete: ResourceRule = {
  name: "gateway-mesh-is-complete",
  description:
    "The list of gateways contains the region itself and every other region once, " +
    "each with as many addresses as it has servers, all different.",
  severity: "high",
  enforcementLevel: "mandatory",
  why:
    "A new server expects as many meta peers as its routes and gateway addresses count, " +
    "and equal ones count once: with too few a lost region could found a second meta group. " +
    "A server that does not advertise one of these addresses announces another one: " +
    "behind a load balancer, a private one.",
  remediation:
    "Leave the list as components/supercluster makes it of the environment's regions, " +
    "and advertise an address that is in it",
  types: serverTypes,
  violations(resource) {
    const servers = configuredServers(resource);
    if (!servers) return [];
    const { region, count, config, advertise } = servers;
    const list = (config.gateway?.gateways ?? []).map(({ name = "", urls = [] }) => ({ name, urls }));
    const own = list.find(({ name }) => name === region);
    const [names, urls] = [list.map(({ name }) => name), list.flatMap((entry) => entry.urls)];
    return [
      ...(own ? [] : [`the gateways of ${resource.name} (${names.join(", ") || "none"}) leave out ${region} itself`]),
      ...list.flatMap(({ name, urls: listed }) => {
        const known = new Set(listed).size;
        // How many servers another region has, its own stack knows; lists that differ break gateway-mesh-is-symmetric.
        const wanted = name === region ? [count] : counts;
        return wanted.includes(known) && known === listed.length
          ? []
          : [`${resource.name} lists ${known} addresses of ${name}, not ${wanted.join(" or ")}`];
      }),
      ...twice(names).map((name) => `${resource.name} lists ${name} twice`),
      ...twice(urls)
        .filter((url) => list.filter((entry) => entry.urls.includes(url)).length > 1)
        .map((url) => `${resource.name} lists ${url} for two regions`),
      ...(own && !own.urls.includes(`tls://${advertise}`)
        ? [`${resource.name} advertises ${advertise}, which is not one of ${own.urls.join(", ")}`]
        : []),
    ];
  },
};

/** Servers that a region can have. */
const counts = [1, 3, 5];

const twice = (values: string[]): string[] => [
  ...new Set(values.filter((value, index) => values.indexOf(value) < index)),
];

import type { AlertName } from "../../config/schema/alerts";
import { absent, and, compare, count, either, matchedToOne, max, min, minus, orZero, unless } from "../promql";
import { type Alert, answering, countOf, current, majority, serverLabels, type Site } from "./alert";

/** Alerts about servers, and how they are connected to each other. */

/** The least number of servers that one of them has routes to. */
const fewestPeers = (site: Site) => min(["region"], current(site, "nats_varz_remotes"));

/** Whether the servers that answer have routes to all others: then one without series runs, and is not scraped. */
const allConnected = (site: Site) => compare(fewestPeers(site), ">=", site.servers.length - 1);

/** Servers that should answer, and do not. */
const withoutSeries = (site: Site) => {
  const [first, ...others] = site.servers.map((name) => absent(site.series("nats_healthz_status", { server: name })));
  return max(serverLabels, either(first!, ...others));
};

/** Connections from this region's servers to another region. */
const gatewaysTo = (site: Site, remote: string) =>
  site.series("nats_gatewayz_outbound_gateway_configured", { remote_gateway_name: remote });

/** Servers that know no meta leader. */
const withoutMetaLeader = (site: Site) => site.series("nats_server_jetstream_disabled", { meta_leader: "" });

/** Where no server of the region knows one: otherwise a server is cut off, which other alerts show. */
const noMetaLeader = (site: Site) =>
  unless(
    count(["region"], withoutMetaLeader(site)),
    site.series("nats_server_jetstream_disabled", { "!meta_leader": "" }),
    ["region"],
  );

export const serverAlerts = {
  NATSClusterQuorumLost: {
    severity: "critical",
    for: "1m",
    conditions: (site) => [
      {
        expr: compare(
          orZero(countOf(site)),
          "<",
          site.threshold("NATSClusterQuorumLost", majority(site.servers.length)),
        ),
      },
    ],
    summary: "Region {{ $labels.region }} has lost its majority: {{ $value }} of its servers answer",
    description:
      "Streams and durables of this region take and deliver no messages until a majority of its servers is back. " +
      "Publishers get errors, and have to keep what they publish.",
  },
  NATSServerDown: {
    severity: "warning",
    for: "2m",
    conditions: (site) => [{ expr: unless(withoutSeries(site), allConnected(site), ["region"]) }],
    summary: "Server {{ $labels.server }} does not answer",
    description:
      "Its clients have connected to others. Streams of three replicas go on with two; if one more server of the " +
      "region stops, they refuse messages. Streams of one replica on this server are not available.",
  },
  NATSExporterDown: {
    severity: "warning",
    for: "5m",
    conditions: (site) => [{ expr: and(withoutSeries(site), allConnected(site), ["region"]) }],
    summary: "Nothing is known of server {{ $labels.server }}: its metrics are missing, while other servers reach it",
    description:
      "The server runs, since the others of its region are connected to it. Its exporter, or the way from Prometheus " +
      "to it, does not work, so alerts about this server cannot fire.",
  },
  NATSServerUnhealthy: {
    severity: "warning",
    for: "5m",
    conditions: (site) => [{ expr: unless(compare(answering(site), "==", 1), noMetaLeader(site), ["region"]) }],
    summary: "Server {{ $labels.server }} runs and reports that it is not healthy",
    description:
      "Its JetStream, or one of its streams or durables, is not current. Kubernetes sends it no new clients. If " +
      "another server of the region stops now, streams may lose their majority.",
  },
  NATSRouteLost: {
    severity: "warning",
    for: "5m",
    conditions: (site) => [
      {
        expr: matchedToOne(current(site, "nats_varz_remotes"), "<", minus(countOf(site), 1), ["region"]),
      },
    ],
    summary: "Server {{ $labels.server }} is connected to only {{ $value }} servers of its region",
    description:
      "All of them run, and some cannot reach each other. Replicas on this server fall behind, and it may be counted " +
      "as lost by the others.",
  },
  NATSGatewayLost: {
    severity: "warning",
    for: "2m",
    conditions: (site) =>
      site.others.map((remote) => ({
        expr: and(unless(answering(site), gatewaysTo(site, remote), serverLabels), gatewaysTo(site, remote), [
          "region",
        ]),
        labels: { remote },
      })),
    summary: "Server {{ $labels.server }} has no connection to region {{ $labels.remote }}",
    description:
      "Other servers of its region have one. Clients of this server get nothing from that region, and their requests " +
      "to streams there are not answered.",
  },
  NATSRegionLost: {
    severity: "critical",
    for: "2m",
    conditions: (site) =>
      site.others.map((remote) => ({
        expr: unless(countOf(site), gatewaysTo(site, remote), ["region"]),
        labels: { remote },
      })),
    summary: "Region {{ $labels.remote }} is lost: no server of {{ $labels.region }} has a connection to it",
    description:
      "Its servers are down, or the network between the two regions is. Streams placed there cannot be used from " +
      "here, and mirrors of them stop. Streams of this region go on.",
  },
  NATSMetaLeaderMissing: {
    severity: "critical",
    for: "1m",
    conditions: (site) => [{ expr: noMetaLeader(site) }],
    summary: "Servers of region {{ $labels.region }} know no JetStream meta leader",
    description:
      "Fewer than half of all servers reach each other. No stream or durable can be created, changed or deleted, and " +
      "none gets a new leader. Streams that have a leader and a majority go on.",
  },
  NATSMetaGroupSizeWrong: {
    severity: "warning",
    for: "30m",
    conditions: (site) => [
      { expr: compare(current(site, "nats_varz_jetstream_meta_cluster_size"), "!=", site.allServers) },
    ],
    summary: "Server {{ $labels.server }} counts {{ $value }} servers in the meta group, which is not what is declared",
    description:
      "With servers that no longer exist the majority is higher than it has to be, so fewer failures are survived. " +
      "With too few, a region has not joined.",
  },
} satisfies Partial<Record<AlertName, Alert>>;

import type { Environment } from "../../config/schema/settings";
import { current, serverLabels } from "../alerts/alert";
import { percent } from "../alerts/limits";
import { untilExpiry } from "../alerts/probe";
import { thresholdOf } from "../thresholds";
import { clusterHealth } from "./cluster-health";
import { gatewayLabels, rateOf, serverRate } from "./expressions";
import { as, type Dashboard, graph, limitOf, noneOf, servers, withoutProbe } from "./panel";
import { increase, max, min, sum } from "../promql";

const legend = "{{server}}";

/** The threshold of certificates, in seconds. */
const secondsLeft = (environment: Environment): number => thresholdOf(environment, "NATSCertificateExpiring") * 86_400;

/** One region: its servers. */
export const region = (environment: Environment): Dashboard => ({
  uid: "nats-region",
  title: "NATS / Region",
  description: "The servers of a region: whether each runs, is connected, and has room.",
  variables: ["region"],
  rows: [
    clusterHealth(environment),
    {
      title: "Connections",
      panels: [
        graph("Gateways", "number", "Servers of the region that have a connection to another region.", [
          as(
            "{{region}} to {{remote_gateway_name}}",
            sum(gatewayLabels, servers.series("nats_gatewayz_outbound_gateway_configured")),
          ),
        ]),
        graph("Round trip to other regions", "seconds", "By server and region.", [
          as(
            "{{server}} to {{remote_gateway_name}}",
            max(["server", "remote_gateway_name"], servers.series("nats_gatewayz_outbound_gateway_conn_rtt")),
          ),
        ]),
        graph("Messages to other regions", "messages/s", "By region.", [
          as(
            "{{region}} to {{remote_gateway_name}}",
            rateOf(gatewayLabels, servers.series("nats_gatewayz_outbound_gateway_conn_out_msgs")),
          ),
        ]),
        graph("Clients", "number", "Connections of clients. They should be spread over the servers.", [
          as(legend, current(servers, "nats_varz_connections")),
        ]),
        graph(
          "Clients of what is allowed",
          "percent",
          "At 100 % a server refuses new clients. If another stops, its clients come here too.",
          [as(legend, percent.ofServer(servers, "nats_varz_connections", "nats_varz_max_connections"))],
          { limit: limitOf(environment, "NATSServerConnectionsNearFull") },
        ),
        graph(
          "Slow consumers",
          "number",
          "Connections in ten minutes that the server closed because they did not read fast enough.",
          [as(legend, sum(serverLabels, increase(servers.series("nats_varz_slow_consumers"), "10m")))],
          { limit: noneOf("warning") },
        ),
        graph("Subscriptions", "number", "That each server knows.", [
          as(legend, current(servers, "nats_varz_subscriptions")),
        ]),
      ],
    },
    {
      title: "Traffic",
      panels: [
        graph("Messages in", "messages/s", "From clients and other servers.", [
          as(legend, serverRate(serverLabels, "nats_varz_in_msgs")),
        ]),
        graph("Messages out", "messages/s", "To clients and other servers.", [
          as(legend, serverRate(serverLabels, "nats_varz_out_msgs")),
        ]),
        graph("Bytes", "bytes/s", "In and out, by server.", [
          as("{{server}} in", serverRate(serverLabels, "nats_varz_in_bytes")),
          as("{{server}} out", serverRate(serverLabels, "nats_varz_out_bytes")),
        ]),
      ],
    },
    {
      title: "Resources",
      panels: [
        graph("CPU", "percent", "Of one CPU.", [as(legend, current(servers, "nats_varz_cpu"))]),
        graph(
          "Certificates",
          "seconds",
          "Until the first of a server's certificates expires. A deployment renews them from 120 days on.",
          [as(legend, min(serverLabels, untilExpiry(servers)))],
          {
            ...withoutProbe,
            limit: {
              ...limitOf(environment, "NATSCertificateExpiring"),
              value: secondsLeft(environment),
              isLeast: true,
            },
          },
        ),
        graph("Memory", "bytes", "Of the server's process.", [as(legend, current(servers, "nats_varz_mem"))]),
        graph(
          "File storage",
          "percent",
          "Of what the server gives to JetStream. Full: streams with a replica on it refuse messages.",
          [
            as(
              legend,
              percent.ofServer(servers, "nats_varz_jetstream_stats_storage", "nats_varz_jetstream_config_max_storage"),
            ),
          ],
          { limit: limitOf(environment, "NATSServerStorageNearFull") },
        ),
        graph(
          "Memory storage",
          "percent",
          "Of what the server gives to JetStream.",
          [
            as(
              legend,
              percent.ofServer(servers, "nats_varz_jetstream_stats_memory", "nats_varz_jetstream_config_max_memory"),
            ),
          ],
          { limit: limitOf(environment, "NATSServerStorageNearFull") },
        ),
      ],
    },
  ],
});

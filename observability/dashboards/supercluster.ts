import type { Environment } from "../../config/schema/settings";
import { countOf, current, majority, ofLeader, streamLabels } from "../alerts/alert";
import { percent } from "../alerts/limits";
import { probed, unacknowledged } from "../alerts/probe";
import { silence } from "../alerts/streams";
import { count, type Expr, max, orZero, sum, times } from "../promql";
import { gatewayLabels, rateOf, serverRate, slowest, stored, totalOf } from "./expressions";
import { as, type Dashboard, graph, limitOf, list, noneOf, servers, value, withoutProbe } from "./panel";

const firing = (severity: string): Expr => orZero(servers.series("ALERTS", { alertstate: "firing", severity }));

const region = ["region"] as const;

/** All regions at once. */
export const supercluster = (environment: Environment): Dashboard => ({
  uid: "nats-supercluster",
  title: "NATS / Supercluster",
  description: "All regions at once: whether anything is wrong, and where. Begin here.",
  variables: ["region"],
  rows: [
    {
      title: "Now",
      panels: [
        value(
          "Critical alerts",
          "number",
          "Messages are refused or may be lost, or will be if one more thing fails.",
          [as("critical", firing("critical"))],
          { limit: noneOf("critical") },
        ),
        value("Warnings", "number", "To be looked at before they are critical.", [as("warnings", firing("warning"))], {
          limit: noneOf("warning"),
        }),
        value("Streams", "number", "Each once, whatever its replicas. Mirrors count.", [
          as("streams", orZero(count(["account"], ofLeader.stream(servers, "nats_stream_total_messages")))),
        ]),
        value("Durables", "number", "Consumers with a leader; those of applications count.", [
          as("durables", orZero(count(["account"], ofLeader.consumer(servers, "nats_consumer_num_pending")))),
        ]),
        value("Messages", "number", "In all streams, each once.", [as("messages", totalOf.messages(servers))]),
        value("Stored", "bytes", "One replica of each stream.", [as("bytes", totalOf.bytes(servers))]),
        list(
          "Firing alerts",
          "number",
          "What to do stands on a page for each alert, in docs/runbooks/alerts.",
          [as("{{alertname}}", servers.series("ALERTS", { alertstate: "firing" }))],
          { whenEmpty: "No alert fires" },
        ),
      ],
    },
    {
      title: "Regions",
      panels: [
        graph(
          "Servers that answer",
          "number",
          "By region. Without a majority its streams and durables take and deliver nothing.",
          [as("{{region}}", countOf(servers))],
          { limit: { ...limitOf(environment, "NATSClusterQuorumLost", majority(environment.servers)), isLeast: true } },
        ),
        graph("Round trip between regions", "seconds", "From a region's servers to another region, the slowest.", [
          as(
            "{{region}} to {{remote_gateway_name}}",
            max(gatewayLabels, servers.series("nats_gatewayz_outbound_gateway_conn_rtt")),
          ),
        ]),
        graph("Gateway connections", "number", "Servers of a region that have a connection to another region.", [
          as(
            "{{region}} to {{remote_gateway_name}}",
            count(gatewayLabels, servers.series("nats_gatewayz_outbound_gateway_configured")),
          ),
        ]),
        graph("Messages between regions", "messages/s", "What a region sends to another one.", [
          as(
            "{{region}} to {{remote_gateway_name}}",
            rateOf(gatewayLabels, servers.series("nats_gatewayz_outbound_gateway_conn_out_msgs")),
          ),
        ]),
        graph("Bytes between regions", "bytes/s", "What a region sends to another one: clouds charge for it.", [
          as(
            "{{region}} to {{remote_gateway_name}}",
            rateOf(gatewayLabels, servers.series("nats_gatewayz_outbound_gateway_conn_out_bytes")),
          ),
        ]),
        graph("Clients", "number", "Connections of clients, by region.", [
          as("{{region}}", sum(region, current(servers, "nats_varz_connections"))),
        ]),
      ],
    },
    {
      title: "Messages from region to region",
      panels: [
        graph(
          "Until acknowledged",
          "seconds",
          "One of 100 of the probe's messages to a stream takes longer.",
          [as("{{region}} to {{to}}", slowest(["region", "to"], "probe_publish_duration_seconds"))],
          withoutProbe,
        ),
        graph(
          "Until received",
          "seconds",
          "One of 100 takes longer, by the clocks of both regions.",
          [as("{{from}} to {{region}}", slowest(["from", "region"], "probe_delivery_duration_seconds"))],
          withoutProbe,
        ),
        graph(
          "Not acknowledged",
          "percent",
          "Of the probe's messages, within its CANARY_TIMEOUT. The target is 99.99 %.",
          [as("{{region}} to {{to}}", times(unacknowledged(servers, "1h"), 100))],
          withoutProbe,
        ),
      ],
    },
    {
      title: "Mirrors",
      panels: [
        graph(
          "Messages behind",
          "number",
          "What a mirror knows that it has not copied. If the origin's region were lost now, it would not be here.",
          [as("{{stream_name}} in {{region}}", ofLeader.stream(servers, "nats_stream_mirror_lag"))],
          { width: 8, limit: limitOf(environment, "NATSMirrorLagHigh") },
        ),
        graph(
          "Seconds behind",
          "seconds",
          "Age of the oldest message that a mirror does not have. A failover now would lose what is missing.",
          [as("{{stream_name}} in {{region}}", probed(servers, "probe_mirror_lag_seconds", streamLabels))],
          { ...withoutProbe, width: 8, limit: limitOf(environment, "NATSMirrorLate") },
        ),
        graph(
          "Since the origin was heard from",
          "seconds",
          "While it grows the mirror copies nothing, and does not know how far it is behind.",
          [as("{{stream_name}} in {{region}}", silence(servers))],
          { width: 8, limit: limitOf(environment, "NATSMirrorStalled") },
        ),
      ],
    },
    {
      title: "Traffic and room",
      panels: [
        graph("Messages in", "messages/s", "From clients and other servers, by region.", [
          as("{{region}}", serverRate(region, "nats_varz_in_msgs")),
        ]),
        graph("Messages out", "messages/s", "To clients and other servers, by region.", [
          as("{{region}}", serverRate(region, "nats_varz_out_msgs")),
        ]),
        graph("Messages stored", "messages/s", "In streams, by region.", [
          as("{{region}}", sum(region, stored(servers))),
        ]),
        graph(
          "File storage",
          "percent",
          "Of the fullest server of each region.",
          [
            as(
              "{{region}}",
              max(
                region,
                percent.ofServer(
                  servers,
                  "nats_varz_jetstream_stats_storage",
                  "nats_varz_jetstream_config_max_storage",
                ),
              ),
            ),
          ],
          { limit: limitOf(environment, "NATSServerStorageNearFull") },
        ),
        graph(
          "Memory storage",
          "percent",
          "Of the fullest server of each region.",
          [
            as(
              "{{region}}",
              max(
                region,
                percent.ofServer(servers, "nats_varz_jetstream_stats_memory", "nats_varz_jetstream_config_max_memory"),
              ),
            ),
          ],
          { limit: limitOf(environment, "NATSServerStorageNearFull") },
        ),
        graph("Errors of the JetStream API", "requests/s", "Requests that were refused, by region.", [
          as("{{region}}", serverRate(region, "nats_varz_jetstream_stats_api_errors")),
        ]),
      ],
    },
  ],
});

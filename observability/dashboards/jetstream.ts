import type { Environment } from "../../config/schema/settings";
import { consumerLabels, current, ofLeader, percentOf, serverLabels, streamLabels } from "../alerts/alert";
import { percent } from "../alerts/limits";
import { probed } from "../alerts/probe";
import { silence } from "../alerts/streams";
import { compare, count, type Expr, from, increase, matched, max, sum, times } from "../promql";
import { serverRate, stored } from "./expressions";
import {
  accounts,
  as,
  type Dashboard,
  graph,
  limitOf,
  probedStreams,
  servers,
  streams,
  value,
  withoutProbe,
} from "./panel";

const server = "{{server}}";
const ofStream = "{{stream_name}} of {{account}}";
const ofDurable = "{{consumer_name}} of {{stream_name}}";
const api = { all: "nats_varz_jetstream_stats_api_total", errors: "nats_varz_jetstream_stats_api_errors" } as const;

/** How many are 0. */
const without = (expr: Expr): Expr => sum(["region"], from(1, expr));

/** What is behind streams: the meta group, replicas, the API, storage. */
export const jetstream = (environment: Environment): Dashboard => ({
  uid: "nats-jetstream",
  title: "NATS / JetStream internals",
  description: "The meta group, leaders and replicas, requests to the API, and what streams and durables hold.",
  variables: ["region", "account", "stream"],
  rows: [
    {
      title: "Meta group",
      panels: [
        value(
          "Leader",
          "number",
          "Servers of the region by the meta leader that they know. Two leaders: the group is divided.",
          [
            as(
              "{{meta_leader}} for {{region}}",
              count(["region", "meta_leader"], servers.series("nats_server_jetstream_disabled")),
            ),
          ],
          { width: 8 },
        ),
        value(
          "Size",
          "number",
          "Servers that the meta group counts, those that do not answer included.",
          [as("{{region}}", max(["region"], current(servers, "nats_varz_jetstream_meta_cluster_size")))],
          { width: 8 },
        ),
        value(
          "Not applied",
          "number",
          "Entries of its log that the slowest server of the region has not applied.",
          [as("{{region}}", max(["region"], current(servers, "nats_varz_jetstream_meta_pending")))],
          { width: 8 },
        ),
        graph("Requests to the API", "requests/s", "Create, update, info. Many are often clients that ask in a loop.", [
          as(server, serverRate(serverLabels, api.all)),
        ]),
        graph(
          "Errors of the API",
          "percent",
          "Of the requests: streams that do not exist or may not be asked for, or a server that cannot answer.",
          [
            as(
              server,
              times(
                matched(
                  serverRate(serverLabels, api.errors),
                  "/",
                  compare(serverRate(serverLabels, api.all), ">", 0),
                  serverLabels,
                ),
                100,
              ),
            ),
          ],
          { limit: limitOf(environment, "NATSApiErrors"), whenEmpty: "No requests" },
        ),
        graph(
          "Replicated streams and durables",
          "number",
          "Of each server. Above some thousands heartbeats cost CPU.",
          [as(server, current(servers, "nats_varz_jetstream_stats_ha_assets"))],
        ),
      ],
    },
    {
      title: "Replicas and elections, by the probe",
      panels: [
        graph(
          "Meta peers",
          "number",
          "1: it does not answer the meta leader, or answers and is behind.",
          [
            as("{{peer}} offline", max(["peer"], servers.series("probe_meta_peer_offline"))),
            as("{{peer}} behind", max(["peer"], servers.series("probe_meta_peer_behind"))),
          ],
          withoutProbe,
        ),
        graph(
          "Replicas of streams",
          "number",
          "That do not answer their leader, or answer and are behind.",
          [
            as(`${ofStream} offline`, probed(probedStreams, "probe_stream_replicas_offline", streamLabels)),
            as(`${ofStream} behind`, probed(probedStreams, "probe_stream_replicas_behind", streamLabels)),
          ],
          withoutProbe,
        ),
        graph(
          "Replicas of durables",
          "number",
          "That answer their leader and are behind.",
          [as(ofDurable, probed(probedStreams, "probe_consumer_replicas_behind", consumerLabels))],
          withoutProbe,
        ),
        graph(
          "Without a majority",
          "number",
          "Streams and durables that have no leader or too few replicas.",
          [
            as("streams in {{region}}", without(servers.series("probe_stream_quorum"))),
            as("durables in {{region}}", without(servers.series("probe_consumer_quorum"))),
          ],
          withoutProbe,
        ),
        graph(
          "Elections",
          "number",
          "Leaders elected and majorities lost, of the last ten minutes.",
          [
            as(
              "{{kind}} in {{region}}",
              sum(["region", "kind"], increase(servers.series("probe_advisories_total"), "10m")),
            ),
          ],
          withoutProbe,
        ),
      ],
    },
    {
      title: "Leaders",
      panels: [
        graph("Streams led", "number", "By server. Uneven after restarts: load is, too.", [
          as(
            "{{stream_leader}}",
            count(
              ["region", "stream_leader"],
              streams.series("nats_stream_total_messages", { is_stream_leader: "true" }),
            ),
          ),
        ]),
        graph("Durables led", "number", "By server.", [
          as(
            "{{consumer_leader}}",
            count(
              ["region", "consumer_leader"],
              streams.series("nats_consumer_num_pending", { is_consumer_leader: "true" }),
            ),
          ),
        ]),
        graph("Reserved file storage", "percent", "What streams reserve by maxBytes, of what the server gives.", [
          as(
            server,
            percentOf(
              current(servers, "nats_varz_jetstream_stats_reserved_storage"),
              compare(servers.series("nats_varz_jetstream_config_max_storage"), ">", 0),
              serverLabels,
            ),
          ),
        ]),
        graph(
          "File storage of accounts",
          "percent",
          "Of what each may have in all regions, replicas counted.",
          [as("{{account}}", percent.ofAccount(accounts, "nats_account_storage_used", "nats_account_max_storage"))],
          { limit: limitOf(environment, "NATSAccountStorageNearFull"), whenEmpty: "No account has a limit" },
        ),
        graph(
          "Memory storage of accounts",
          "percent",
          "Of what each may have in all regions, replicas counted.",
          [as("{{account}}", percent.ofAccount(accounts, "nats_account_memory_used", "nats_account_max_memory"))],
          { limit: limitOf(environment, "NATSAccountStorageNearFull"), whenEmpty: "No account has a limit" },
        ),
      ],
    },
    {
      title: "Streams",
      panels: [
        graph("Messages stored", "messages/s", "By stream.", [as(ofStream, stored(streams))]),
        graph("Subjects", "number", "Of which the stream has messages. Millions of them cost memory.", [
          as(ofStream, ofLeader.stream(streams, "nats_stream_subject_count")),
        ]),
        graph("Consumers", "number", "Of each stream. Without one a stream of retention interest keeps nothing.", [
          as(ofStream, ofLeader.stream(streams, "nats_stream_consumer_count")),
        ]),
      ],
    },
    {
      title: "Durables",
      panels: [
        graph(
          "Unacknowledged",
          "percent",
          "Of maxAckPending.",
          [
            as(
              ofDurable,
              percentOf(
                ofLeader.consumer(streams, "nats_consumer_num_ack_pending"),
                streams.series("supercluster_consumer_max_ack_pending"),
                consumerLabels,
              ),
            ),
          ],
          { limit: limitOf(environment, "NATSConsumerAckPendingNearLimit") },
        ),
        graph("Redelivered", "number", "Delivered more than once and not acknowledged yet.", [
          as(ofDurable, ofLeader.consumer(streams, "nats_consumer_num_redelivered")),
        ]),
        graph("Waiting requests", "number", "Of workers that have nothing to do. 0 beside a lag: none asks.", [
          as(ofDurable, ofLeader.consumer(streams, "nats_consumer_num_waiting")),
        ]),
      ],
    },
    {
      title: "Mirrors",
      panels: [
        graph(
          "Messages behind",
          "number",
          "What a mirror knows that it has not copied.",
          [as(ofStream, ofLeader.stream(streams, "nats_stream_mirror_lag"))],
          {
            width: 12,
            limit: limitOf(environment, "NATSMirrorLagHigh"),
            whenEmpty: "No stream of these is a mirror",
          },
        ),
        graph(
          "Since the origin was heard from",
          "seconds",
          "While it grows the mirror copies nothing.",
          [as(ofStream, silence(streams))],
          {
            width: 12,
            limit: limitOf(environment, "NATSMirrorStalled"),
            whenEmpty: "No stream of these is a mirror",
          },
        ),
      ],
    },
  ],
});

import { calloutSystem } from "../../config/assets/auth-callout";
import type { AlertName } from "../../config/schema/alerts";
import { and, compare, increase, matched, max, rate, sum, times } from "../promql";
import { type Alert, answering, connected, serverLabels, type Site } from "./alert";

/** Alerts about clients and workers. */

const worker = ["region", "namespace", "consumer"] as const;

const processed = (site: Site, failed: boolean) =>
  sum(
    worker,
    rate(site.series("nats_consumer_messages_processed_total", failed ? { "!status": "success" } : {}), "5m"),
  );

/** Requests to the API a second, of one server. */
const requests = (site: Site, name: "nats_varz_jetstream_stats_api_errors" | "nats_varz_jetstream_stats_api_total") =>
  sum(serverLabels, rate(site.series(name), "5m"));

/** Errors a second below which a share of them means nothing: a tool that looks for a stream. */
const fewErrors = 0.1;

export const clientAlerts = {
  NATSConsumerProcessingErrors: {
    severity: "warning",
    for: "5m",
    conditions: (site) => [
      {
        expr: compare(
          times(matched(processed(site, true), "/", compare(processed(site, false), ">", 0), worker), 100),
          ">",
          site.threshold("NATSConsumerProcessingErrors"),
        ),
      },
    ],
    summary: "{{ $value | humanize }} % of what workers of {{ $labels.consumer }} process fails",
    description:
      "Their handlers throw, or what they depend on does not answer. Messages are tried again, and given up after " +
      "their last attempt.",
  },
  NATSSlowConsumers: {
    severity: "warning",
    for: "0s",
    conditions: (site) => [
      {
        expr: compare(sum(serverLabels, increase(site.series("nats_varz_slow_consumers"), "10m")), ">", 0),
      },
    ],
    summary: "Server {{ $labels.server }} has disconnected clients that read too slowly",
    description:
      "It had more for them than it keeps for one connection. What they had not read of core NATS is lost; messages " +
      "of streams are delivered again.",
  },
  NATSApiErrors: {
    severity: "warning",
    for: "10m",
    conditions: (site) => {
      const errors = requests(site, "nats_varz_jetstream_stats_api_errors");
      return [
        {
          expr: and(
            compare(
              times(
                matched(
                  errors,
                  "/",
                  compare(requests(site, "nats_varz_jetstream_stats_api_total"), ">", 0),
                  serverLabels,
                ),
                100,
              ),
              ">",
              site.threshold("NATSApiErrors"),
            ),
            and(compare(errors, ">", fewErrors), answering(site), serverLabels),
            serverLabels,
          ),
        },
      ];
    },
    summary: "Server {{ $labels.server }} answers {{ $value | humanize }} % of requests to JetStream with an error",
    description:
      "Clients ask for streams or durables that do not exist, or may not be asked for, or the server cannot answer. " +
      "Publishing is not counted.",
  },
  NATSDeadLetterNotStored: {
    severity: "warning",
    for: "0s",
    conditions: (site) => [
      {
        expr: compare(
          sum(worker, increase(site.series("nats_consumer_dead_letters_total", { outcome: "failed" }), "10m")),
          ">",
          0,
        ),
      },
    ],
    summary: "Workers of {{ $labels.consumer }} could not store dead letters",
    description:
      "They keep such a message and try again, so none is lost while they run and its stream keeps it. The stream of " +
      "dead letters is full, missing, or without a leader.",
  },
  NATSConsumerBreakerOpen: {
    severity: "warning",
    for: "5m",
    conditions: (site) => [{ expr: compare(max(worker, site.series("nats_consumer_breaker_open")), "==", 1) }],
    summary: "Workers of {{ $labels.consumer }} have stopped: what they depend on does not answer",
    description:
      "They take no messages until a database or provider answers again. Messages wait in the stream, as long as its " +
      "limits allow.",
  },
  NATSWorkerDown: {
    severity: "critical",
    for: "5m",
    conditions: (site) =>
      site.workers
        .filter(({ worker }) => worker.system !== calloutSystem)
        .map((one) => ({
          expr: compare(connected(site, one), "<", 1),
          labels: { account: one.worker.account, worker: one.worker.objectName },
        })),
    summary: "No process of worker {{ $labels.worker }} of {{ $labels.account }} is connected",
    description: "Nothing takes its messages. They wait in the stream, as long as its limits allow.",
  },
  NATSWorkerDisconnected: {
    severity: "warning",
    for: "2m",
    conditions: (site) => [
      {
        expr: compare(max(["region", "namespace", "worker", "pod"], site.series("nats_connection_up")), "==", 0),
      },
    ],
    summary: "Process {{ $labels.pod }} of worker {{ $labels.worker }} is not connected to any server",
    description: "It takes and publishes nothing. Others of its kind go on.",
  },
} satisfies Partial<Record<AlertName, Alert>>;

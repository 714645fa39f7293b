import { stringify } from "yaml";
import type { KubernetesEnvironment } from "../../config/schema/settings";
import { namespaceOf } from "../../config/topology";
import { type Duration, fromNanoseconds, toNanoseconds } from "../../config/units";
import { serverLabels } from "../supercluster/load-balancers";

/** Name of the exporter's port in a server's pod; the chart's. */
const metricsPortName = "prom-metrics";

/** Value of the label `job` in every region: regions are told apart by the label `region`. */
export const job = "nats-jetstream";

const metaLabel = (label: string) => `__meta_kubernetes_pod_label_${label.replace(/[./-]/g, "_")}`;

/** A duration as Prometheus reads it: no decimals. */
export const prometheusDuration = (interval: Duration): Duration => fromNanoseconds(toNanoseconds(interval));

/**
 * A file for Prometheus's `scrape_config_files`: a region's servers, found by the Kubernetes API, each with its region
 * and name.
 */
export function scrapeConfig(environment: KubernetesEnvironment, region: string): string {
  // Prometheus takes a job's name once, and one of a cluster that several regions share reads all their files.
  const isAlone = namespaceOf(environment, region) === environment.kubernetes.namespace;
  const keep = (source: string, regex: string) => ({ source_labels: [source], regex, action: "keep" });
  return stringify({
    scrape_configs: [
      {
        job_name: isAlone ? job : `${job}-${region}`,
        scrape_interval: prometheusDuration(environment.kubernetes.monitoring.interval),
        kubernetes_sd_configs: [{ role: "pod", namespaces: { names: [namespaceOf(environment, region)] } }],
        relabel_configs: [
          ...Object.entries(serverLabels).map(([label, value]) => keep(metaLabel(label), value)),
          keep("__meta_kubernetes_pod_container_port_name", metricsPortName),
          { source_labels: ["__meta_kubernetes_pod_name"], target_label: "server" },
          { target_label: "job", replacement: job },
          { target_label: "region", replacement: region },
        ],
      },
    ],
  });
}

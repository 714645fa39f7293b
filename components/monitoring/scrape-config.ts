import { stringify } from "yaml";
import type { KubernetesEnvironment } from "../../config/schema/settings";
import { namespaceOf } from "../../config/topology";
import { sources } from "../../observability/metrics";
import { prometheusDuration } from "../../observability/promql";
import { serverLabels } from "../supercluster/load-balancers";

/** Name of the exporter's port in a server's pod; the chart's. */
const metricsPortName = "prom-metrics";

/** Value of the label `job` in every region: regions are told apart by the label `region`. */
export const { job } = sources.exporter;

const metaLabel = (label: string) => `__meta_kubernetes_pod_label_${label.replace(/[./-]/g, "_")}`;

/** Value of the label `job` of workers. */
const workersJob = sources.worker.job;

/**
 * A file for Prometheus's `scrape_config_files`: a region's servers and workers, found by the Kubernetes API, each with
 * its region and name. `instance` is the pod's name: a pod that was replaced has another address, and would have two
 * series of each for some minutes, at which rules that match them fail.
 *
 * @param workers namespaces of workers
 */
export function scrapeConfig(
  environment: KubernetesEnvironment,
  region: string,
  workers: readonly string[] = [],
): string {
  // Prometheus takes a job's name once, and one of a cluster that several regions share reads all their files.
  const isAlone = namespaceOf(environment, region) === environment.kubernetes.namespace;
  const nameOf = (name: string) => (isAlone ? name : `${name}-${region}`);
  const keep = (source: string, regex: string) => ({ source_labels: [source], regex, action: "keep" });
  const copy = (source: string, label: string) => ({ source_labels: [source], target_label: label });
  const scrape_interval = prometheusDuration(environment.kubernetes.monitoring.interval);
  return stringify({
    scrape_configs: [
      {
        job_name: nameOf(job),
        scrape_interval,
        kubernetes_sd_configs: [{ role: "pod", namespaces: { names: [namespaceOf(environment, region)] } }],
        relabel_configs: [
          ...Object.entries(serverLabels).map(([label, value]) => keep(metaLabel(label), value)),
          keep("__meta_kubernetes_pod_container_port_name", metricsPortName),
          copy("__meta_kubernetes_pod_name", "server"),
          copy("__meta_kubernetes_pod_name", "instance"),
          { target_label: "job", replacement: job },
          { target_label: "region", replacement: region },
        ],
      },
      ...(workers.length
        ? [
            {
              job_name: nameOf(workersJob),
              scrape_interval,
              kubernetes_sd_configs: [{ role: "pod", namespaces: { names: [...workers] } }],
              relabel_configs: [
                keep(metaLabel("app.kubernetes.io/component"), "worker"),
                keep("__meta_kubernetes_pod_container_port_name", "health"),
                copy("__meta_kubernetes_namespace", "namespace"),
                copy("__meta_kubernetes_pod_name", "pod"),
                copy("__meta_kubernetes_pod_name", "instance"),
                copy(metaLabel("app.kubernetes.io/name"), "worker"),
                copy(metaLabel("app.kubernetes.io/instance"), "account"),
                { target_label: "job", replacement: workersJob },
                { target_label: "region", replacement: region },
              ],
            },
          ]
        : []),
    ],
  });
}

/** Patterns of Prometheus's files of targets: exporters, and processes of workers. */
export interface TargetFiles {
  exporters: string;
  workers: string;
}

/**
 * The same for local servers and workers, whose addresses and labels are in files.
 *
 * @param interval of reading them, and of looking for new files
 */
export const localScrapeConfigs = (files: TargetFiles, interval: string) =>
  [
    { job_name: job, pattern: files.exporters },
    { job_name: workersJob, pattern: files.workers },
  ].map(({ job_name, pattern }) => ({
    ...{ job_name, scrape_interval: interval },
    file_sd_configs: [{ files: [pattern], refresh_interval: interval }],
  }));

import { stringify } from "yaml";
import type { WorkerAsset } from "../../config/assets/workers";
import { localScrapeConfigs } from "../monitoring/scrape-config";
import type { LocalFilesInputs, LocalProgramInputs } from "./program-layout";
import { shortHash } from "../short-hash";

/** What monitors a local environment, and the files by which its parts find each other. Pure. */

/** Programs by their folders in the environment's. */
const names = { prometheus: "monitoring/prometheus", alertmanager: "monitoring/alertmanager" } as const;

const targets = "monitoring/targets";
const rules = "monitoring/rules";

/** File of a person's own configuration of Alertmanager, in the project; git ignores it. */
const ownAlertmanager = "observability/alertmanager.yaml";

/** Flags of the exporter in a server's pod: those of the chart, and `-healthz`. */
const exporterFlags = [
  ...["-healthz", "-connz", "-routez", "-subz", "-varz", "-prefix=nats", "-use_internal_server_id", "-jsz=all"],
  "-gatewayz",
];

/**
 * A file of targets, as Prometheus's file_sd_configs read it. `instance` is a name: with a port, which may be another
 * after a restart, one server would have two series for some minutes, and rules that match them would fail.
 */
const targetFile = (address: string, labels: Record<string, string> = {}): string =>
  `${JSON.stringify([{ targets: [address], labels }])}\n`;

/** The exporter of a server, which Prometheus finds with the server's region and name. */
export const exporterInputs = (
  environment: string,
  { region, server, monitor, port }: { region: string; server: string; monitor: string; port?: number },
): LocalProgramInputs => ({
  environment,
  name: `${region}/exporters/${server}`,
  tool: "prometheus-nats-exporter",
  args: ["-port={port}", "-addr=127.0.0.1", ...exporterFlags, monitor],
  ready: "/metrics",
  files: {},
  announcements: {
    [`${targets}/exporter-${server}.json`]: targetFile("{address}", { region, server, instance: server }),
  },
  ...(port !== undefined && { port }),
});

/**
 * What an exporter needs to read monitoring over TLS: it has no flag for a CA, and reads the system's once. So the
 * file has another name for another CA, and the exporter starts again.
 */
export function trusting(ca: string): { env: Record<string, string>; files: Record<string, string> } {
  const file = `ca-${shortHash(ca)}.crt`;
  return { env: { SSL_CERT_FILE: file }, files: { [file]: ca } };
}

/** How a Prometheus reads and evaluates. */
export interface PrometheusOptions {
  /** Of scrapes and evaluations. Default: 5s. */
  interval?: string;
  /** Whether it knows `scrape_config_files`: 2.43 and later do. */
  readsScrapeFiles: boolean;
  /** Default: 9090. */
  port?: number;
}

/** The Prometheus of an environment: it reads all exporters and workers, and evaluates the rules of all regions. */
export function prometheusInputs(
  environment: string,
  { interval = "5s", readsScrapeFiles, port = 9090 }: PrometheusOptions,
): LocalProgramInputs {
  const at = (pattern: string) => `../../${pattern}`;
  const scrape_configs = localScrapeConfigs(
    { exporters: at(`${targets}/exporter-*.json`), workers: at(`${targets}/worker-*.json`) },
    interval,
  );
  const alertmanagers = [
    { file_sd_configs: [{ files: [at(`${targets}/alertmanager.json`)], refresh_interval: interval }] },
  ];
  const config = {
    global: { scrape_interval: interval, scrape_timeout: interval, evaluation_interval: interval },
    rule_files: [at(`${rules}/*.yaml`)],
    ...(readsScrapeFiles ? { scrape_config_files: ["scrape.yaml"] } : { scrape_configs }),
    alerting: { alertmanagers },
  };
  return {
    environment,
    name: names.prometheus,
    tool: "prometheus",
    args: [
      "--config.file=prometheus.yaml",
      ...["--storage.tsdb.path=data", "--storage.tsdb.retention.time=7d", "--storage.tsdb.retention.size=1GB"],
      ...["--web.listen-address={address}", "--web.external-url=http://{address}/", "--log.level=warn"],
    ],
    ready: "/-/ready",
    files: {
      "prometheus.yaml": stringify(config),
      ...(readsScrapeFiles && { "scrape.yaml": stringify({ scrape_configs }) }),
    },
    port,
  };
}

/** Alerts are grouped and shown, and sent to no one. */
const alertmanagerConfig = {
  route: { receiver: "none", group_by: ["alertname", "region"] },
  receivers: [{ name: "none" }],
};

/** The Alertmanager of an environment, which its Prometheus finds. */
export const alertmanagerInputs = (
  environment: string,
  { port = 9093 }: { port?: number } = {},
): LocalProgramInputs => ({
  environment,
  name: names.alertmanager,
  tool: "alertmanager",
  args: [
    ...["--config.file=alertmanager.yaml", "--storage.path=data"],
    // Alone: it looks for no others.
    "--cluster.listen-address=",
    ...["--web.listen-address={address}", "--web.external-url=http://{address}/", "--log.level=warn"],
  ],
  ready: "/-/ready",
  files: { "alertmanager.yaml": stringify(alertmanagerConfig) },
  own: { "alertmanager.yaml": ownAlertmanager },
  announcements: { [`${targets}/alertmanager.json`]: targetFile("{address}") },
  port,
});

/** A worker on this machine, and the URL of its health server, which has its metrics. */
export interface MonitoredWorker {
  worker: Pick<WorkerAsset, "account" | "objectName">;
  health: string;
}

/**
 * What the Prometheus of an environment reads of a region beside its exporters: rules, and where workers are, with the
 * labels that those on Kubernetes have.
 */
export const regionInputs = (
  environment: string,
  { region, rules: text, workers }: { region: string; rules: string; workers: readonly MonitoredWorker[] },
): LocalFilesInputs => ({
  environment,
  name: `${region}/monitoring`,
  files: {
    [`${rules}/${region}.yaml`]: text,
    ...Object.fromEntries(
      workers.map(({ worker: { account, objectName }, health }) => {
        const pod = `${account}-${objectName}`;
        const labels = { region, account, worker: objectName, pod, instance: pod };
        return [`${targets}/worker-${region}-${pod}.json`, targetFile(new URL(health).host, labels)];
      }),
    ),
  },
  reader: names.prometheus,
});

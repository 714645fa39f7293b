import * as fs from "node:fs";
import { environmentDir } from "../../config/cache";
import {
  alertmanagerInputs,
  exporterInputs,
  type MonitoredWorker,
  prometheusInputs,
  regionInputs,
} from "../../components/local/monitoring-layout";
import type { LocalProgramInputs } from "../../components/local/program-layout";
import { filesProvider } from "../../components/local/provider/files-provider";
import { programProvider } from "../../components/local/provider/program-provider";
import { runningProgram } from "../../components/local/provider/program-record";
import { PrometheusApi } from "../../operations/monitoring/prometheus-api";
import { claimPorts } from "./ports";
import { testTool } from "./tools";

/** What a Prometheus of a test reads and evaluates. */
export interface Monitored {
  /** Name of the environment, whose folder has all files. */
  environment: string;
  /** Of reading and evaluating. Default: 1s. */
  interval?: string;
  /** Servers; each gets an exporter. */
  servers: { region: string; name: string; monitor: string }[];
  /** Its regions, each with its file of rules and its workers. */
  regions: { region: string; rules: string; workers: MonitoredWorker[] }[];
}

type Tool = Parameters<typeof testTool>[0];

/** What monitors a local environment, as `npm start -- --with-monitoring` runs it, but reading each second. */
export class Monitoring {
  private readonly started: Awaited<ReturnType<typeof programProvider.create>>[] = [];
  /** Of the Prometheus. */
  private api!: PrometheusApi;
  private prometheus!: string;
  private alertmanager!: string;

  private constructor(
    private readonly environment: string,
    /** Each a server's exporter, by its name and URL. */
    readonly exporters: { name: string; url: string }[] = [],
  ) {}

  static async start({ environment, interval = "1s", servers, regions }: Monitored): Promise<Monitoring> {
    const port = await claimPorts();
    const monitoring = new Monitoring(environment);
    try {
      monitoring.alertmanager = await monitoring.run(alertmanagerInputs(environment, { port: port + 1 }));
      const options = { interval, readsScrapeFiles: false, port };
      monitoring.prometheus = await monitoring.run(prometheusInputs(environment, options));
      monitoring.api = new PrometheusApi(monitoring.prometheus);
      for (const inputs of regions) await filesProvider.create(regionInputs(environment, inputs));
      const exporters = servers.map(({ region, name, monitor }, index) =>
        exporterInputs(environment, { region, server: name, monitor, port: port + 2 + index }),
      );
      const start = async (inputs: LocalProgramInputs) => ({ name: inputs.name, url: await monitoring.run(inputs) });
      monitoring.exporters.push(...(await Promise.all(exporters.map(start))));
      return monitoring;
    } catch (error) {
      await monitoring.stop();
      throw error;
    }
  }

  /** Starts a program; returns its URL. */
  private async run(inputs: LocalProgramInputs): Promise<string> {
    const made = await programProvider.create({ ...inputs, program: testTool(inputs.tool as Tool) });
    this.started.push(made);
    return made.outs!.url;
  }

  /** What a region's stack has as outputs: nothing of exporters. */
  get outputs() {
    return { prometheus: this.prometheus, alertmanager: this.alertmanager, exporters: {} };
  }

  /** Series of an expression, now. */
  query(expr: string) {
    return this.api.query(expr);
  }

  /** Groups of rules, with how long their last evaluation took. */
  groups() {
    return this.api.ruleGroups();
  }

  /** All rules, with what became of their last evaluation. */
  async rules() {
    return (await this.groups()).flatMap(({ rules }) => rules);
  }

  /** Process ids. */
  async processes(): Promise<{ exporters: number[]; prometheus: number }> {
    const { environment } = this;
    const pidOf = async (name: string) => (await runningProgram({ environment, name }))!.process.pid;
    const exporters = await Promise.all(this.exporters.map(({ name }) => pidOf(name)));
    return { exporters, prometheus: await pidOf(prometheusInputs(environment, { readsScrapeFiles: false }).name) };
  }

  /** Names of the alerts that Alertmanager has and shows. */
  async received(): Promise<string[]> {
    const response = await fetch(`${this.alertmanager}/api/v2/alerts?active=true`);
    const alerts = (await response.json()) as { labels: { alertname: string } }[];
    return alerts.map(({ labels }) => labels.alertname);
  }

  async stop(): Promise<void> {
    await Promise.all(this.started.map(({ id, outs }) => programProvider.delete(id, outs!)));
    fs.rmSync(`${environmentDir(this.environment)}/monitoring`, { recursive: true, force: true });
  }
}

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import * as fs from "node:fs";
import * as path from "node:path";
import { stringify } from "yaml";
import { pollUntil } from "../../config/poll-until";
import { sources } from "../../observability/metrics";
import { requestMs, waitMs } from "./limits";
import { claimPorts } from "./ports";
import { runFolder } from "./run";
import { testTool } from "./tools";

/** What a Prometheus of a test reads and evaluates. */
export interface Monitored {
  /** Servers; each gets an exporter. */
  servers: { region: string; name: string; monitor: string }[];
  /** Processes of workers, with the labels that they have on Kubernetes. */
  workers: { port: number; labels: Record<string, string> }[];
  /** Files of rules. */
  rules: string[];
}

interface Rule {
  name: string;
  type: "recording" | "alerting";
  health: string;
  lastError?: string;
}

/** Flags of the exporter in a server's pod: those of the chart, and `-healthz`. */
const exporterFlags = [
  ...["-healthz", "-connz", "-routez", "-subz", "-varz", "-prefix=nats", "-use_internal_server_id", "-jsz=all"],
  "-gatewayz",
];

/** Real exporters and a real Prometheus on 127.0.0.1, which reads and evaluates every second. */
export class Monitoring {
  private readonly children: ChildProcess[] = [];

  private constructor(
    private readonly url: string,
    private readonly folder: string,
  ) {}

  static async start({ servers, workers, rules }: Monitored): Promise<Monitoring> {
    const first = await claimPorts();
    const folder = fs.mkdtempSync(path.join(runFolder, "prometheus-"));
    const monitoring = new Monitoring(`http://127.0.0.1:${first}`, folder);
    const exporters = servers.map((server, index) => ({ ...server, port: first + 1 + index }));
    for (const { port, monitor } of exporters)
      monitoring.run("prometheus-nats-exporter", [`-port=${port}`, "-addr=127.0.0.1", ...exporterFlags, monitor]);
    const scrape = (job_name: string, targets: { port: number; labels: Record<string, string> }[]) => ({
      job_name,
      static_configs: targets.map(({ port, labels }) => ({ targets: [`127.0.0.1:${port}`], labels })),
    });
    const write = (name: string, text: string) => {
      const file = path.join(folder, name);
      fs.writeFileSync(file, text);
      return file;
    };
    const config = {
      global: { scrape_interval: "1s", scrape_timeout: "1s", evaluation_interval: "1s" },
      rule_files: rules.map((text, index) => write(`rules-${index}.yaml`, text)),
      scrape_configs: [
        scrape(
          sources.exporter.job,
          exporters.map(({ port, region, name }) => ({ port, labels: { region, server: name } })),
        ),
        scrape(sources.worker.job, workers),
      ],
    };
    monitoring.run("prometheus", [
      `--config.file=${write("prometheus.yaml", stringify(config))}`,
      `--storage.tsdb.path=${path.join(folder, "data")}`,
      `--web.listen-address=127.0.0.1:${first}`,
      "--log.level=warn",
    ]);
    try {
      if (!(await pollUntil(() => monitoring.query("up").then(Boolean, () => false), waitMs)))
        throw new Error("Prometheus did not start");
      return monitoring;
    } catch (error) {
      await monitoring.stop();
      throw error;
    }
  }

  private run(tool: "prometheus" | "prometheus-nats-exporter", args: string[]): void {
    const log = fs.openSync(path.join(this.folder, `${tool}.log`), "a");
    this.children.push(spawn(testTool(tool), args, { stdio: ["ignore", log, log] }));
  }

  /** Series of an expression, now. Throws what Prometheus answers where it cannot be evaluated. */
  async query(expr: string): Promise<{ metric: Record<string, string>; value: number }[]> {
    const answer = await this.get<{ result: { metric: Record<string, string>; value: [number, string] }[] }>(
      `query?query=${encodeURIComponent(expr)}`,
    );
    return answer.result.map(({ metric, value: [, value] }) => ({ metric, value: Number(value) }));
  }

  /** All rules, with what became of their last evaluation. */
  async rules(): Promise<Rule[]> {
    const { groups } = await this.get<{ groups: { rules: Rule[] }[] }>("rules");
    return groups.flatMap(({ rules }) => rules);
  }

  private async get<T>(what: string): Promise<T> {
    const response = await fetch(`${this.url}/api/v1/${what}`, { signal: AbortSignal.timeout(requestMs) });
    const { status, data, error } = (await response.json()) as { status: string; data: T; error?: string };
    if (status !== "success") throw new Error(error);
    return data;
  }

  async stop(): Promise<void> {
    await Promise.all(
      this.children.map(async (child) => {
        if (child.exitCode !== null || child.signalCode !== null) return;
        const ended = once(child, "exit");
        child.kill("SIGKILL");
        await ended;
      }),
    );
    fs.rmSync(this.folder, { recursive: true, force: true });
  }
}

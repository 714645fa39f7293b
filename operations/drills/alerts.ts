import { setTimeout as sleep } from "node:timers/promises";
import { type Alert, PrometheusApi } from "../monitoring/prometheus-api";

const everyMs = 2_000;

/** Name of an alert, with what it is about where that is a server, a stream or a durable. */
const nameOf = ({ labels }: Alert): string => {
  const { alertname = "", server, stream_name: stream, consumer_name: consumer } = labels;
  const about = [server ?? stream, consumer].filter(Boolean).join("/");
  return about ? `${alertname} ${about}` : alertname;
};

/** Alerts of a Prometheus that fire while it watches, and did not before. */
export class AlertWatch {
  private readonly seen = new Set<string>();
  private isOver = false;
  private watching?: Promise<void>;

  private constructor(
    private readonly api: PrometheusApi,
    private readonly before: ReadonlySet<string>,
  ) {}

  static async start(url: string): Promise<AlertWatch> {
    const api = new PrometheusApi(url);
    const watch = new AlertWatch(api, new Set(await firing(api)));
    watch.watching = watch.run();
    return watch;
  }

  private async run(): Promise<void> {
    for (; !this.isOver; await sleep(everyMs))
      for (const name of await firing(this.api).catch(() => [])) if (!this.before.has(name)) this.seen.add(name);
  }

  /** Those that fired, in the order of their names. */
  async stop(): Promise<string[]> {
    this.isOver = true;
    await this.watching;
    return [...this.seen].sort();
  }
}

const firing = async (api: PrometheusApi): Promise<string[]> =>
  (await api.alerts()).filter(({ state }) => state === "firing").map(nameOf);

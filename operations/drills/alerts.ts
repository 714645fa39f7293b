import { setTimeout as sleep } from "node:timers/promises";
import type { AlertName } from "../../config/schema/alerts";
import { type Alert, PrometheusApi } from "../monitoring/prometheus-api";

const everyMs = 2_000;

/** What a Prometheus had to say during a drill. */
export interface AlertsSeen {
  /** Alerts that fired and did not before, in the order of their names: each with what it is about. */
  fired: string[];
  /** Those that fired already when it began. */
  before: string[];
  /** Of each alert that Prometheus knows: milliseconds for which its condition holds before it fires. */
  waits: Readonly<Record<string, number>>;
}

/** Name of an alert, with what it is about where that is a server, a stream or a durable. */
const nameOf = ({ labels }: Alert): string => {
  const { alertname = "", server, stream_name: stream, consumer_name: consumer } = labels;
  const about = [server ?? stream, consumer].filter(Boolean).join("/");
  return about ? `${alertname} ${about}` : alertname;
};

/** Milliseconds for Prometheus to read the servers, and to evaluate its rules. */
const noticeMs = 60_000;

/**
 * Alerts that an accident should have made fire and that did not; notes about those that it could not. Pure.
 *
 * @param holdMs how long the accident lasted
 */
export function compareAlerts(
  expected: readonly AlertName[],
  { fired, before, waits }: AlertsSeen,
  holdMs: number,
): { missing: string[]; notes: string[] } {
  const seen = new Set([...fired, ...before].map((name) => name.split(" ")[0]));
  const open = expected.filter((name) => !seen.has(name));
  const waitOf = (name: string) => waits[name] ?? Infinity;
  return {
    missing: open.filter((name) => holdMs >= waitOf(name) + noticeMs),
    notes: open.flatMap((name) => {
      if (!(name in waits)) return [`Prometheus has no alert ${name}, so it is not known whether it would fire`];
      const needed = waitOf(name) + noticeMs;
      return holdMs < needed ? [`too short for ${name} to fire: --hold ${Math.ceil(needed / 1_000)}s`] : [];
    }),
  };
}

/** Alerts of a Prometheus that fire while it watches, and did not before. */
export class AlertWatch {
  private readonly seen = new Set<string>();
  private isOver = false;
  private watching?: Promise<void>;

  private constructor(
    private readonly api: PrometheusApi,
    private readonly before: ReadonlySet<string>,
    private readonly waits: AlertsSeen["waits"],
  ) {}

  static async start(url: string): Promise<AlertWatch> {
    const api = new PrometheusApi(url);
    const [before, groups] = await Promise.all([firing(api), api.ruleGroups()]);
    const waits = groups
      .flatMap(({ rules }) => rules)
      .flatMap(({ name, type, duration = 0 }) => (type === "alerting" ? [[name, duration * 1_000] as const] : []));
    const watch = new AlertWatch(api, new Set(before), Object.fromEntries(waits));
    watch.watching = watch.run();
    return watch;
  }

  private async run(): Promise<void> {
    for (; !this.isOver; await sleep(everyMs))
      for (const name of await firing(this.api).catch(() => [])) if (!this.before.has(name)) this.seen.add(name);
  }

  async stop(): Promise<AlertsSeen> {
    this.isOver = true;
    await this.watching;
    return { fired: [...this.seen].sort(), before: [...this.before].sort(), waits: this.waits };
  }
}

const firing = async (api: PrometheusApi): Promise<string[]> =>
  (await api.alerts()).filter(({ state }) => state === "firing").map(nameOf);

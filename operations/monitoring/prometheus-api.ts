/** Requests to the HTTP API of a Prometheus: https://prometheus.io/docs/prometheus/latest/querying/api/ */

/** Milliseconds for an answer. */
const answerMs = 10_000;

/** A series now. */
export interface Sample {
  metric: Record<string, string>;
  value: number;
}

export interface Rule {
  name: string;
  type: "recording" | "alerting";
  /** `ok`, `err`, or `unknown` until it was evaluated. */
  health: string;
  lastError?: string;
  /** Of an alert: seconds for which its condition holds before it fires. */
  duration?: number;
}

export interface RuleGroup {
  name: string;
  /** Seconds that its last evaluation took. */
  evaluationTime: number;
  rules: Rule[];
}

/** One address that it reads. */
export interface Target {
  labels: Record<string, string>;
  scrapeUrl: string;
  health: "up" | "down" | "unknown";
  lastError: string;
}

export interface Alert {
  /** With `alertname` and `severity`. */
  labels: Record<string, string>;
  annotations: Record<string, string>;
  state: "pending" | "firing";
}

/** A Prometheus, asked by its URL. Every request throws what Prometheus answers where it fails. */
export class PrometheusApi {
  constructor(private readonly url: string) {}

  /** Series of an expression. */
  async query(expr: string): Promise<Sample[]> {
    const answer = await this.get<{ result: { metric: Record<string, string>; value: [number, string] }[] }>(
      `query?query=${encodeURIComponent(expr)}`,
    );
    return answer.result.map(({ metric, value: [, value] }) => ({ metric, value: Number(value) }));
  }

  /** All rules, with what became of their last evaluation. */
  async ruleGroups(): Promise<RuleGroup[]> {
    return (await this.get<{ groups: RuleGroup[] }>("rules")).groups;
  }

  async targets(): Promise<Target[]> {
    return (await this.get<{ activeTargets: Target[] }>("targets?state=active")).activeTargets;
  }

  /** Those that fire, or will soon. */
  async alerts(): Promise<Alert[]> {
    return (await this.get<{ alerts: Alert[] }>("alerts")).alerts;
  }

  /** URLs of the Alertmanagers that it sends alerts to. */
  async alertmanagers(): Promise<string[]> {
    const { activeAlertmanagers } = await this.get<{ activeAlertmanagers: { url: string }[] }>("alertmanagers");
    return activeAlertmanagers.map(({ url }) => url);
  }

  private async get<T>(what: string): Promise<T> {
    const response = await fetch(`${this.url}/api/v1/${what}`, { signal: AbortSignal.timeout(answerMs) });
    const { status, data, error } = (await response.json()) as { status: string; data: T; error?: string };
    if (status !== "success") throw new Error(error);
    return data;
  }
}

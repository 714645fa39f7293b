import { alertKind, type AlertName, alertNames, type AlertSetting } from "../config/schema/alerts";
import type { Environment } from "../config/schema/settings";
import type { Declared, DeclaredSeries } from "./declared";

/**
 * At which number an alert fires: what settings have, else its own default. `fallback`: of an alert whose default
 * follows from the environment, or that has no threshold.
 *
 * @throws for an alert that has neither
 */
export function thresholdOf({ alerts }: Pick<Environment, "alerts">, alert: AlertName, fallback?: number): number {
  const value = alerts?.[alert]?.threshold ?? alertKind(alert).threshold ?? fallback;
  if (value === undefined) throw new Error(`${alert} has no threshold`);
  return value;
}

/** Whether settings treat single streams or durables of an alert differently. */
export const hasOwnThresholds = ({ alerts }: Pick<Environment, "alerts">, alert: AlertName): boolean =>
  alerts?.[alert]?.of !== undefined;

/** What settings have of single streams and durables (`alerts.<name>.of`); Infinity where they silence one. */
export const ownThresholds = (environment: Pick<Environment, "alerts">, declared: Declared): DeclaredSeries[] =>
  alertNames.flatMap((alert) => {
    const entries = environment.alerts?.[alert]?.of;
    if (!entries) return [];
    return assetsOf(declared, alert).flatMap(({ account, stream, consumer }): DeclaredSeries[] => {
      const own = entries.findLast(
        (entry) =>
          entry.account === account &&
          (entry.stream === undefined || entry.stream === stream) &&
          (entry.consumer === undefined || entry.consumer === consumer),
      );
      if (!own) return [];
      const labels = { account, stream_name: stream, ...(consumer !== undefined && { consumer_name: consumer }) };
      return [{ record: "supercluster_alert_threshold", labels: { alert, ...labels }, value: valueOf(own) }];
    });
  });

const valueOf = ({ silence, threshold = Infinity }: NonNullable<AlertSetting["of"]>[number]): number =>
  silence === undefined ? threshold : Infinity;

/** What an alert is about, one by one. */
const assetsOf = (
  { streams, consumers }: Declared,
  alert: AlertName,
): { account: string; stream: string; consumer?: string }[] =>
  alertKind(alert).each === "consumer"
    ? consumers.map(({ account, stream, name }) => ({ account, stream, consumer: name }))
    : streams.map(({ account, name }) => ({ account, stream: name }));

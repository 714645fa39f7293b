import { npmRun } from "../../config/command-lines";
import { serversInAll } from "../../config/sizes";
import type { MonitoringStatus } from "../../operations/monitoring/monitoring-status";
import type { CheckedEnvironment } from "../../operations/settings/checked-environment";

/** What to run after a deployment, as text. */
export function renderNextCommands(
  { name, environment }: Pick<CheckedEnvironment, "name" | "environment">,
  monitoring?: Pick<MonitoringStatus, "prometheus" | "alertmanager">,
): string {
  const width = 50;
  const context = npmRun("-s context", name);
  const nats = `.cache/bin/nats --context sys-admin-${environment.regions[0]} server list ${serversInAll(environment)}`;
  return [
    "\nTry next:",
    `  ${npmRun("status", name).padEnd(width)}  this table again`,
    `  ${npmRun("verify", name).padEnd(width)}  the checks and proofs again`,
    `  npm run toolchain -- nats && eval "$(${context})" && ${nats}`,
    ...(monitoring
      ? [
          `  ${monitoring.prometheus.url.padEnd(width)}  Prometheus: alerts, and what they read`,
          `  ${monitoring.alertmanager.url.padEnd(width)}  Alertmanager: which alerts are sent where`,
        ]
      : []),
  ].join("\n");
}

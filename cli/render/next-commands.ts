import { npmRun } from "../../config/command-lines";
import { serversInAll } from "../../config/sizes";
import type { CheckedEnvironment } from "../../operations/settings/checked-environment";

/** What to run after a deployment, as text. */
export function renderNextCommands({ name, environment }: Pick<CheckedEnvironment, "name" | "environment">): string {
  const width = 50;
  const context = npmRun("-s context", name);
  const nats = `.cache/bin/nats --context sys-admin-${environment.regions[0]} server list ${serversInAll(environment)}`;
  return [
    "\nTry next:",
    `  ${npmRun("status", name).padEnd(width)}  this table again`,
    `  ${npmRun("verify", name).padEnd(width)}  the checks and proofs again`,
    `  npm run toolchain -- nats && eval "$(${context})" && ${nats}`,
  ].join("\n");
}

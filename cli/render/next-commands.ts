import { npmRun } from "../../config/command-lines";
import type { CheckedEnvironment } from "../../operations/settings/checked-environment";

/** What to run after a deployment, as text. */
export function renderNextCommands({
  name,
  environment: { regions, servers },
}: Pick<CheckedEnvironment, "name" | "environment">): string {
  const width = 50;
  const context = npmRun("-s context", name);
  const nats = `.cache/bin/nats --context sys-admin-${regions[0]} server list ${regions.length * servers}`;
  return [
    "\nTry next:",
    `  ${npmRun("status", name).padEnd(width)}  this table again`,
    `  ${npmRun("verify", name).padEnd(width)}  the checks and proofs again`,
    `  npm run toolchain -- nats && eval "$(${context})" && ${nats}`,
  ].join("\n");
}

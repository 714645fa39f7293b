import { existsSync, readFileSync } from "node:fs";
import { homedir } from "node:os";
import * as path from "node:path";
import { BadUsage } from "../../engine/failure";
import type { ProjectFiles } from "../../engine/project";
import { everyStack, type Stacks } from "../../config/stacks";

/** Where Pulumi would keep the state of stacks that are not local: the variable, the project, then the last login. */
function backendUrlOf(
  project: Pick<ProjectFiles, "backendUrl">,
  env: NodeJS.ProcessEnv = process.env,
): string | undefined {
  return env.PULUMI_BACKEND_URL ?? project.backendUrl ?? lastLogin(env);
}

function lastLogin(env: NodeJS.ProcessEnv): string | undefined {
  const file = path.join(env.PULUMI_HOME ?? path.join(homedir(), ".pulumi"), "credentials.json");
  return existsSync(file) ? (JSON.parse(readFileSync(file, "utf8")) as { current?: string }).current : undefined;
}

/** Refuses an environment whose state, and with it every key, would lie on one machine or behind a passphrase that people share. */
export function refuseLocalState(
  name: string,
  stacks: Stacks,
  project: ProjectFiles,
  env: NodeJS.ProcessEnv = process.env,
): void {
  const url = backendUrlOf(project, env);
  const byPassphrase = everyStack(stacks).filter((stack) => {
    const file = (project.stacks[stack] ?? {}) as { secretsprovider?: string };
    return (file.secretsprovider ?? "passphrase") === "passphrase";
  });
  const reasons = [
    ...(url === undefined ? ["no backend is set"] : []),
    ...(url?.startsWith("file:") ? [`its backend is ${url}, files on one machine`] : []),
    ...(byPassphrase.length ? [`secrets of ${byPassphrase.join(", ")} are encrypted with a passphrase`] : []),
  ];
  if (reasons.length === 0) return;
  throw new BadUsage(
    `environment ${name} is not deployed like this: ${reasons.join("; ")}.\n` +
      "Set PULUMI_BACKEND_URL (e.g. s3://<bucket>) and make the stacks with --secrets-provider awskms://..., or say --allow-local-state.",
  );
}

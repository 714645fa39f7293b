import { existsSync, readFileSync } from "node:fs";
import { homedir } from "node:os";
import * as path from "node:path";
import { BadUsage } from "../../engine/failure";
import type { ProjectFiles } from "../../engine/project";
import { everyStack, type Stacks } from "../../config/stacks";

/**
 * Backend that Pulumi uses for stacks that are not local: PULUMI_BACKEND_URL, else Pulumi.yaml, else the last login.
 */
export function backendUrlOf(
  project: Pick<ProjectFiles, "backendUrl">,
  env: NodeJS.ProcessEnv = process.env,
): string | undefined {
  return env.PULUMI_BACKEND_URL ?? project.backendUrl ?? lastLogin(env);
}

function lastLogin(env: NodeJS.ProcessEnv): string | undefined {
  const file = path.join(env.PULUMI_HOME ?? path.join(homedir(), ".pulumi"), "credentials.json");
  return existsSync(file) ? (JSON.parse(readFileSync(file, "utf8")) as { current?: string }).current : undefined;
}

/**
 * Refuses an environment whose state, which holds every key, would be kept on one machine or encrypted with a
 * passphrase. `--allow-local-state` skips this check.
 * @throws {BadUsage} with every reason
 */
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
    `the state of environment ${name} is not safe: ${reasons.join("; ")}. Nothing was done.\n` +
      "Set PULUMI_BACKEND_URL (e.g. s3://<bucket>) and create the stacks with --secrets-provider awskms://..., " +
      "or pass --allow-local-state.",
  );
}

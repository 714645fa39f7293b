import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { isEmpty, stackExists } from "./backend";
import { pulumiEnvironment, stateFolder } from "./environment";
import { Failure } from "./failure";
import { type DeployableEnvironment, projectFolder } from "./project";
import { everyStack } from "../config/stacks";

/** Stacks of an environment that exist in the backend: by name, whether they have resources. */
export type ExistingStacks = ReadonlyMap<string, "empty" | "deployed">;

const deadlineMs = 60_000;

/** Throws Failure when the backend cannot be read. */
export async function existingStacks(checked: DeployableEnvironment): Promise<ExistingStacks> {
  const { environment, project, stacks } = checked;
  const own = everyStack(stacks);
  if (environment.target === "local") {
    const state = stateFolder();
    const known = own.filter((stack) => stackExists(state, project.name, stack));
    return new Map(known.map((stack) => [stack, isEmpty(state, project.name, stack) ? "empty" : "deployed"]));
  }
  const listed = (await list(checked)).filter(({ name }) => own.includes(name));
  // A backend that does not count resources still reports whether there was an update.
  return new Map(
    listed.map(({ name, resourceCount, lastUpdate }) => [
      name,
      (resourceCount ?? (lastUpdate ? 1 : 0)) > 0 ? "deployed" : "empty",
    ]),
  );
}

interface Listed {
  name: string;
  lastUpdate?: string;
  resourceCount?: number;
}

async function list({ environment }: DeployableEnvironment): Promise<Listed[]> {
  try {
    const { stdout } = await promisify(execFile)("pulumi", ["stack", "ls", "--json", "--non-interactive"], {
      cwd: projectFolder,
      env: pulumiEnvironment(environment),
      maxBuffer: 64 * 1024 ** 2,
      timeout: deadlineMs,
    });
    return JSON.parse(stdout) as Listed[];
  } catch (error) {
    const { stderr, message } = error as Error & { stderr?: string };
    throw new Failure(
      "the stacks of the backend could not be listed; check the backend and your login with: pulumi whoami -v\n" +
        (stderr?.trim() || message),
    );
  }
}

import { askPulumi } from "./ask-pulumi";
import { isEmpty, stackExists } from "./backend";
import { stateFolder } from "./environment";
import type { DeployableEnvironment } from "./project";
import { everyStack } from "../config/stacks";

/** Stacks of an environment that exist in the backend: by name, whether they have resources. */
export type ExistingStacks = ReadonlyMap<string, "empty" | "deployed">;

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
  const stdout = await askPulumi(
    environment,
    ["stack", "ls", "--json", "--non-interactive"],
    "the stacks of the backend could not be listed; check the backend and your login with: pulumi whoami -v\n",
  );
  return JSON.parse(stdout) as Listed[];
}

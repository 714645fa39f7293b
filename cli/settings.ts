import { closest } from "fastest-levenshtein";
import type { Tenants } from "../config/assets";
import { InvalidInput, joinPath, parse, type Problem } from "../config/problems";
import { type Environment, environment as environmentSchema } from "../config/settings";
import { tenants as allTenants } from "../tenants";
import { type ProjectFiles, readProject } from "./project";
import { stackFileProblems, stackNames } from "./stack-files";

/** An environment whose settings have been checked. */
export interface CheckedEnvironment {
  /** Pulumi's project. */
  project: ProjectFiles;
  name: string;
  environment: Environment;
  tenants: Tenants;
  stacks: Stacks;
}

/** Stack names by what they are. */
export interface Stacks {
  identity: string;
  /** In the order of the environment's regions. */
  regions: string[];
  jetstream: string[];
}

/** Checks all settings of an environment, its tenants and its stack files. Throws every mistake at once; nothing has been done. */
export function checkedEnvironment(name: string, project = readProject(), tenants: Tenants = allTenants): CheckedEnvironment {
  const known = Object.keys((project.environments ?? {}) as object);
  if (!known.includes(name)) {
    throw new InvalidInput([{ path: "--env", message: `${JSON.stringify(name)} is no environment; did you mean "${closest(name, known)}"? Pulumi.yaml has: ${known.join(", ")}` }]);
  }
  const root = joinPath("environments", name);
  const { value: environment, problems } = parse(environmentSchema, (project.environments as Record<string, unknown>)[name], root);
  if (!environment) throw new InvalidInput([...problems, ...tenantProblems()]);
  const all = [...problems, ...tenantProblems(), ...stackFileProblems(project, name, environment)];
  if (all.length > 0) throw new InvalidInput(all);
  return { project, name, environment, tenants, stacks: stacksOf(name, environment) };

  function tenantProblems(): Problem[] {
    return [];
  }
}

/** The stacks of an environment. */
export function stacksOf(name: string, environment: Environment): Stacks {
  const [identity, ...others] = stackNames(name, environment);
  const count = environment.regions.length;
  return { identity: identity!, regions: others.slice(0, count), jetstream: others.slice(count) };
}

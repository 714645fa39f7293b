import * as z from "zod";
import type { Tenants } from "../../config/assets/asset";
import type { Failovers } from "../../config/schema/failover";
import { rotations, type Rotations } from "../../config/schema/passwords";
import { failoverProblems } from "../../config/rules/failover";
import { passwordProblems } from "../../config/rules/passwords";
import { presentTenants } from "../../config/assets/leaving";
import { InvalidInput, type Problem } from "../../config/problems";
import type { Environment } from "../../config/schema/settings";
import { stacksOf } from "../../config/stacks";
import { ofAccounts, validateDeployment } from "../../config/rules/validate";
import { tenants as allTenants } from "../../tenants/index";
import { type DeployableEnvironment, type ProjectFiles, readProject } from "../../engine/project";
import { stackFileProblems } from "./stack-files";
import { suppliedProblems } from "./supplied-authorities";

/** An environment whose settings have been checked. */
export interface CheckedEnvironment extends DeployableEnvironment {
  /** Tenants whose streams must exist; those that are leaving are not included. */
  tenants: Tenants;
  /** Every tenant with an account: those that are leaving are included. */
  accounts: Tenants;
  /** Streams that failed over to a mirror. */
  failovers: Failovers;
  /** Passwords that were rotated. */
  rotations: Rotations;
}

/** What stack files are checked against, read by itself: a mistake elsewhere must not hide mistakes in stack files. */
const environmentShape = z.object({
  regions: z.array(z.string()),
  jetstream: z.record(z.string(), z.array(z.string())),
});

/**
 * Checks all settings of an environment, its tenants and its stack files. Reads files only; takes less than a second.
 * @param project default: the files of this folder
 * @param tenants default: those of `tenants/index.ts`
 * @throws {InvalidInput} with every mistake, each with its path
 */
export function checkedEnvironment(
  name: string,
  project = readProject(),
  tenants: Tenants = allTenants,
): CheckedEnvironment {
  const problems: Problem[] = [];
  const valid = collect(problems, () => validateDeployment(project.environments, name, tenants));
  const shape = environmentShape.safeParse((project.environments as Record<string, unknown> | undefined)?.[name]).data;
  if (shape) problems.push(...stackFileProblems(project, name, shape));
  if (valid) problems.push(...suppliedProblems(project, stacksOf(name, valid.environment).identity, valid.environment));
  const failovers = valid ? collect(problems, () => declaredFailovers(project, name, valid)) : {};
  const rotated = valid ? collect(problems, () => declaredRotations(project, name, valid)) : {};
  if (!valid || problems.length > 0) throw new InvalidInput(problems, "settings and tenants");
  return {
    project,
    name,
    ...valid,
    tenants: presentTenants(valid.tenants),
    accounts: valid.tenants,
    failovers: failovers!,
    rotations: rotated!,
    stacks: stacksOf(name, valid.environment),
  };
}

/** Failovers that the files of the jetstream stacks declare, together. */
function declaredFailovers(
  project: ProjectFiles,
  name: string,
  { environment, tenants }: { environment: Environment; tenants: Tenants },
): Failovers {
  const declared = stacksOf(name, environment).jetstream.map((stack, index) => {
    const file = project.stacks[stack] as { config?: Record<string, unknown> } | undefined;
    const raw = file?.config?.[`${project.name}:failover`];
    const own = ofAccounts(tenants, Object.values(environment.jetstream)[index]!);
    return { raw, problems: failoverProblems(raw, own, `Pulumi.${stack}.yaml: config.${project.name}:failover`) };
  });
  const problems = declared.flatMap((one) => one.problems);
  if (problems.length) throw new InvalidInput(problems);
  return Object.assign({}, ...declared.map(({ raw }) => raw ?? {})) as Failovers;
}

function declaredRotations(
  project: ProjectFiles,
  name: string,
  { environment, tenants }: { environment: Environment; tenants: Tenants },
): Rotations {
  const stack = stacksOf(name, environment).identity;
  const file = project.stacks[stack] as { config?: Record<string, unknown> } | undefined;
  const raw = file?.config?.[`${project.name}:passwords`];
  const problems = passwordProblems(raw, tenants, `Pulumi.${stack}.yaml: config.${project.name}:passwords`);
  if (problems.length) throw new InvalidInput(problems);
  return rotations.parse(raw ?? {});
}

function collect<T>(problems: Problem[], check: () => T): T | undefined {
  try {
    return check();
  } catch (error) {
    if (!(error instanceof InvalidInput)) throw error;
    problems.push(...error.problems);
    return undefined;
  }
}

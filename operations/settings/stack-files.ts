import { isSuppliedKey } from "../../config/supplied-keys";
import { joinPath, parse, type Problem, unknownKey } from "../../config/problems";
import { stack as stackSchema } from "../../config/schema/settings";
import { stackName, stackNames, type StackShape } from "../../config/stacks";
import { degradedProblems } from "../../config/rules/validate";
import type { ProjectFiles } from "../../engine/project";

/** Keys of a stack file: Pulumi's own. */
const fileKeys = ["config", "encryptionsalt", "encryptedkey", "secretsprovider", "environment"];

/** Configuration keys of this project that a stack may set. What stacks of an environment share is in Pulumi.yaml. */
const ownKeys = ["stack", "degraded", "failover", "passwords"];

/** Providers a stack file may configure. */
const providers = ["pulumi", "aws", "aws-native", "kubernetes", "random", "tls"];

/**
 * All mistakes in the stack files of one environment: unknown keys, missing files, files of no stack, wrong
 * descriptions. Pulumi itself ignores unknown keys and stops at the first bad value. Pure.
 */
export function stackFileProblems(project: ProjectFiles, name: string, environment: StackShape): Problem[] {
  const own = Object.entries(project.stacks).filter(([stack]) => belongsTo(stack, name, project));
  const wanted = stackNames(name, environment);
  const missing = wanted.filter((stack) => !(stack in project.stacks));
  return [
    ...own.flatMap(([stack, content]) => problemsOf(project.name, stack, content, environment)),
    ...own
      .filter(([stack]) => !wanted.includes(stack))
      .map(([stack]) => ({ path: fileOf(stack), message: notAStack(name, environment) })),
    ...missing.map((stack) => ({
      path: fileOf(stack),
      message: `is missing; write it with this content:\n${contentOf(project.name, stack, name, environment)}`,
    })),
  ];
}

const fileOf = (stack: string): string => `Pulumi.${stack}.yaml`;

function problemsOf(project: string, stack: string, content: unknown, { regions }: StackShape): Problem[] {
  const file = (content ?? {}) as Record<string, unknown>;
  const config = (file.config ?? {}) as Record<string, unknown>;
  const path = (...segments: string[]) => `${fileOf(stack)}: ${joinPath(...segments)}`;
  const unknownKeys = Object.keys(file)
    .filter((key) => !fileKeys.includes(key))
    .map((key) => ({ path: path(key), message: unknownKey(key, fileKeys) }));
  const refusedConfig = Object.keys(config).flatMap((key) => {
    const message = configProblem(project, key);
    return message === undefined ? [] : [{ path: path("config", key), message }];
  });
  const stackPath = path("config", `${project}:stack`);
  const described = parse(stackSchema, config[`${project}:stack`], stackPath);
  const name = described.value && stackName(described.value);
  const misnamed =
    name === undefined || name === stack
      ? []
      : [
          {
            path: stackPath,
            message: `describes the stack ${name}; rename the file to ${fileOf(name)} or correct the description`,
          },
        ];
  const degraded = degradedProblems(config[`${project}:degraded`], regions, path("config", `${project}:degraded`));
  return [...unknownKeys, ...refusedConfig, ...described.problems, ...misnamed, ...degraded];
}

/** Why a stack file must not set a configuration key; undefined: it may. */
function configProblem(project: string, key: string): string | undefined {
  const [namespace, name] = key.includes(":") ? (key.split(":") as [string, string]) : [project, key];
  if (providers.includes(namespace)) return undefined;
  if (namespace === project && name === "environments")
    return (
      "is set in Pulumi.yaml only: it is one object that all stacks share, " +
      "and a value here would replace it as a whole"
    );
  if (namespace === project && (ownKeys.includes(name) || isSuppliedKey(name))) return undefined;
  return unknownKey(
    key,
    ownKeys.map((own) => `${project}:${own}`),
  );
}

/** Decided by the prefix `<environment>-`; a stack without the prefix of another environment belongs to production. */
function belongsTo(stack: string, environment: string, project: ProjectFiles): boolean {
  const others = Object.keys(project.environments ?? {}).filter((name) => name !== "production");
  const claimed = others.filter((name) => stack.startsWith(`${name}-`)).sort((a, b) => b.length - a.length)[0];
  return (claimed ?? "production") === environment;
}

function notAStack(name: string, environment: StackShape): string {
  const known = stackNames(name, environment);
  return (
    `is not a stack of environment ${name}: its regions are ${environment.regions.join(", ")}, ` +
    `so its stacks are ${known.join(", ")}; add the region in Pulumi.yaml or delete the file`
  );
}

/** What a missing file must contain, indented as it is printed. */
function contentOf(project: string, stack: string, name: string, { regions }: StackShape): string {
  const part = name === "production" ? stack : stack.slice(name.length + 1);
  const team = /^jetstream--(.+)$/.exec(part)?.[1];
  const kind = regions.includes(part)
    ? `kind: region, region: ${part}`
    : team
      ? `kind: jetstream, team: ${team}`
      : `kind: ${part}`;
  return `      config:\n        ${project}:stack: { environment: ${name}, ${kind} }`;
}

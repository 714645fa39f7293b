import { joinPath, parse, type Problem, unknownKey } from "../../config/problems";
import { stack as stackSchema } from "../../config/schema/settings";
import { stackName, stackNames, type StackShape } from "../../config/stacks";
import { degradedProblems } from "../../config/rules/validate";
import type { ProjectFiles } from "../../engine/project";

/** Keys of a stack file: Pulumi's own. */
const fileKeys = ["config", "encryptionsalt", "encryptedkey", "secretsprovider", "environment"];

/** Configuration of this project that a stack may set. What its environment shares is in Pulumi.yaml, for all stacks at once. */
const ownKeys = ["stack", "degraded", "failover"];

/** Providers a stack file may configure. */
const providers = ["pulumi", "aws", "aws-native", "kubernetes", "random", "tls"];

/** Mistakes in the stack files of one environment: Pulumi itself ignores unknown keys and stops at the first bad value. */
export function stackFileProblems(project: ProjectFiles, name: string, environment: StackShape): Problem[] {
  const own = Object.entries(project.stacks).filter(([stack]) => belongsTo(stack, name, project));
  const wanted = stackNames(name, environment);
  const missing = wanted.filter((stack) => !(stack in project.stacks));
  return [
    ...own.flatMap(([stack, content]) => problemsOf(project.name, stack, content, environment)),
    ...own
      .filter(([stack]) => !wanted.includes(stack))
      .map(([stack]) => ({ path: fileOf(stack), message: extra(name, environment) })),
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
  const unknownConfig = Object.keys(config).flatMap((key) => {
    const [namespace, name] = key.includes(":") ? (key.split(":") as [string, string]) : [project, key];
    if (providers.includes(namespace)) return [];
    if (namespace !== project)
      return [
        {
          path: path("config", key),
          message: unknownKey(
            key,
            ownKeys.map((own) => `${project}:${own}`),
          ),
        },
      ];
    if (name === "environments")
      return [
        {
          path: path("config", key),
          message:
            "is set in Pulumi.yaml only: what stacks share is one object there, and Pulumi would replace it whole",
        },
      ];
    return ownKeys.includes(name)
      ? []
      : [
          {
            path: path("config", key),
            message: unknownKey(
              key,
              ownKeys.map((own) => `${project}:${own}`),
            ),
          },
        ];
  });
  const described = parse(stackSchema, config[`${project}:stack`], path("config", `${project}:stack`));
  const misnamed =
    described.value && stackName(described.value) !== stack
      ? [
          {
            path: path("config", `${project}:stack`),
            message: `describes the stack ${stackName(described.value)}; rename the file to ${fileOf(stackName(described.value))} or mend the description`,
          },
        ]
      : [];
  const degraded = degradedProblems(config[`${project}:degraded`], regions, path("config", `${project}:degraded`));
  return [...unknownKeys, ...unknownConfig, ...described.problems, ...misnamed, ...degraded];
}

/** By prefix: a name that no environment claims is production's. */
function belongsTo(stack: string, environment: string, project: ProjectFiles): boolean {
  const others = Object.keys(project.environments ?? {}).filter((name) => name !== "production");
  const claimed = others.filter((name) => stack.startsWith(`${name}-`)).sort((a, b) => b.length - a.length)[0];
  return (claimed ?? "production") === environment;
}

function extra(name: string, environment: StackShape): string {
  const known = stackNames(name, environment);
  return `is no stack of environment ${name}: its regions are ${environment.regions.join(", ")}, so its stacks are ${known.join(", ")}; add it in Pulumi.yaml or delete the file`;
}

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

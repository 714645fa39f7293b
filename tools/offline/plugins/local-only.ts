import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { parse } from "yaml";

/**
 * Why the stand-ins must not serve a stack; undefined for a local one. They are for trying things out on one machine:
 * only a stack whose file names an environment with the target "local" may have its keys and passwords from them.
 */
export function refusal(stack: string, folder = process.cwd()): string | undefined {
  const reason = notLocal(stack, folder);
  return (
    reason &&
    `the offline stand-in serves local stacks only, and ${reason}. Where this machine can reach get.pulumi.com, ` +
      `"node tools/toolchain.mjs --again" fetches the real plugin`
  );
}

function notLocal(stack: string, folder: string): string | undefined {
  const project = findProject(folder);
  if (!project) return `there is no Pulumi.yaml in or above ${folder}`;
  const settings = read(project);
  const file = join(dirname(project), settings.stackConfigDir ?? "", `Pulumi.${stack}.yaml`);
  if (!existsSync(file)) return `${file} is missing, so what stack "${stack}" is cannot be known`;
  const environment = read(file).config?.["supercluster:stack"]?.environment;
  if (environment === undefined) return `${file} sets no supercluster:stack with an environment`;
  const shared = settings.config?.environments ?? settings.config?.["supercluster:environments"];
  const environments = (shared?.value ?? shared?.default ?? shared) as ByName | undefined;
  const target = environments?.[environment]?.target;
  if (target === "local") return undefined;
  return `the target of environment "${environment}" of stack "${stack}" is ${target ?? "not set"} in ${project}`;
}

function findProject(folder: string): string | undefined {
  const file = join(folder, "Pulumi.yaml");
  if (existsSync(file)) return file;
  return dirname(folder) === folder ? undefined : findProject(dirname(folder));
}

/** What is read of Pulumi.yaml and of stack files. */
interface Settings {
  stackConfigDir?: string;
  config?: {
    environments?: Environments;
    "supercluster:environments"?: Environments;
    "supercluster:stack"?: { environment?: string };
  };
}

/** By name; declared with a `default`, set with a `value`, or as they are. */
type Environments = { value?: ByName; default?: ByName } | ByName;
type ByName = Record<string, { target?: string } | undefined>;

function read(file: string): Settings {
  return (parse(readFileSync(file, "utf8")) as Settings | null) ?? {};
}

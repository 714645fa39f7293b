import { readdirSync, readFileSync } from "node:fs";
import * as path from "node:path";
import { parse } from "yaml";
import type { Environment } from "../config/schema/settings";
import type { Stacks } from "../config/stacks";

/** Folder of Pulumi.yaml. */
export const projectFolder = path.join(__dirname, "..");

/** The project as its files have it, before anything is checked. */
export interface ProjectFiles {
  name: string;
  /** `config.environments` of Pulumi.yaml. */
  environments: unknown;
  /** Names of the configuration values Pulumi.yaml declares. */
  declared: string[];
  /** Content of each Pulumi.<stack>.yaml by stack. */
  stacks: Record<string, unknown>;
  backendUrl?: string;
}

/** An environment with its stacks, as Pulumi is run on them. */
export interface DeployableEnvironment {
  project: ProjectFiles;
  name: string;
  environment: Environment;
  stacks: Stacks;
}

interface PulumiYaml {
  name: string;
  backend?: { url?: string };
  config?: Record<string, { default?: unknown } | undefined>;
}

/** Reads Pulumi.yaml and the files of all stacks. */
export function readProject(folder = projectFolder): ProjectFiles {
  const read = (file: string): unknown => parse(readFileSync(path.join(folder, file), "utf8"));
  const project = read("Pulumi.yaml") as PulumiYaml;
  const stacks = readdirSync(folder).flatMap((file) => {
    const name = /^Pulumi\.(.+)\.yaml$/.exec(file)?.[1];
    return name ? [[name, read(file)] as const] : [];
  });
  return {
    name: project.name,
    environments: project.config?.environments?.default,
    declared: Object.keys(project.config ?? {}),
    stacks: Object.fromEntries(stacks),
    backendUrl: project.backend?.url,
  };
}

import { readFileSync } from "node:fs";
import * as path from "node:path";
import { parse } from "yaml";

const project = path.join(__dirname, "..", "..");

/**
 * A stack's configuration as Pulumi gives it to the program: the project's defaults, then the stack's file; what is no
 * text as JSON.
 */
export function stackConfig(stack: string): Record<string, string> {
  const { name, config: declared } = read("Pulumi.yaml") as {
    name: string;
    config: Record<string, { default?: unknown }>;
  };
  const { config: own } = read(`Pulumi.${stack}.yaml`) as { config: Record<string, unknown> };
  const defaults = Object.entries(declared).filter(([, { default: value }]) => value !== undefined);
  return Object.fromEntries(
    [...defaults.map(([key, { default: value }]) => [key, value] as const), ...Object.entries(own)].map(
      ([key, value]) => [
        key.includes(":") ? key : `${name}:${key}`,
        typeof value === "string" ? value : JSON.stringify(value),
      ],
    ),
  );
}

const read = (file: string): unknown => parse(readFileSync(path.join(project, file), "utf8"));

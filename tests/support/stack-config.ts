import { readFileSync } from "node:fs";
import * as path from "node:path";
import { parse } from "yaml";

const project = path.join(__dirname, "..", "..");

/**
 * A stack's configuration as Pulumi gives it to the program: the project's defaults, with what it proposes,
 * then the stack's file; what is no text as JSON.
 */
export function stackConfig(stack: string): Record<string, string> {
  const { name, config: declared } = parse(withProposed(projectText())) as {
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

/**
 * The project with the workers and backups that a comment of it proposes, as one who takes them in would have it: what
 * is not read is not tested.
 */
export const withProposed = (text: string): string =>
  text.replace(/^ *# workers:\n(?: *# .*\n)+/m, (block) =>
    block.replaceAll(/^( *)# /gm, "$1").replace("age1...", recipient),
  );

/** What `npm run backup-key` prints. */
const recipient = "age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p";

export const projectText = (): string => readFileSync(path.join(project, "Pulumi.yaml"), "utf8");

const read = (file: string): unknown => parse(readFileSync(path.join(project, file), "utf8"));

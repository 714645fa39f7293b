/**
 * What a nats.conf can hold: JSON, with files to include under keys that end in `$include` (the official chart's way).
 */
export type ConfValue = string | number | boolean | ConfValue[] | { [key: string]: ConfValue | undefined };

const isBlock = (value: ConfValue): value is { [key: string]: ConfValue | undefined } =>
  typeof value === "object" && !Array.isArray(value);

/** Text of a nats.conf. Values are printed as JSON, which the server reads; absent ones are left out. */
export function natsConf(config: object, indent = ""): string {
  return Object.entries(config as Record<string, ConfValue | undefined>)
    .filter((entry): entry is [string, ConfValue] => entry[1] !== undefined)
    .map(([key, value]) => indent + statement(key, value, indent) + "\n")
    .join("");
}

function statement(key: string, value: ConfValue, indent: string): string {
  if (key.endsWith("$include")) return `include ${JSON.stringify(value)}`;
  if (isBlock(value)) return `${key} {\n${natsConf(value, `${indent}  `)}${indent}}`;
  return `${key}: ${JSON.stringify(value, null, 2).replaceAll("\n", `\n${indent}`)}`;
}

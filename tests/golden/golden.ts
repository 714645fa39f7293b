import { readFileSync, writeFileSync } from "node:fs";
import * as path from "node:path";
import { isObject } from "../../config/objects";
import { type Registration, unsecret } from "../support/mocks";

/** What a stack registers, as it is kept in `<stack>.json`: secrets masked, keys sorted, nothing of the machine. */
export interface Golden {
  /** The stack's outputs. */
  outputs: unknown;
  /** By `<type>::<name>`. */
  resources: Record<string, Pick<Registration, "options" | "outputs"> & { inputs: Record<string, unknown> }>;
}

const project = path.join(__dirname, "..", "..");

export function goldenOf(registrations: Registration[]): Golden {
  const stack = registrations.find(({ type }) => type === "pulumi:pulumi:Stack");
  const others = registrations.filter((registration) => registration !== stack);
  return portable({
    outputs: stack?.outputs ?? {},
    resources: Object.fromEntries(
      others.map(({ type, name, inputs: { __provider, ...inputs }, options, outputs }) => [
        `${type}::${name}`,
        { options, inputs, outputs },
      ]),
    ),
  }) as Golden;
}

function portable(value: unknown): unknown {
  const masked = unsecret(value, () => "[secret]");
  const replacer = (_: string, item: unknown): unknown => {
    if (typeof item === "string") return item.replaceAll(project, "[project]");
    return isObject(item) ? sorted(item) : item;
  };
  return JSON.parse(JSON.stringify(masked, replacer));
}

const sorted = (object: Record<string, unknown>) =>
  Object.fromEntries(Object.entries(object).sort(([a], [b]) => (a < b ? -1 : 1)));

const fileOf = (stack: string): string => path.join(__dirname, `${stack}.json`);

export const readGolden = (stack: string): Golden => JSON.parse(readFileSync(fileOf(stack), "utf8")) as Golden;

export const writeGolden = (stack: string, golden: Golden): void =>
  writeFileSync(fileOf(stack), `${JSON.stringify(golden, null, 2)}\n`);

/** What is different, one line each: `resources.<type>::<name>.inputs.maxAge: "7d" -> "8d"`. */
export function differences(before: unknown, after: unknown, at = ""): string[] {
  if (isComposite(before) && isComposite(after) && Array.isArray(before) === Array.isArray(after)) {
    const keys = [...new Set([...Object.keys(before), ...Object.keys(after)])];
    return keys.flatMap((key) => differences(before[key], after[key], at ? `${at}.${key}` : key));
  }
  if (before === after) return [];
  if (before === undefined) return [`+ ${at}: ${JSON.stringify(after)}`];
  if (after === undefined) return [`- ${at}: ${JSON.stringify(before)}`];
  return [`  ${at}: ${JSON.stringify(before)} -> ${JSON.stringify(after)}`];
}

const isComposite = (value: unknown): value is Record<string, unknown> => typeof value === "object" && value !== null;

// What a resource type is to a stand-in, and what follows from it: check, diff, and the state after create and update.
import { isDeepStrictEqual } from "node:util";
import { hasSecret, hasUnknown, reveal, secret, UNKNOWN, type Values } from "./values";

export interface Input {
  type: "string" | "boolean" | "integer" | "strings" | "map" | "object";
  required?: boolean;
  /** Filled into the state; what the program wrote stays as it was. */
  default?: unknown;
  secret?: boolean;
  /** Changed without replacing the resource. */
  inPlace?: boolean;
  /** What a value must be, when it is not. */
  expect?: (value: never) => string | undefined;
}

export interface Resource {
  inputs: Record<string, Input>;
  /** What is known only once the resource exists; true for secrets. */
  outputs: Record<string, boolean>;
  /** What an input is when the program does not say, where that depends on others. */
  derive?: (planned: Values) => Values;
  /** Rules over several inputs. */
  rules?: (planned: Values) => Failure[];
  create: (planned: Values) => Promise<{ id: string; outputs: Values }>;
  /** Whether the resource as it is in the state is due to be replaced. */
  isDue?: (state: Values) => boolean;
}

export interface Failure {
  property: string;
  reason: string;
}

export interface Difference {
  replaces: string[];
  updates: string[];
}

/** Every mistake in the inputs: what stands there and what was expected. What is not known yet passes. */
export function check(resource: Resource, news: Values): Failure[] {
  const inputs = reveal(news) as Values;
  const failures: Failure[] = [];
  for (const name of Object.keys(inputs)) {
    if (!resource.inputs[name]) {
      failures.push({
        property: name,
        reason: `is not an input the offline stand-in knows; it knows ${Object.keys(resource.inputs).join(", ")}`,
      });
    }
  }
  for (const [name, input] of Object.entries(resource.inputs)) {
    const value = inputs[name];
    if (value === undefined && input.required) failures.push({ property: name, reason: "is required and not set" });
    if (value === undefined || hasUnknown(value)) continue;
    const expected = wrongType(input.type, value) ?? input.expect?.(value as never);
    // A secret value would end up on the screen.
    const shown = input.secret || hasSecret(news[name]) ? "this secret value" : JSON.stringify(value);
    if (expected) failures.push({ property: name, reason: `${shown} is not valid, expected ${expected}` });
  }
  if (failures.length === 0 && !hasUnknown(inputs)) failures.push(...(resource.rules?.(plan(resource, inputs)) ?? []));
  return failures;
}

function wrongType(type: Input["type"], value: unknown): string | undefined {
  const isRecord = typeof value === "object" && value !== null && !Array.isArray(value);
  switch (type) {
    case "integer":
      return Number.isInteger(value) ? undefined : "a whole number";
    case "strings":
      return Array.isArray(value) && value.every((each) => typeof each === "string") ? undefined : "a list of strings";
    case "map":
      return isRecord && Object.values(value).every((each) => typeof each === "string")
        ? undefined
        : "a map of strings";
    case "object":
      return isRecord ? undefined : "an object";
    default:
      return typeof value === type ? undefined : `a ${type}`;
  }
}

/** The inputs as the state will hold them: with the defaults. */
function plan(resource: Resource, news: Values): Values {
  const inputs = reveal(news) as Values;
  const planned: Values = {};
  const derived = resource.derive?.(inputs) ?? {};
  for (const [name, input] of Object.entries(resource.inputs)) {
    const value = inputs[name] ?? derived[name] ?? input.default;
    if (value !== undefined) planned[name] = value;
  }
  return planned;
}

/** What would change between the state and the new inputs, and whether that needs a new resource. */
export function diff(resource: Resource, olds: Values, news: Values): Difference {
  const state = reveal(olds) as Values;
  const planned = plan(resource, news);
  const result: Difference = { replaces: [], updates: [] };
  for (const [name, input] of Object.entries(resource.inputs)) {
    if (isDeepStrictEqual(normal(state[name]), normal(planned[name]))) continue;
    (input.inPlace ? result.updates : result.replaces).push(name);
  }
  if (resource.isDue?.({ ...state, ...planned })) result.replaces.push("readyForRenewal");
  return result;
}

/** Not set, an empty text and an empty list or map mean the same to these resources. */
function normal(value: unknown): unknown {
  const empty = value === "" || (typeof value === "object" && value !== null && Object.keys(value).length === 0);
  return empty ? undefined : value;
}

/** The state of a new resource; at preview, and with inputs not known yet, what it will make is unknown. */
export async function create(
  resource: Resource,
  news: Values,
  preview: boolean,
): Promise<{ id: string; state: Values }> {
  const planned = plan(resource, news);
  if (preview) {
    const unknown = Object.fromEntries(Object.keys(resource.outputs).map((name) => [name, UNKNOWN]));
    return { id: "", state: mark(resource, { ...planned, ...unknown }, news) };
  }
  const { id, outputs } = await resource.create(planned);
  return { id, state: mark(resource, { ...planned, ...outputs }, news) };
}

/** The state after an update in place: what was made stays as it is. */
export function update(resource: Resource, olds: Values, news: Values): Values {
  const state = reveal(olds) as Values;
  const made = Object.fromEntries(Object.keys(resource.outputs).map((name) => [name, state[name]]));
  return mark(resource, { ...plan(resource, news), ...made }, news);
}

/** The state as a refresh finds it. There is nothing outside of it to look at but the clock. */
export function read(resource: Resource, olds: Values): Values {
  const state = reveal(olds) as Values;
  if (!resource.isDue?.(state)) return olds;
  return mark(resource, { ...state, readyForRenewal: true }, olds);
}

function mark(resource: Resource, state: Values, inputs: Values): Values {
  const isSecret = (name: string) => resource.outputs[name] || resource.inputs[name]?.secret || hasSecret(inputs[name]);
  return Object.fromEntries(
    Object.entries(state)
      .filter(([, value]) => value !== undefined)
      .map(([name, value]) => [name, isSecret(name) ? secret(value) : value]),
  );
}

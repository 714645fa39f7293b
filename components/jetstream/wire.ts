import { isDeepStrictEqual } from "node:util";
import { type Field, kinds, type Wire } from "./fields";

/** Arguments as a program writes them: camel case, units in the values. */
export type Args = Record<string, unknown>;

/** A field whose value is not what it should be, in the arguments' own form. */
export interface Difference {
  field: string;
  expected: unknown;
  found: unknown;
}

/** The full configuration the server would hold for these arguments: every managed field, defaults filled, coupled ones last. */
export function toWire(fields: Field[], args: Args): Wire {
  const wire: Wire = {};
  for (const { arg, wire: path, kind } of fields) {
    if (args[arg] !== undefined) set(wire, path, kinds[kind].toWire(args[arg] as never));
  }
  for (const field of fields) {
    if (get(wire, field.wire) !== undefined) continue;
    const filled = defaultOf(field, wire);
    if (filled !== undefined) set(wire, field.wire, filled);
  }
  return wire;
}

/** What the server gives a field that is left out of this configuration. */
const defaultOf = ({ default: value }: Field, wire: Wire): unknown => (typeof value === "function" ? value(wire) : value);

/**
 * What a refresh stores: the arguments that were given, with the server's values, and those that the server holds at
 * something else than its default. A value that means the same keeps the text it was written with.
 */
export function fromWire(fields: Field[], found: Wire, given: Args): Args {
  const once = corrected(fields, found, given);
  // A field that was taken away may have been what another's default came from.
  return corrected(fields, found, once);
}

function corrected(fields: Field[], found: Wire, given: Args): Args {
  const expected = toWire(fields, given);
  const args: Args = { ...given };
  for (const field of fields) {
    const { arg, wire: path, kind } = field;
    const [value, wanted, unset] = [get(found, path), get(expected, path), defaultOf(field, found)].map((each) => canonical(kind, each));
    if (isDeepStrictEqual(value, wanted)) continue;
    if (value === undefined || isDeepStrictEqual(value, unset)) delete args[arg];
    else args[arg] = kinds[kind].fromWire(value as never);
  }
  return args;
}

/** Managed fields in which what the server holds is not what the arguments ask for. */
export function differences(fields: Field[], args: Args, found: Wire): Difference[] {
  const expected = toWire(fields, args);
  return fields.flatMap(({ arg, wire: path, kind }) => {
    const [want, have] = [get(expected, path), get(found, path)];
    const shown = (value: unknown) => (isEmpty(value) || value === unlimited ? undefined : kinds[kind].fromWire(value as never));
    return isDeepStrictEqual(canonical(kind, want), canonical(kind, have)) ? [] : [{ field: arg, expected: shown(want), found: shown(have) }];
  });
}

/** The configuration to send: what is managed as wanted, what is not as found. */
export function merge(fields: Field[], wanted: Wire, found: Wire): Wire {
  const merged = structuredClone(found);
  for (const { wire: path } of fields) set(merged, path, get(wanted, path));
  return merged;
}

/** The server leaves out what is empty, so empty and absent are one; the order of subjects says nothing. */
function canonical(kind: Field["kind"], value: unknown): unknown {
  if (isEmpty(value)) return undefined;
  return kind === "texts" ? [...(value as string[])].sort() : value;
}

/** How the server writes that there is no limit. */
const unlimited = -1;

const isEmpty = (value: unknown): boolean =>
  value === undefined || value === "" || value === 0 || value === false || (Array.isArray(value) && value.length === 0);

function get(object: Wire, path: string): unknown {
  return path.split(".").reduce<unknown>((value, key) => (value as Wire | undefined)?.[key], object);
}

/** Sets, or with `undefined` removes, together with parents that are empty then. */
function set(object: Wire, path: string, value: unknown): void {
  const [key, ...rest] = path.split(".") as [string, ...string[]];
  if (rest.length === 0) {
    if (value === undefined) delete object[key];
    else object[key] = value;
    return;
  }
  const child = { ...(object[key] as Wire | undefined) };
  set(child, rest.join("."), value);
  if (Object.keys(child).length === 0) delete object[key];
  else object[key] = child;
}

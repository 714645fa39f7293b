import { isDeepStrictEqual } from "node:util";
import { canonicalOf, fromWireOf, isEmpty, toWireOf } from "./fields/conversions";
import type { Field, Wire } from "./fields/field";

/** Arguments as a program writes them: camel case, durations and sizes as text with units. */
export type Args = Record<string, unknown>;

/** A field whose value on the server is not the expected one, in the arguments' own form. */
export interface Difference {
  field: string;
  expected: unknown;
  found: unknown;
}

/** The full configuration that the server would hold for these arguments: every managed field, defaults filled in. */
export function toWire(fields: Field[], args: Args): Wire {
  const wire: Wire = { ...(args.extraConfig as Wire | undefined) };
  for (const { arg, wire: path, kind, level } of fields) {
    // An older server refuses a field that it does not know, even if the field is off (error 10025).
    if (args[arg] !== undefined && !(level && isEmpty(args[arg]))) set(wire, path, toWireOf(kind, args[arg]));
  }
  for (const field of fields) {
    const { wire: path, forced, derived } = field;
    if (get(wire, path) === undefined) set(wire, path, defaultOf(field, wire));
    const must = forced?.(wire);
    if (must !== undefined) set(wire, path, must);
    if (derived) set(wire, path, { ...derived(wire), ...(get(wire, path) as Wire | undefined) });
  }
  return wire;
}

/** What the server gives a field that is left out of this configuration. */
const defaultOf = ({ default: value }: Field, wire: Wire): unknown =>
  typeof value === "function" ? (value as (wire: Wire) => unknown)(wire) : value;

/**
 * What a refresh stores: the arguments that were given, with the server's values, and every other field that is not at
 * its default on the server. A value that means the same keeps the text it was written with.
 */
export function fromWire(fields: Field[], found: Wire, given: Args): Args {
  const alike = respelled(fields, found, toWire(fields, given));
  const once = corrected(fields, alike, given);
  // Another field's default may have come from a field that was removed.
  return corrected(fields, alike, once);
}

function corrected(fields: Field[], found: Wire, given: Args): Args {
  const expected = toWire(fields, given);
  const args: Args = { ...given };
  for (const field of fields) {
    if (isHeld(field, expected, found, given)) continue;
    const { arg, wire: path, kind, derived } = field;
    const value = own(field, get(found, path), derived?.(found));
    if (isEmpty(value) || isEqual(field, value, defaultOf(field, found))) delete args[arg];
    else args[arg] = fromWireOf(kind, value);
  }
  return args;
}

/**
 * Fields in which the server's configuration (`actual`) is not what the arguments ask for: managed fields, and those of
 * `extraConfig` in these or the `last` arguments. Differences in spelling alone do not count.
 */
export function differences(fields: Field[], args: Args, actual: Wire, last: Args = {}): Difference[] {
  const expected = toWire(fields, args);
  const found = respelled(fields, actual, expected);
  const managed = fields.flatMap((field) => {
    const [want, have] = [get(expected, field.wire), get(found, field.wire)];
    return isHeld(field, expected, found, args)
      ? []
      : [{ field: field.arg, expected: shown(field, want), found: shown(field, have) }];
  });
  const dropped = Object.keys((last.extraConfig as Wire | undefined) ?? {}).map((key) => [key, undefined]);
  const extra = Object.entries({
    ...(Object.fromEntries(dropped) as Wire),
    ...(args.extraConfig as Wire | undefined),
  }).flatMap(([key, want]) =>
    isDeepStrictEqual(want, found[key]) ? [] : [{ field: `extraConfig.${key}`, expected: want, found: found[key] }],
  );
  return [...managed, ...extra];
}

/** Fields of a server's configuration that neither the table nor `extraConfig` has: a later version brought them. */
export function unknownFields(fields: Field[], found: Wire, { extraConfig = {} }: Args): string[] {
  const known = new Set(fields.flatMap(({ wire, single = wire }) => [wire, single]).map((path) => path.split(".")[0]!));
  return Object.keys(found).filter((key) => !known.has(key) && !(key in (extraConfig as Wire)));
}

/**
 * The full configuration to send in an update. Managed fields are as in `wanted`, or as `found` where that means the
 * same; fields that nothing here manages stay as found; `extraConfig` fields of the `last` arguments that are no longer
 * wanted are left out. Marks in the metadata are kept.
 */
export function merge(fields: Field[], wanted: Wire, found: Wire, last: Args = {}): Wire {
  const merged = structuredClone(found);
  for (const key of Object.keys((last.extraConfig as Wire | undefined) ?? {})) delete merged[key];
  const managed = new Set(fields.map(({ wire }) => wire.split(".")[0]!));
  for (const [key, value] of Object.entries(wanted)) if (!managed.has(key)) merged[key] = value;
  for (const field of fields) {
    const { wire: path, kind } = field;
    const value = get(wanted, path);
    // The server takes another spelling of the same instant for a change.
    if (kind !== "labels" && isEqual(field, value, get(found, path))) continue;
    const kept = kind === "labels" ? reservedLabels(get(found, path)) : {};
    set(merged, path, Object.keys(kept).length ? { ...kept, ...(value as Wire | undefined) } : value);
  }
  return merged;
}

/**
 * Whether a field is as expected or, where the arguments do not set it, at the default of another server version.
 * Labels that only follow from other fields are no reason to write: an adopted asset gets them with its first change.
 */
function isHeld(field: Field, expected: Wire, found: Wire, { [field.arg]: asked }: Args): boolean {
  const have = get(found, field.wire);
  if (isEqual(field, get(expected, field.wire), have)) return true;
  if (field.derived)
    return isDeepStrictEqual(
      own(field, get(expected, field.wire), field.derived(expected)),
      own(field, have, field.derived(found)),
    );
  const other = asked === undefined ? field.otherDefault?.(expected) : undefined;
  return other !== undefined && isEqual(field, other, have);
}

/** The configuration with lists of one element spelled as in `like`: as a list, or as the field for a single value. */
export function respelled(fields: Field[], config: Wire, like: Wire): Wire {
  const spelled = { ...config };
  for (const { wire: path, single } of fields) {
    if (single === undefined) continue;
    const [list, one] = [get(spelled, path) as unknown[] | undefined, get(spelled, single)];
    const isList = !isEmpty(get(like, path));
    if (isList && isEmpty(list) && !isEmpty(one)) {
      set(spelled, path, [one]);
      set(spelled, single, undefined);
    } else if (!isList && list?.length === 1) {
      set(spelled, path, undefined);
      set(spelled, single, list[0]);
    }
  }
  return spelled;
}

/** Whether two wire values of a field mean the same. */
export function isEqual({ kind }: Field, left: unknown, right: unknown): boolean {
  const [a, b] = kind === "labels" ? [openLabels(left), openLabels(right)] : [left, right];
  return a === b || isDeepStrictEqual(canonicalOf(kind, a), canonicalOf(kind, b));
}

/** Labels that the server (`_nats.`) or this program (`supercluster.`) adds as marks. */
const isMark = (key: string): boolean => key.startsWith("_nats.") || key.startsWith("supercluster.");
const labels = (value: unknown, keep: (key: string) => boolean): Wire =>
  Object.fromEntries(Object.entries((value as Wire | undefined) ?? {}).filter(([key]) => keep(key)));
const openLabels = (value: unknown): Wire => labels(value, (key) => !isMark(key));
/** Marks of this program. The server adds its own again. */
const reservedLabels = (value: unknown): Wire => labels(value, (key) => key.startsWith("supercluster."));

/** Labels without marks and without those that follow from the rest of the configuration. */
function own({ kind }: Field, value: unknown, derived: Record<string, string> = {}): unknown {
  return kind === "labels" ? labels(value, (key) => !isMark(key) && (value as Wire)[key] !== derived[key]) : value;
}

/** A wire value in the arguments' own form, for messages; undefined where the field counts as not set. */
export const shown = ({ kind, default: usual }: Field, value: unknown): unknown =>
  isEmpty(value) || (value === noLimit && usual === noLimit) ? undefined : fromWireOf(kind, value);

/** The server's value for "no limit". */
const noLimit = -1;

/** The value at a dotted path of a configuration (`placement.cluster`); undefined where there is none. */
export function get(object: Wire, path: string): unknown {
  return namesIn(path).reduce<unknown>((value, key) => (value as Wire | undefined)?.[key], object);
}

/** Sets the value at a dotted path; `undefined` removes it, together with parents that are then empty. */
function set(object: Wire, path: string, value: unknown): void {
  setAt(object, namesIn(path), value);
}

function setAt(object: Wire, [key, ...rest]: readonly [string, ...string[]], value: unknown): void {
  const [next, ...others] = rest;
  if (next === undefined) {
    if (value === undefined) delete object[key];
    else object[key] = value;
    return;
  }
  const child = { ...(object[key] as Wire | undefined) };
  setAt(child, [next, ...others], value);
  if (Object.keys(child).length === 0) delete object[key];
  else object[key] = child;
}

/** The names of a dotted path; a dot that is part of a name stands behind a backslash. */
function namesIn(path: string): readonly [string, ...string[]] {
  const known = names.get(path);
  if (known) return known;
  const split = path.split(/(?<!\\)\./).map((name) => name.replaceAll("\\.", ".")) as [string, ...string[]];
  names.set(path, split);
  return split;
}

/** By path: those of the tables of fields, which are read for each field of each asset. */
const names = new Map<string, readonly [string, ...string[]]>();

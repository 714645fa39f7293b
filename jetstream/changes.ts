import { isAtLeast } from "../config/versions";
import type { Field, Refusal, Wire } from "./fields/field";
import { isEmpty } from "./fields/conversions";
import { get, isEqual, respelled, shown } from "./wire";

/** One field that changes, in the arguments' own form, and why the server refuses to change it in place, if it does. */
export interface Change {
  field: string;
  from: unknown;
  to: unknown;
  refusal?: Refusal;
}

/**
 * What changes between two full configurations (as `toWire` makes them), field by field. With a server `version`, only
 * what that version refuses is a refusal; without one, what any supported version refuses.
 */
export function changesOf(fields: Field[], found: Wire, to: Wire, version?: string): Change[] {
  const from = respelled(fields, found, to);
  return fields.flatMap((field) => {
    const [before, after] = [get(from, field.wire), get(to, field.wire)];
    if (isEqual(field, before, after)) return [];
    const refusal = field.refused?.find(
      ({ when, until }) => !(until && version && isAtLeast(version, until)) && when(before, after),
    );
    return [{ field: field.arg, from: shown(field, before), to: shown(field, after), ...(refusal && { refusal }) }];
  });
}

/** Why a change is refused, as a phrase behind the field's name. */
export const reasonOf = ({ what, reason, error }: Refusal): string =>
  (what === "any change" ? "" : `${what}: `) +
  `cannot be changed in place${error ? ` (error ${error})` : ""}: ${reason}`;

/** Whether a change depends on the server's version. */
export const isVersioned = ({ refusal }: Change): boolean => refusal?.until !== undefined;

/** The API levels of nats-server and the first version that has each. Source: server/jetstream_versioning.go. */
export const firstVersionOf: Record<number, string> = {
  1: "2.11.0",
  2: "2.12.0",
  3: "2.12.5",
  4: "2.14.0",
  5: "2.15.0",
};

/** The API level of a version. */
export const levelOf = (version: string): number =>
  Math.max(0, ...Object.entries(firstVersionOf).flatMap(([level, first]) => (isAtLeast(version, first) ? +level : [])));

/** Fields that are set in a configuration and need an API level above 0, highest level first. */
export function levelsOf(fields: Field[], config: Wire): { field: string; level: number }[] {
  return fields
    .flatMap((field) => {
      const value = get(config, field.wire);
      if (field.level === undefined || isEmpty(value)) return [];
      const level = typeof field.level === "number" ? field.level : field.level(value as never);
      return level > 0 ? [{ field: field.arg, level }] : [];
    })
    .sort((left, right) => right.level - left.level);
}

import type { Field, Wire } from "../../jetstream/fields";
import { ownerOf } from "../../jetstream/ownership";
import { type Args, fromWire } from "../../jetstream/wire";
import type { Place } from "./draft";

/**
 * Arguments of all that is not the server's default; fields without an argument of their own are passed on as they are.
 */
export function argumentsOf(fields: Field[], config: Wire): Args {
  const known = new Set(fields.map(({ wire }) => wire.split(".")[0]!));
  const extra = Object.entries(config).filter(([key]) => !known.has(key));
  return { ...fromWire(fields, config, {}), ...(extra.length && { extraConfig: Object.fromEntries(extra) }) };
}

/** `adopt`, for what has another owner or none. */
export const adoption = (config: Wire, { owner }: Place): Args =>
  ownerOf(config) === owner ? {} : { adopt: ownerOf(config) ?? true };

export const defined = (args: Args): Args =>
  Object.fromEntries(Object.entries(args).filter(([, value]) => value !== undefined));

/** Named keys first, the others as they come. */
export const inOrder = (args: Args, keys: string[]): Args =>
  defined({ ...Object.fromEntries(keys.map((key) => [key, args[key]])), ...args });

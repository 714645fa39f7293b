import { unknownName } from "../problems";
import type { Environment } from "../schema/settings";
import { fromBytes, toBytes } from "../units";

/** A value as it is written in settings and tenants: text in quotes. */
export const text = (value: unknown): string => JSON.stringify(value);

export const list = (names: readonly string[]): string => (names.length ? names.join(", ") : "none");

/** Bytes to read: exact where MiB or a larger unit fits, otherwise rounded up to MiB. */
export const roundedUp = (bytes: number): string => fromBytes(Math.ceil(bytes / toBytes("1MiB")) * toBytes("1MiB"));

/** A region that is not in the settings; also reported when a region is removed before its streams. */
export const unknownRegion = (name: string, { regions }: Environment): string =>
  `${unknownName(name, "a region of the environment", regions)}. ` +
  "To remove a region, remove its streams and mirrors first, while it is still in regions " +
  "(docs/runbooks/remove-a-region.md)";

/** Why a stream cannot be copied: its limit is applied to the consumer by which a server copies it. */
export const copyIsRefused = (stream: string): string =>
  `servers apply ${stream}'s consumerLimits.maxAckPending to the consumer that copies it, and refuse that (10082), ` +
  "so the copy would stay empty; leave the limit out, and write maxAckPending for each consumer";

import { createHash } from "node:crypto";
import type { RegionIdentity } from "../../config/assets/region";
import { isObject } from "../../config/objects";

/**
 * Identifies a region's identity: 32 hexadecimal digits. Of its content, not of its text: some stores keep JSON in a
 * form of their own. It is not secret: no key can be found by it.
 */
export const identityFingerprint = (identity: RegionIdentity): string =>
  createHash("sha256")
    .update(JSON.stringify(identity, (_, value: unknown) => (isObject(value) ? sorted(value) : value)))
    .digest("hex")
    .slice(0, 32);

const sorted = (object: Record<string, unknown>): object =>
  Object.fromEntries(Object.entries(object).sort(([left], [right]) => (left < right ? -1 : 1)));

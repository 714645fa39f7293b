import { hkdfSync } from "node:crypto";

/**
 * The secret that a tenant verifies webhooks with, derived from a key of irisx. Receivers can forge what is signed with
 * a secret that they know: each tenant has its own, and none has to be stored.
 *
 * @returns in the form of Standard Webhooks: `whsec_` and 32 bytes in base64
 */
export function webhookSecret(key: string, tenantId: string): string {
  const derived = hkdfSync("sha256", Buffer.from(key, "base64"), "", `irisx webhooks ${tenantId}`, 32);
  return `whsec_${Buffer.from(derived).toString("base64")}`;
}

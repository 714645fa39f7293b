import { createHash } from "node:crypto";
import { fromCurveSeed, fromSeed, Prefix } from "@nats-io/nkeys";
import { Codec } from "@nats-io/nkeys/lib/codec";
import type { NatsKey } from "../../config/assets/region";

/** By what a key is for: `SU...` signs a user's login, `SA...` a JWT, `SX...` encrypts. */
const kinds = {
  nkey: { prefix: Prefix.User, read: fromSeed },
  issuer: { prefix: Prefix.Account, read: fromSeed },
  xkey: { prefix: Prefix.Curve, read: fromCurveSeed },
} as const;

/**
 * A key from a random secret of the identity stack: always the same for the same secret, so no other kind of resource
 * is needed for it.
 *
 * @param secret of 256 bits and more
 */
export function natsKeyOf(kind: keyof typeof kinds, secret: string): NatsKey {
  const { prefix, read } = kinds[kind];
  const raw = createHash("sha256").update(`${kind}:${secret}`).digest();
  const seed = Codec.encodeSeed(prefix, raw);
  return { seed: Buffer.from(seed).toString(), publicKey: read(seed).getPublicKey() };
}

import { createHash } from "node:crypto";
import { fromSeed, Prefix } from "@nats-io/nkeys";
import { Codec } from "@nats-io/nkeys/lib/codec";

/**
 * The key of a user that logs in by nkey, from a random secret of the identity stack: always the same for the same
 * secret, so no other kind of resource is needed for it.
 *
 * @param secret of 256 bits and more
 * @returns the seed, by which the client signs (`SU...`, secret), and the public key, which servers know (`U...`)
 */
export function userKeyOf(secret: string): { seed: string; publicKey: string } {
  const raw = createHash("sha256").update(`nkey:${secret}`).digest();
  const seed = Codec.encodeSeed(Prefix.User, raw);
  return { seed: Buffer.from(seed).toString(), publicKey: fromSeed(seed).getPublicKey() };
}

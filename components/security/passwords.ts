import { createHash } from "node:crypto";
import bcrypt from "bcryptjs";

/**
 * bcrypt's cost. Stretching protects passwords that can be guessed; ours are 32 random characters, so the lowest cost
 * that servers take is enough, and every connect and every reload pays it: at cost 10 none of 200 clients got in again
 * within 2 s on two cores, and a reload took 12 s.
 */
const cost = 5;

/** The salt of a login: 16 bytes, always the same for the same seed, so that its hash stays as it is. */
export const saltOf = (seed: string, login: string): Buffer =>
  createHash("sha256").update(`${seed}:${login}`).digest().subarray(0, 16);

/**
 * The hash that servers compare a password with. Another salt would be another hash, and a reload of every server.
 *
 * @param salt 16 bytes
 * @throws {RangeError} for a salt of another length
 */
export function hashPassword(password: string, salt: Buffer): string {
  if (salt.length !== 16) throw new RangeError(`bcrypt takes a salt of 16 bytes, not of ${salt.length}`);
  return bcrypt.hashSync(password, `$2a$${String(cost).padStart(2, "0")}$${bcrypt.encodeBase64(salt, salt.length)}`);
}

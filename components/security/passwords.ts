import bcrypt from "bcryptjs";

/**
 * bcrypt's cost. Stretching protects passwords that can be guessed; ours are 32 random characters, so the lowest cost
 * that servers take is enough, and every connect and every reload pays it: at cost 10 none of 200 clients got in again
 * within 2 s on two cores, and a reload took 12 s.
 */
const cost = 5;

/**
 * The hash servers compare a password with. The 16 bytes of salt are kept in state: a new one would be a new hash, and
 * a reload.
 */
export function hashPassword(password: string, salt: Buffer): string {
  if (salt.length !== 16) throw new RangeError(`bcrypt takes a salt of 16 bytes, not of ${salt.length}`);
  return bcrypt.hashSync(password, `$2a$${String(cost).padStart(2, "0")}$${bcrypt.encodeBase64(salt, salt.length)}`);
}

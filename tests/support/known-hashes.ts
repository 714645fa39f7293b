import bcrypt from "bcryptjs";

/*
 * bcrypt is slow on purpose, and stacks are registered hundreds of times with the same passwords: each hash is made
 * once in a process.
 */
const { hashSync } = bcrypt;
const known = new Map<string, string>();

bcrypt.hashSync = (password, salt) => {
  const key = `${salt} ${password}`;
  const hash = known.get(key) ?? hashSync(password, salt);
  known.set(key, hash);
  return hash;
};

import assert from "node:assert/strict";
import bcrypt from "bcryptjs";
import { hashPassword, saltOf } from "../../../../components/security/passwords";

describe("password hash", () => {
  const salt = Buffer.from("000102030405060708090a0b0c0d0e0f", "hex");

  it("is bcrypt of cost 5, the same for the same salt, and fits only its password", () => {
    const hash = hashPassword("correct horse", salt);
    assert.match(hash, /^\$2a\$05\$.{53}$/);
    assert.equal(hashPassword("correct horse", salt), hash);
    assert.ok(bcrypt.compareSync("correct horse", hash));
    assert.ok(!bcrypt.compareSync("battery staple", hash));
  });

  it("needs 16 bytes of salt", () => assert.throws(() => hashPassword("x", salt.subarray(1)), /16 bytes, not of 15/));
});

describe("salt of a login", () => {
  it("has 16 bytes, always the same for the same seed and login", () => {
    const salt = saltOf("seed", "covenant-api");
    assert.equal(salt.length, 16);
    assert.deepEqual(saltOf("seed", "covenant-api"), salt);
    assert.match(hashPassword("correct horse", salt), /^\$2a\$05\$/);
  });

  it("differs by login and by seed", () => {
    const salts = [saltOf("seed", "covenant-api"), saltOf("seed", "irisx-api"), saltOf("other", "covenant-api")];
    assert.equal(new Set(salts.map((salt) => salt.toString("hex"))).size, 3);
  });
});

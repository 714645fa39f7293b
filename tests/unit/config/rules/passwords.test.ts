import assert from "node:assert/strict";
import { passwordProblems } from "../../../../config/rules/passwords";
import { validateRotations } from "../../../../config/rules/validate";
import { tenants } from "../../../../tenants";

const problems = (raw: unknown) =>
  passwordProblems(raw, { irisx: tenants.irisx! }, "passwords").map(({ path, message }) => `${path}: ${message}`);

describe("the setting of rotated passwords", () => {
  it("is sound, or not there", () => {
    assert.deepEqual(problems(undefined), []);
    const sound = { "irisx/api": { accepted: [1, 2], given: 1 }, "irisx/provisioner": { accepted: [3], given: 3 } };
    assert.deepEqual(problems({ ...sound, "sys/admin": { accepted: [2], given: 2 } }), []);
  });

  it("has every mistake reported at once", () => {
    const found = problems({
      "irisx/apy": { accepted: [1, 2], given: 1 },
      "irisx/api": { accepted: [1, 2], given: 3 },
      "irisx/sms-worker": { accepted: [2, 2], given: 2, old: 1 },
      "irisx/provisioner": { accepted: [1, 2, 3], given: 1 },
    }).join("\n");
    assert.match(
      found,
      /passwords\["?irisx\/apy"?\]: "irisx\/apy" is not a user with a password; did you mean "irisx\/api"/,
    );
    assert.match(found, /irisx\/api.*given: 3 is not accepted \(1, 2\), so no client gets in/);
    assert.match(found, /irisx\/sms-worker.*old/);
    assert.match(found, /irisx\/provisioner.*accepted: /);
  });

  it("lists no generation twice", () =>
    assert.match(problems({ "irisx/api": { accepted: [2, 2], given: 2 } }).join(), /2, 2 lists a generation twice/));

  it("belongs to the identity stack", () => {
    const raw = { "irisx/api": { accepted: [1, 2], given: 2 } };
    assert.deepEqual(validateRotations(raw, { environment: "test", kind: "identity" }, tenants), raw);
    assert.throws(
      () => validateRotations(raw, { environment: "test", kind: "region", region: "iad" }, tenants),
      /belongs to the file of the identity stack/,
    );
  });
});

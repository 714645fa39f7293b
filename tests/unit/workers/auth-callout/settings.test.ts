import assert from "node:assert/strict";
import { natsKeyOf } from "../../../../components/security/nkeys";
import { settings } from "../../../../workers/auth-callout/settings";
import { readSettings, SettingsError } from "../../../../workers/messaging";

const user = {
  ...{ login: "shop-scanner", account: "shop", token: "0".repeat(64), connectionTypes: ["STANDARD"] },
  ...{ publish: { allow: ["a"], deny: [] }, subscribe: { allow: [], deny: [">"] } },
};
const right = (users: unknown = [user]) => ({
  AUTH_ISSUER_SEED: natsKeyOf("issuer", "secret").seed,
  AUTH_XKEY_SEED: natsKeyOf("xkey", "secret").seed,
  AUTH_USERS: JSON.stringify(users),
});
const problemsOf = (env: Record<string, string>): readonly string[] => {
  try {
    readSettings(settings, env);
  } catch (error) {
    assert.ok(error instanceof SettingsError);
    return error.problems;
  }
  return [];
};

describe("settings of the auth callout's service", () => {
  it("are keys and users; a login is good for a day unless it is said", () => {
    const read = readSettings(settings, right());
    assert.deepEqual([read.AUTH_USERS, read.AUTH_EXPIRES], [[user], 86_400_000]);
  });

  it("are refused all at once, and no key is shown", () => {
    const wrong = natsKeyOf("nkey", "secret").seed;
    const problems = problemsOf({ AUTH_ISSUER_SEED: wrong, AUTH_USERS: "{", AUTH_EXPIRES: "1ms" });
    assert.deepEqual(
      problems.map((problem) => problem.split(" ")[0]),
      ["AUTH_ISSUER_SEED", "AUTH_XKEY_SEED", "AUTH_USERS", "AUTH_EXPIRES"],
    );
    assert.ok(!problems.join().includes(wrong));
  });

  it("refuse a user who may do everything, since an empty list is that to servers", () => {
    const everything = { ...user, publish: { allow: [], deny: [] } };
    assert.match(problemsOf(right([everything]))[0]!, /0\.publish: allows nothing, which needs ">" in deny/);
    assert.match(problemsOf(right([{ ...user, token: undefined }]))[0]!, /either a token or a certificate/);
    assert.match(problemsOf(right([{ ...user, certificate: "CN=a" }]))[0]!, /either a token or a certificate/);
  });
});

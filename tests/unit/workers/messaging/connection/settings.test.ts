import assert from "node:assert/strict";
import { connectionSettings } from "../../../../../workers/messaging/connection/settings";
import { SettingsError } from "../../../../../workers/messaging/settings";

const problemsOf = (env: Record<string, string>): readonly string[] => {
  try {
    connectionSettings(env);
  } catch (error) {
    assert.ok(error instanceof SettingsError);
    return error.problems;
  }
  return [];
};

describe("connection settings", () => {
  it("without any variable it is a server of this machine, without a login", () => {
    const { servers, ...rest } = connectionSettings({});
    assert.deepEqual(servers, ["nats://localhost:4222"]);
    assert.deepEqual(
      Object.values(rest).filter((value) => value !== undefined),
      [],
    );
  });

  it("reads every variable", () => {
    const ca = "-----BEGIN CERTIFICATE-----\nMII\n-----END CERTIFICATE-----\n";
    assert.deepEqual(
      connectionSettings({
        NATS_URL: "tls://a:4222, tls://b:4222",
        NATS_USER: "worker",
        NATS_PASSWORD: "secret",
        NATS_CA: ca,
        NATS_INBOX_PREFIX: "_INBOX_worker",
      }),
      {
        servers: ["tls://a:4222", "tls://b:4222"],
        user: "worker",
        password: "secret",
        nkeySeed: undefined,
        token: undefined,
        certificate: undefined,
        privateKey: undefined,
        creds: undefined,
        ca,
        inboxPrefix: "_INBOX_worker",
      },
    );
  });

  it("reports every mistake at once, and no secret", () => {
    const problems = problemsOf({
      NATS_URL: "http://a:4222,b",
      NATS_PASSWORD: "top-secret",
      NATS_CA: "/does/not/exist.pem",
      NATS_INBOX_PREFIX: "_INBOX.>",
    });
    assert.deepEqual(
      problems.map((problem) => problem.split(" ")[0]),
      ["NATS_URL", "NATS_CA", "NATS_INBOX_PREFIX", "NATS_USER"],
    );
    assert.doesNotMatch(problems.join("\n"), /top-secret/);
    assert.match(problems[1]!, /ENOENT/);
  });

  it("takes the seed of an nkey, and shows none that is wrong", () => {
    const seed = `SU${"A".repeat(56)}`;
    assert.equal(connectionSettings({ NATS_NKEY_SEED: `${seed}\n` }).nkeySeed, seed);
    const [wrong] = problemsOf({ NATS_NKEY_SEED: `${seed}X` });
    assert.match(wrong!, /^NATS_NKEY_SEED is wrong: expected the seed of a user's nkey/);
    const [twice] = problemsOf({ NATS_NKEY_SEED: seed, NATS_TOKEN: "c" });
    assert.match(twice!, /found NATS_NKEY_SEED and NATS_TOKEN$/);
  });

  it("takes a certificate with its key, and neither alone", () => {
    const ca = "-----BEGIN CERTIFICATE-----\nMII\n-----END CERTIFICATE-----\n";
    const key = "-----BEGIN PRIVATE KEY-----\nMII\n-----END PRIVATE KEY-----\n";
    const { certificate, privateKey } = connectionSettings({ NATS_CERTIFICATE: ca, NATS_PRIVATE_KEY: key });
    assert.deepEqual([certificate, privateKey], [ca, key]);
    assert.match(problemsOf({ NATS_CERTIFICATE: ca })[0]!, /^NATS_PRIVATE_KEY is not set: expected the key of/);
    assert.match(problemsOf({ NATS_PRIVATE_KEY: key })[0]!, /^NATS_CERTIFICATE is not set: expected the certificate/);
  });

  it("refuses two ways to log in, and a login inside a URL", () => {
    const [twice] = problemsOf({ NATS_USER: "a", NATS_PASSWORD: "b", NATS_TOKEN: "c" });
    assert.match(twice!, /^NATS_USER .*: expected one way to log in, found NATS_USER and NATS_TOKEN$/);
    const [inUrl] = problemsOf({ NATS_URL: "nats://user:secret@a:4222" });
    assert.match(inUrl!, /write NATS_USER and NATS_PASSWORD/);
  });
});

import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { readFileSync } from "node:fs";
import { parse } from "yaml";
import { pushSettings } from "../../../../workers/covenant/settings";
import { needs, workers } from "../../../../workers/covenant/workers";
import { projectText, withProposed } from "../../../support/stack-config";
import { covenant } from "../../../../tenants/covenant";
import { databaseSettings } from "../../../../workers/database/settings";
import { redisSettings } from "../../../../workers/redis/settings";
import { readSettings, SettingsError } from "../../../../workers/messaging";

const pem = (type: "rsa" | "ed25519") => {
  const { privateKey } =
    type === "rsa" ? generateKeyPairSync("rsa", { modulusLength: 2_048 }) : generateKeyPairSync("ed25519");
  return privateKey.export({ type: "pkcs8", format: "pem" });
};
const account = {
  project_id: "covenant-test",
  client_email: "worker@covenant-test.iam.example",
  private_key: pem("rsa"),
  token_uri: "https://oauth2.example/token",
};

const problems = (env: Record<string, string>): readonly string[] => {
  try {
    readSettings(pushSettings, env);
  } catch (error) {
    if (error instanceof SettingsError) return error.problems;
    throw error;
  }
  return [];
};

describe("settings of covenant's push service", () => {
  it("send nothing by default", () => assert.deepEqual(readSettings(pushSettings, {}), { kind: "log" }));

  it("are those of a service account's key file", () => {
    const read = readSettings(pushSettings, { PUSH_PROVIDER: "fcm", FCM_CREDENTIALS: JSON.stringify(account) });
    assert.deepEqual(read, {
      ...{ kind: "fcm", url: "https://fcm.googleapis.com", topicPrefix: "incidents", timeout: 5_000 },
      account: {
        ...{ projectId: "covenant-test", clientEmail: account.client_email, privateKey: account.private_key },
        tokenUri: account.token_uri,
      },
    });
  });

  it("report all mistakes at once, and no secret", () => {
    const found = problems({
      PUSH_PROVIDER: "fcm",
      FCM_CREDENTIALS: JSON.stringify({ ...account, private_key: "s3cret" }),
      FCM_URL: "fcm.googleapis.com",
      FCM_TOPIC_PREFIX: "a b",
      PUSH_TIMEOUT: "13s",
    });
    assert.deepEqual(found, [
      "FCM_CREDENTIALS is wrong: expected the JSON of a service account's key, with project_id, client_email, " +
        "private_key, token_uri",
      'FCM_URL "fcm.googleapis.com": expected a URL that begins with https:// or http://',
      'FCM_TOPIC_PREFIX "a b": expected letters, digits and -_.~%',
      'PUSH_TIMEOUT "13s": expected 100ms to 12s',
    ]);
    assert.deepEqual(problems({ PUSH_PROVIDER: "apns" }), ['PUSH_PROVIDER "apns": expected log or fcm']);
    for (const wrong of ["", "{", "{}", JSON.stringify({ ...account, private_key: pem("ed25519") })])
      assert.match(problems({ PUSH_PROVIDER: "fcm", FCM_CREDENTIALS: wrong }).join(), /^FCM_CREDENTIALS is /);
  });
});

interface Project {
  config: {
    environments: {
      default: Record<
        "production-kubernetes",
        { kubernetes: { workers: { environment: Record<string, Record<string, string>> } } }
      >;
    };
  };
}

describe("covenant on Kubernetes", () => {
  it("has all variables that its workers need, from Pulumi.yaml and the Secrets that its README lists", () => {
    const { environments } = (parse(withProposed(projectText())) as Project).config;
    const { environment } = environments.default["production-kubernetes"].kubernetes.workers;
    const secrets: Record<string, Record<string, string>> = {
      "covenant-database": { DATABASE_URL: "postgres://covenant:secret@db.internal/covenant" },
      "covenant-redis": { REDIS_URL: "rediss://:secret@redis.internal" },
      "covenant-push": { FCM_CREDENTIALS: JSON.stringify(account) },
    };
    const readme = readFileSync("workers/covenant/README.md", "utf8");
    for (const [name, variables] of Object.entries(secrets))
      for (const variable of Object.keys(variables))
        assert.match(readme, new RegExp(`\`${name}\`\\s+\\([^)]*\`${variable}\``), `${variable} of ${name}`);
    const envOf = (worker: string): Record<string, string> => {
      const own = covenant.workers![worker]!.secrets!.map((name) => secrets[name]!);
      return Object.assign({}, environment.covenant, ...own) as Record<string, string>;
    };
    const push = readSettings(pushSettings, envOf("NOTIFICATIONS"));
    assert.equal(push.kind, "fcm");
    assert.equal(readSettings(databaseSettings, envOf("ANALYTICS")).url, secrets["covenant-database"]!.DATABASE_URL);
    assert.equal(readSettings(databaseSettings, envOf("AUDIT_LOGGER")).folder, undefined);
    assert.equal(readSettings(redisSettings, envOf("CACHE_INVALIDATOR"))?.url, secrets["covenant-redis"]!.REDIS_URL);
  });
});

describe("workers of covenant", () => {
  it("have the names of the durables, and each what it depends on", () => {
    assert.deepEqual(Object.keys(workers), Object.keys(covenant.consumers));
    assert.deepEqual(Object.keys(needs), Object.keys(workers));
    const declared = Object.keys(covenant.workers!).filter((name) => name !== "dead-letters");
    assert.deepEqual(declared, Object.keys(workers));
  });

  it("run once where a second one would get the same messages, or write the same trail", () => {
    const replicas = Object.entries(covenant.workers!).map(([name, { replicas = 1, maximum = replicas }]) => [
      name,
      maximum,
    ]);
    assert.deepEqual(Object.fromEntries(replicas), {
      ...{ ANALYTICS: 2, CACHE_INVALIDATOR: 1, NOTIFICATIONS: 1, AUDIT_LOGGER: 1, "dead-letters": 1 },
    });
  });
});

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { parse } from "yaml";
import { tenants } from "../../../../tenants";
import { projectText, withProposed } from "../../../support/stack-config";
import { readSettings, SettingsError } from "../../../../workers/messaging";
import { databaseSettings } from "../../../../workers/database/settings";
import {
  apiSettings,
  emailSettings,
  retentionSettings,
  smsSettings,
  webhookSettings,
} from "../../../../workers/irisx/settings";
import { together } from "../../../../workers/settings";

const sid = (prefix: string) => prefix + "0123456789abcdef".repeat(2);
const key = Buffer.alloc(32, 1).toString("base64");

/** Pulumi.yaml, as far as it is read here. */
interface Project {
  config: {
    environments: {
      default: Record<
        "production-kubernetes",
        { kubernetes: { workers?: { environment: Record<string, Record<string, string>> } } }
      >;
    };
  };
}

/** What is wrong with variables, one line each. */
function problems(read: () => unknown): readonly string[] {
  try {
    read();
  } catch (error) {
    if (error instanceof SettingsError) return error.problems;
    throw error;
  }
  return [];
}

describe("settings of irisx", () => {
  it("send nothing by default", () => {
    assert.deepEqual(readSettings(smsSettings, {}), { kind: "log" });
    assert.deepEqual(readSettings(emailSettings, {}), { kind: "log" });
    assert.deepEqual(readSettings(webhookSettings, {}), { kind: "log" });
    assert.deepEqual(readSettings(databaseSettings, {}), {
      url: undefined,
      folder: undefined,
      connections: 5,
    });
    assert.equal(readSettings(retentionSettings, {}), 35 * 24 * 3_600_000);
    assert.deepEqual(readSettings(apiSettings, {}), { host: "127.0.0.1", port: 8081, token: undefined });
  });

  it("are complete with what Pulumi.yaml proposes, but does not set, and the documented Secrets", () => {
    const kubernetes = (text: string) =>
      (parse(text) as Project).config.environments.default["production-kubernetes"].kubernetes;
    assert.equal(kubernetes(projectText()).workers, undefined);
    const { environment } = kubernetes(withProposed(projectText())).workers!;
    const secrets = {
      "irisx-api": { API_TOKEN: "0".repeat(32) },
      "irisx-database": { DATABASE_URL: "postgres://irisx:secret@db.internal/irisx" },
      "irisx-sms": { TWILIO_ACCOUNT_SID: sid("AC"), TWILIO_AUTH_TOKEN: "secret", TWILIO_FROM: "+12025550100" },
      "irisx-email": { SMTP_URL: "smtps://irisx:secret@mail.internal" },
      "irisx-webhooks": { WEBHOOK_SECRET: key },
    } as const;
    const readme = readFileSync("workers/irisx/README.md", "utf8");
    for (const [name, variables] of Object.entries(secrets))
      for (const variable of Object.keys(variables))
        assert.match(readme, new RegExp(`\`${name}\`\\s+\\([^)]*\`${variable}\``), `${variable} of ${name}`);
    const settings = {
      api: apiSettings,
      "sms-worker": smsSettings,
      "email-worker": emailSettings,
      "webhook-worker": webhookSettings,
    };
    for (const [worker, schema] of Object.entries(settings)) {
      const own = tenants.irisx!.workers![worker]!.secrets!.map((name) => secrets[name as keyof typeof secrets]);
      const env = Object.assign({}, environment.irisx, ...own) as Record<string, string>;
      assert.deepEqual(
        problems(() => readSettings(together({ schema, databaseSettings, retentionSettings }), env)),
        [],
        worker,
      );
    }
  });

  it("choose the real provider by one variable", () => {
    const twilio = { TWILIO_ACCOUNT_SID: sid("AC"), TWILIO_AUTH_TOKEN: "secret", TWILIO_FROM: "+12025550100" };
    assert.deepEqual(readSettings(smsSettings, twilio), { kind: "log" });
    assert.deepEqual(readSettings(smsSettings, { SMS_PROVIDER: "twilio", ...twilio, SMS_TIMEOUT: "5s" }), {
      kind: "twilio",
      url: "https://api.twilio.com",
      accountSid: sid("AC"),
      apiKey: undefined,
      token: "secret",
      from: "+12025550100",
      timeout: 5_000,
    });
    assert.deepEqual(
      readSettings(emailSettings, {
        EMAIL_PROVIDER: "smtp",
        SMTP_URL: "smtps://u:p@mail",
        SMTP_FROM: "IRISX <no-reply@example.com>",
      }),
      {
        kind: "smtp",
        url: "smtps://u:p@mail",
        from: "IRISX <no-reply@example.com>",
        requireTls: true,
        ca: undefined,
        connections: 5,
        timeout: 10_000,
      },
    );
    assert.deepEqual(readSettings(webhookSettings, { WEBHOOK_PROVIDER: "http", WEBHOOK_SECRET: `${key},${key}` }), {
      kind: "http",
      keys: [key, key],
      targets: "public",
      ca: undefined,
      timeout: 10_000,
    });
  });

  it("report every mistake at once, and no secret", () => {
    const secret = "not-a-key-but-a-secret";
    assert.deepEqual(
      problems(() =>
        readSettings(smsSettings, {
          SMS_PROVIDER: "twilio",
          TWILIO_ACCOUNT_SID: "AC1",
          TWILIO_FROM: "12025550100",
          SMS_TIMEOUT: "30s",
        }),
      ).map((line) => line.replace(/:.*/, "")),
      ['TWILIO_ACCOUNT_SID "AC1"', "TWILIO_AUTH_TOKEN is not set", 'TWILIO_FROM "12025550100"', 'SMS_TIMEOUT "30s"'],
    );
    const found = problems(() =>
      readSettings(emailSettings, {
        EMAIL_PROVIDER: "smtp",
        SMTP_URL: `http://user:${secret}@mail`,
        SMTP_FROM: "no-reply",
      }),
    );
    assert.equal(found.length, 2);
    const all = [
      ...found,
      ...problems(() =>
        readSettings(webhookSettings, { WEBHOOK_PROVIDER: "http", WEBHOOK_SECRET: secret, WEBHOOK_TARGETS: "all" }),
      ),
      ...problems(() =>
        readSettings(databaseSettings, { DATABASE_URL: `mysql://user:${secret}@db`, DATABASE_FOLDER: "state" }),
      ),
    ];
    assert.equal(all.length, 6, all.join("\n"));
    assert.ok(!all.join("\n").includes(secret), all.join("\n"));
  });

  it("refuse a provider that there is not", () => {
    for (const [read, name] of [
      [smsSettings, "SMS_PROVIDER"],
      [emailSettings, "EMAIL_PROVIDER"],
      [webhookSettings, "WEBHOOK_PROVIDER"],
    ] as const)
      assert.match(
        problems(() => readSettings(read, { [name]: "pigeon" })).join(),
        new RegExp(`^${name} "pigeon": expected log or `),
      );
  });

  it("ask for a token where others reach the API", () => {
    assert.match(
      problems(() => readSettings(apiSettings, { API_HOST: "0.0.0.0", PORT: "x" })).join("\n"),
      /^PORT "x": expected a whole number.*\nAPI_TOKEN is not set: needed where API_HOST \(or HEALTH_HOST\) is not this machine/,
    );
    assert.equal(problems(() => readSettings(apiSettings, { API_HOST: "0.0.0.0", API_TOKEN: "short" })).length, 1);
    assert.equal(readSettings(apiSettings, { API_HOST: "0.0.0.0", API_TOKEN: "a".repeat(32) }).host, "0.0.0.0");
    // In a container.
    const inside = { HEALTH_HOST: "0.0.0.0" };
    assert.equal(problems(() => readSettings(apiSettings, inside)).length, 1);
    assert.equal(readSettings(apiSettings, { ...inside, API_TOKEN: "a".repeat(32) }).host, "0.0.0.0");
    assert.equal(readSettings(apiSettings, { ...inside, API_HOST: "127.0.0.1" }).host, "127.0.0.1");
  });
});

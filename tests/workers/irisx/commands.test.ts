import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { webhookSecret } from "../../../workers/irisx/adapters/webhook-secret";
import { serversMs } from "../../support/limits";
import { projectFolder } from "../../support/project-copy";

/** Programs of workers/irisx as processes: what they print, and the code they end with. */
describe("programs of irisx", function () {
  this.timeout(serversMs);
  const run = (program: string, args: string[], env: Record<string, string> = {}) => {
    const command = ["-r", "./tools/runtime.cjs", `workers/irisx/${program}.ts`, ...args];
    const { status, stdout, stderr } = spawnSync(process.execPath, command, {
      cwd: projectFolder,
      env: { ...process.env, ...env },
      encoding: "utf8",
    });
    return { status, stdout, stderr };
  };

  it("main explains itself, and refuses workers that there are not", () => {
    const help = run("main", ["--help"]);
    assert.deepEqual([help.status, help.stderr], [0, ""]);
    assert.match(
      help.stdout,
      /^usage: main\.ts <worker>\.\.\.\n\nWorkers: sms-worker, email-worker, webhook-worker, api\./,
    );
    const wrong = run("main", ["sms-worker", "fax-worker"]);
    assert.deepEqual([wrong.status, wrong.stdout], [2, ""]);
    assert.match(wrong.stderr, /^no such worker: fax-worker\nusage:/);
  });

  it("main ends with 2 and every mistake of all its workers at once", () => {
    const secret = "a-password-of-this-test";
    const env = { SMS_PROVIDER: "twilio", HEALTH_PORT: "x", PORT: "y", DATABASE_URL: `mysql://u:${secret}@db` };
    const { status, stdout } = run("main", ["sms-worker", "api"], env);
    assert.equal(status, 2);
    assert.ok(!stdout.includes(secret));
    const { problems } = JSON.parse(stdout) as { problems: string[] };
    assert.deepEqual(problems.map((problem) => problem.split(" ", 1)[0]).sort(), [
      "DATABASE_URL",
      "HEALTH_PORT",
      "PORT",
      "TWILIO_ACCOUNT_SID",
      "TWILIO_AUTH_TOKEN",
      "TWILIO_FROM",
    ]);
  });

  it("webhook-secret prints the secrets of a tenant, one for each key", () => {
    const keys = [1, 2].map((byte) => Buffer.alloc(32, byte).toString("base64"));
    const { status, stdout } = run("webhook-secret", ["acme"], { WEBHOOK_SECRET: keys.join(",") });
    assert.deepEqual([status, stdout], [0, keys.map((key) => `${webhookSecret(key, "acme")}\n`).join("")]);
    assert.match(run("webhook-secret", []).stderr, /^usage: webhook-secret\.ts <tenant>/);
    const missing = run("webhook-secret", ["acme"], { WEBHOOK_SECRET: "" });
    assert.equal(missing.status, 2);
    assert.match(missing.stderr, /WEBHOOK_SECRET is not set: expected keys of 32 bytes/);
  });

  it("traffic explains itself, and refuses what it cannot do", () => {
    assert.match(run("traffic", ["--help"]).stdout, /^usage: traffic\.ts/);
    for (const [args, message] of [
      [["--rate", "0"], /^--rate "0": expected a number above 0/],
      [["--count", "x"], /^--count "x": expected a whole number from 1 on/],
      [["--speed", "1"], /Unknown option '--speed'/],
    ] as const) {
      const { status, stderr } = run("traffic", [...args]);
      assert.equal(status, 2, stderr);
      assert.match(stderr, message);
    }
  });
});

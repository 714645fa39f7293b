import assert from "node:assert/strict";
import { readSettings, SettingsError } from "../../../../workers/messaging";
import { redactText, secretsOf } from "../../../../workers/messaging/redact";
import { redisSettings } from "../../../../workers/redis/settings";

const ca = "-----BEGIN CERTIFICATE-----\n...";

describe("settings of Redis", () => {
  it("are a server's, or none", () => {
    assert.equal(readSettings(redisSettings, {}), undefined);
    assert.deepEqual(readSettings(redisSettings, { REDIS_URL: "redis://localhost" }), {
      url: "redis://localhost",
      ca: undefined,
    });
    const url = "rediss://user:secret@redis.internal:6380/1";
    assert.deepEqual(readSettings(redisSettings, { REDIS_URL: url, REDIS_CA: ca }), { url, ca });
  });

  it("report every mistake at once, without the password", () => {
    for (const [env, expected] of [
      [
        { REDIS_URL: "http://:secret-word@redis", REDIS_CA: "x" },
        [/^REDIS_URL .*: expected a URL that begins with redis:\/\/ or rediss:\/\/$/, /^REDIS_CA "x": expected cert/],
      ],
      [{ REDIS_URL: "redis://redis", REDIS_CA: ca }, [/^REDIS_CA .*: only for a REDIS_URL that begins with rediss/]],
      [{ REDIS_CA: ca }, [/^REDIS_CA .*: only for a REDIS_URL/]],
    ] as const) {
      assert.throws(
        () => readSettings(redisSettings, env),
        (error) => {
          assert.ok(error instanceof SettingsError);
          for (const pattern of expected)
            assert.ok(
              error.problems.some((each) => pattern.test(each)),
              error.message,
            );
          assert.doesNotMatch(error.message, /secret-word/);
          return true;
        },
      );
    }
    const env = { REDIS_URL: "redis://:secret-word@redis" };
    assert.equal(redactText("AUTH secret-word", secretsOf(env)), "AUTH [redacted]");
  });
});

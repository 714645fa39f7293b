import * as assert from "node:assert/strict";
import * as z from "zod";
import {
  allSettings,
  durationSetting,
  readSettings,
  SettingsError,
  workerSettings,
} from "../../../../workers/messaging";

const problemsOf = (read: () => unknown): readonly string[] => {
  try {
    read();
  } catch (error) {
    assert.ok(error instanceof SettingsError);
    return error.problems;
  }
  return [];
};

describe("settings of a worker", () => {
  it("have defaults, also where a variable is empty", () => {
    const defaults = {
      healthPort: 8080,
      healthHost: "127.0.0.1",
      logLevel: "info",
      concurrency: undefined,
      grace: 30_000,
    };
    assert.deepEqual(workerSettings({}), defaults);
    assert.deepEqual(workerSettings({ HEALTH_PORT: "", CONCURRENCY: "" }), defaults);
  });

  it("are read", () => {
    const env = {
      HEALTH_PORT: "0",
      HEALTH_HOST: "0.0.0.0",
      LOG_LEVEL: "debug",
      CONCURRENCY: "10",
      SHUTDOWN_GRACE: "2m",
    };
    assert.deepEqual(workerSettings(env), {
      healthPort: 0,
      healthHost: "0.0.0.0",
      logLevel: "debug",
      concurrency: 10,
      grace: 120_000,
    });
  });

  it("report every mistake at once, with variable, value and what is expected", () => {
    const env = { HEALTH_PORT: "http", LOG_LEVEL: "loud", CONCURRENCY: "0", SHUTDOWN_GRACE: "soon" };
    assert.deepEqual(
      problemsOf(() => workerSettings(env)),
      [
        'HEALTH_PORT "http": expected a whole number from 0 to 65535',
        'LOG_LEVEL "loud": expected trace, debug, info, warn, error, fatal or silent',
        'CONCURRENCY "0": expected a whole number from 1 to 10000',
        'SHUTDOWN_GRACE "soon": expected a duration such as "30s", or a whole number of milliseconds',
      ],
    );
  });

  it("of several readers are reported together, and a secret's value is not shown", () => {
    const database = z.object({ DATABASE_URL: z.url("expected a URL"), API_TOKEN: z.string().min(10, "too short") });
    const problems = problemsOf(() =>
      allSettings({
        worker: () => workerSettings({ HEALTH_PORT: "-1" }),
        own: () => readSettings(database, { API_TOKEN: "sesame" }),
      }),
    );
    assert.deepEqual(problems, [
      'HEALTH_PORT "-1": expected a whole number from 0 to 65535',
      "DATABASE_URL is not set: expected a URL",
      "API_TOKEN is wrong: too short",
    ]);
  });

  it("of several readers are returned together, and other errors pass", () => {
    assert.deepEqual(allSettings({ one: () => 1, two: () => "2" }), { one: 1, two: "2" });
    assert.throws(
      () =>
        allSettings({
          broken: () => {
            throw new TypeError("broken");
          },
        }),
      TypeError,
    );
  });

  it("show no password of a URL", () => {
    const database = z.object({ DATABASE_URL: z.string().startsWith("postgres://", "expected postgres://") });
    assert.deepEqual(
      problemsOf(() => readSettings(database, { DATABASE_URL: "mysql://app:sesame@db/app" })),
      ['DATABASE_URL "mysql://[redacted]@db/app": expected postgres://'],
    );
  });

  it("have durations with units, or milliseconds", () => {
    const read = (text: string) => durationSetting.parse(text);
    assert.deepEqual(["250", "250ms", "30s", "5m", "1h"].map(read), [250, 250, 30_000, 300_000, 3_600_000]);
  });
});

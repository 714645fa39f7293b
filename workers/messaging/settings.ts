import * as z from "zod";
import { isSecretName, redactText } from "./redact";

/** Environment variables, as `process.env` has them. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** What is wrong with the environment variables of a process: one line a mistake. */
export class SettingsError extends Error {
  override readonly name = "SettingsError";

  constructor(readonly problems: readonly string[]) {
    super(`wrong environment variables:\n${problems.map((problem) => `  ${problem}`).join("\n")}`);
  }
}

/**
 * Checks environment variables. An empty one counts as not set.
 *
 * @throws SettingsError with every mistake: variable, what is expected, and the value unless it is a secret
 */
export function readSettings<S extends z.ZodType>(schema: S, env: Environment): z.output<S> {
  const set = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== undefined && value !== ""));
  const { data, error } = schema.safeParse(set);
  if (!error) return data;
  throw new SettingsError(
    error.issues.map(({ path, message }) => {
      const [name = "environment"] = path.map(String);
      const value = set[name];
      const shown =
        value === undefined ? "is not set" : isSecretName(name) ? "is wrong" : redactText(JSON.stringify(value));
      return `${name} ${shown}: ${message}`;
    }),
  );
}

/**
 * Calls every reader; returns what each returned.
 *
 * @throws SettingsError with the mistakes of all of them
 */
export function allSettings<A extends object>(readers: { [K in keyof A]: () => A[K] }): A {
  const problems: string[] = [];
  const read: Partial<A> = {};
  for (const key of Object.keys(readers) as (keyof A)[]) {
    try {
      read[key] = readers[key]();
    } catch (error) {
      if (!(error instanceof SettingsError)) throw error;
      problems.push(...error.problems);
    }
  }
  if (problems.length) throw new SettingsError([...new Set(problems)]);
  return read as A;
}

const milliseconds = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 } as const;

/** `"30s"`, `"500ms"`, `"5m"`, `"1h"`, or a number of milliseconds; read as milliseconds. */
export const durationSetting = z
  .string()
  .regex(/^\d+(ms|s|m|h)?$/, 'expected a duration such as "30s", or a whole number of milliseconds')
  .transform((text) => {
    const unit = text.replace(/^\d+/, "") as keyof typeof milliseconds | "";
    return Number.parseInt(text, 10) * milliseconds[unit || "ms"];
  });

const wholeNumber = (least: number, most: number) =>
  z
    .string()
    .regex(/^\d+$/, `expected a whole number from ${least} to ${most}`)
    .transform(Number)
    .refine((value) => value >= least && value <= most, `expected a whole number from ${least} to ${most}`);

/** The longest wait of a timer of Node.js, in milliseconds. */
const longestTimer = 2 ** 31 - 1;

const workerEnvironment = z
  .object({
    HEALTH_PORT: wholeNumber(0, 65_535).default(8080),
    HEALTH_HOST: z.string().default("127.0.0.1"),
    LOG_LEVEL: z
      .enum(["trace", "debug", "info", "warn", "error", "fatal", "silent"], {
        error: "expected trace, debug, info, warn, error, fatal or silent",
      })
      .default("info"),
    CONCURRENCY: wholeNumber(1, 10_000).optional(),
    SHUTDOWN_GRACE: durationSetting.refine((ms) => ms <= longestTimer, "expected at most 24 days").default(30_000),
  })
  .transform((env) => ({
    healthPort: env.HEALTH_PORT,
    healthHost: env.HEALTH_HOST,
    logLevel: env.LOG_LEVEL,
    concurrency: env.CONCURRENCY,
    grace: env.SHUTDOWN_GRACE,
  }));

/** What every worker process reads beside its connection. */
export interface WorkerSettings {
  /** `HEALTH_PORT`: of the health server; 0 is any free one. Default: 8080. */
  healthPort: number;
  /** `HEALTH_HOST`: where it listens; in a container `0.0.0.0`, since probes come from outside. Default: 127.0.0.1. */
  healthHost: string;
  /** `LOG_LEVEL`. Default: info. */
  logLevel: "trace" | "debug" | "info" | "warn" | "error" | "fatal" | "silent";
  /** `CONCURRENCY`: messages that one consumer works on at the same time. Default: what the worker says. */
  concurrency?: number;
  /** `SHUTDOWN_GRACE`: from the signal until the process ends, in milliseconds. Default: 30 s. */
  grace: number;
}

/**
 * Reads `HEALTH_PORT`, `HEALTH_HOST`, `LOG_LEVEL`, `CONCURRENCY` and `SHUTDOWN_GRACE`.
 *
 * @throws SettingsError with every mistake
 */
export const workerSettings = (env: Environment): WorkerSettings => readSettings(workerEnvironment, env);

import * as z from "zod";
import { durationSetting, type Environment, readSettings } from "../messaging";
import { text, wholeNumber } from "../settings";
import { slowest } from "./pace";
import { identitiesOf, recipientProblem } from "./seal";
import { openStore } from "./store/open";

/** Environment variables of backup jobs; `usage` of main.ts lists them. */

/** `BACKUP_ENVIRONMENT` and `BACKUP_STORE`: whose backups, and where they are. */
const place = {
  BACKUP_ENVIRONMENT: z.string({ error: "expected the name of the environment" }),
  BACKUP_STORE: z.string({ error: "expected a folder, or s3://<bucket>/<prefix>" }).transform((value, context) => {
    try {
      return openStore(value);
    } catch (error) {
      context.addIssue((error as Error).message);
      return z.NEVER;
    }
  }),
};

const login = z.object({ user: z.string().min(1), password: z.string().min(1), inboxPrefix: z.string().min(1) });

const logins = z
  .string({ error: "expected the logins of the accounts' users, as JSON" })
  .transform((value, context) => {
    try {
      return z.record(z.string(), login).parse(JSON.parse(value));
    } catch {
      context.addIssue('expected {"<account>":{"user":"...","password":"...","inboxPrefix":"..."}}');
      return z.NEVER;
    }
  });

const recipients = z
  .string({ error: "expected recipients of age, age1..., separated by commas" })
  .transform((value) => value.split(",").flatMap((part) => part.trim() || []))
  .superRefine((all, context) => {
    if (all.length === 0) context.addIssue("expected at least one recipient");
    for (const one of all) {
      const problem = recipientProblem(one);
      if (problem) context.addIssue(problem);
    }
  });

const run = z.object({
  ...place,
  BACKUP_CREDENTIALS: logins,
  BACKUP_RECIPIENTS: recipients,
  /** Bytes a second. */
  BACKUP_RATE: text(/^\d{1,12}$/, "expected bytes a second")
    .transform(Number)
    .refine((rate) => rate >= slowest, `servers end a snapshot that is slower than ${slowest} bytes a second`)
    .optional(),
  BACKUP_KEEP: wholeNumber(1, 10_000).optional(),
});

const verify = z.object({
  ...place,
  /** Text of a key file. */
  BACKUP_KEY_SECRET: z
    .string({ error: "expected the key that backups are encrypted for" })
    .transform(identitiesOf)
    .refine(
      (lines) => lines.length > 0 && lines.every((line) => line.startsWith("AGE-SECRET-KEY-")),
      "expected the key of a backup, AGE-SECRET-KEY-...",
    ),
});

const watch = z.object({
  ...place,
  /** Between two looks at the store. */
  READING_INTERVAL: durationSetting.default(300_000),
});

/** @throws SettingsError with every mistake */
export const runSettings = (env: Environment) => readSettings(run, env);
export const verifySettings = (env: Environment) => readSettings(verify, env);
export const watchSettings = (env: Environment) => readSettings(watch, env);

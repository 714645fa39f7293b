import * as z from "zod";
import { durationSetting } from "../messaging";

const seed = (prefix: "SA" | "SX", what: string) => {
  const expected = `expected the seed of ${what} (${prefix} and 56 letters and digits)`;
  return z.string({ error: expected }).regex(new RegExp(`^${prefix}[A-Z2-7]{56}$`), expected);
};

const subjects = z.object({ allow: z.array(z.string()), deny: z.array(z.string()) }).refine(
  // To servers an empty list of what is allowed is everything.
  ({ allow, deny }) => allow.length > 0 || deny.includes(">"),
  'allows nothing, which needs ">" in deny',
);

const user = z
  .object({
    login: z.string().min(1),
    account: z.string().min(1),
    token: z
      .string()
      .regex(/^[0-9a-f]{64}$/, "expected the SHA-256 of a token")
      .optional(),
    certificate: z.string().startsWith("CN=").optional(),
    publish: subjects,
    subscribe: subjects,
    responses: z.object({ max: z.int().min(1), expiresMs: z.int().min(1) }).optional(),
    connectionTypes: z.array(z.string()).min(1),
  })
  .refine(({ token, certificate }) => (token === undefined) !== (certificate === undefined), {
    error: "expected either a token or a certificate",
  });

const users = z.string({ error: "expected a list of users, as JSON" }).transform((text, context) => {
  try {
    const { data, error } = z.array(user).safeParse(JSON.parse(text));
    if (data) return data;
    for (const { path, message } of error.issues) context.addIssue(`${path.join(".")}: ${message}`);
  } catch (error) {
    context.addIssue(`expected a list of users, as JSON (${(error as Error).name})`);
  }
  return z.NEVER;
});

export const settings = z.object({
  AUTH_ISSUER_SEED: seed("SA", "an account's key"),
  AUTH_XKEY_SEED: seed("SX", "a curve key"),
  AUTH_USERS: users,
  AUTH_EXPIRES: durationSetting.default(86_400_000).refine((ms) => ms >= 1_000, "expected 1s or more"),
});

export type CalloutSettings = z.output<typeof settings>;

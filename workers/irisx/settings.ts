import * as z from "zod";
import { durationSetting } from "../messaging";
import { certificates, oneOf, text, url, wholeNumber } from "../settings";
import type { WebhookSettings } from "./adapters/http-webhook";
import type { SmtpSettings } from "./adapters/smtp";
import type { TwilioSettings } from "./adapters/twilio";

/*
 * Environment variables of irisx, as workers/irisx/README.md lists them. Each worker reads its own part: the API needs
 * no password of Twilio.
 */

/** For one request: it must be over before its message is delivered again (`ackWait` of the durables is 30 s). */
const timeout = durationSetting.refine((ms) => ms >= 100 && ms <= 25_000, "expected 100ms to 25s").default(10_000);

const day = 24 * 60 * 60_000;

/** The local sink, where no provider is chosen: nothing is sent, and no variable of the real one is needed. */
const log = <N extends string>(variable: N) =>
  z
    .object({ [variable]: z.literal("log") } as Record<N, z.ZodLiteral<"log">>)
    .transform(() => ({ kind: "log" as const }));

const withDefault = (variable: string) => (env: unknown) => ({ [variable]: "log", ...(env as object) });

const twilio = z
  .object({
    SMS_PROVIDER: z.literal("twilio"),
    TWILIO_ACCOUNT_SID: text(/^AC[0-9a-f]{32}$/, "expected AC and 32 hexadecimal digits"),
    TWILIO_API_KEY_SID: text(/^SK[0-9a-f]{32}$/, "expected SK and 32 hexadecimal digits").optional(),
    TWILIO_AUTH_TOKEN: text(/./, "expected the token of the account, or the secret of the API key"),
    TWILIO_FROM: text(
      /^\+[1-9]\d{6,14}$|^MG[0-9a-f]{32}$|^(?=.*[A-Za-z])[A-Za-z0-9 ]{1,11}$/,
      "expected a phone number such as +12025550100, a messaging service (MG...), or a sender of at most 11 letters",
    ),
    TWILIO_URL: url(["https://", "http://"]).default("https://api.twilio.com"),
    SMS_TIMEOUT: timeout,
  })
  .transform((env): { kind: "twilio" } & TwilioSettings => ({
    kind: "twilio",
    url: env.TWILIO_URL,
    accountSid: env.TWILIO_ACCOUNT_SID,
    apiKey: env.TWILIO_API_KEY_SID,
    token: env.TWILIO_AUTH_TOKEN,
    from: env.TWILIO_FROM,
    timeout: env.SMS_TIMEOUT,
  }));

export const smsSettings = z.preprocess(
  withDefault("SMS_PROVIDER"),
  z.discriminatedUnion("SMS_PROVIDER", [log("SMS_PROVIDER"), twilio], { error: "expected log or twilio" }),
);

const smtp = z
  .object({
    EMAIL_PROVIDER: z.literal("smtp"),
    SMTP_URL: url(["smtp://", "smtps://"]),
    SMTP_FROM: text(
      /^[^\r\n<>@]*<[^@\s<>]+@[^@\s<>]+>$|^[^@\s<>]+@[^@\s<>]+$/,
      'expected "user@host" or "Name <user@host>"',
    ),
    SMTP_TLS: oneOf("required", "optional").default("required"),
    SMTP_CA: certificates,
    SMTP_CONNECTIONS: wholeNumber(1, 100).default(5),
    EMAIL_TIMEOUT: timeout,
  })
  .transform((env): { kind: "smtp" } & SmtpSettings => ({
    kind: "smtp",
    url: env.SMTP_URL,
    from: env.SMTP_FROM,
    requireTls: env.SMTP_TLS === "required",
    ca: env.SMTP_CA,
    connections: env.SMTP_CONNECTIONS,
    timeout: env.EMAIL_TIMEOUT,
  }));

export const emailSettings = z.preprocess(
  withDefault("EMAIL_PROVIDER"),
  z.discriminatedUnion("EMAIL_PROVIDER", [log("EMAIL_PROVIDER"), smtp], { error: "expected log or smtp" }),
);

const keys = "expected keys of 32 bytes or more in base64, separated by commas; openssl rand -base64 32 makes one";

const isKey = (value: string): boolean =>
  z.base64().safeParse(value).success && Buffer.from(value, "base64").length >= 32;

const http = z
  .object({
    WEBHOOK_PROVIDER: z.literal("http"),
    WEBHOOK_SECRET: z
      .string({ error: keys })
      .transform((list) => list.split(","))
      .refine((list) => list.every(isKey), keys),
    WEBHOOK_TARGETS: oneOf("public", "any").default("public"),
    WEBHOOK_CA: certificates,
    WEBHOOK_TIMEOUT: timeout,
  })
  .transform((env): { kind: "http" } & WebhookSettings => ({
    kind: "http",
    keys: env.WEBHOOK_SECRET,
    targets: env.WEBHOOK_TARGETS,
    ca: env.WEBHOOK_CA,
    timeout: env.WEBHOOK_TIMEOUT,
  }));

export const webhookSettings = z.preprocess(
  withDefault("WEBHOOK_PROVIDER"),
  z.discriminatedUnion("WEBHOOK_PROVIDER", [log("WEBHOOK_PROVIDER"), http], { error: "expected log or http" }),
);

export const retentionSettings = z
  .object({
    DELIVERY_RETENTION: durationSetting
      .refine((ms) => ms >= day, "expected 24h or more")
      // What is replayed from the dead letters, which are kept for 30 days, must still be known.
      .default(35 * day),
  })
  .transform((env) => env.DELIVERY_RETENTION);

const isLoopback = (host: string): boolean => /^(127(\.\d+){3}|::1|localhost)$/.test(host);

/** In a container both listen for others; elsewhere both for this machine only. */
const withHealthHost = (env: unknown) => ({
  API_HOST: (env as { HEALTH_HOST?: string }).HEALTH_HOST,
  ...(env as object),
});

const apiEnvironment = z
  .object({
    API_HOST: z.string().default("127.0.0.1"),
    PORT: wholeNumber(0, 65_535).default(8081),
    API_TOKEN: z.string().min(32, "expected 32 characters or more; openssl rand -hex 32 makes one").optional(),
  })
  .refine(({ API_HOST, API_TOKEN }) => API_TOKEN !== undefined || isLoopback(API_HOST), {
    path: ["API_TOKEN"],
    error: "needed where API_HOST (or HEALTH_HOST) is not this machine: all who reach the API can send messages",
    when: () => true,
  })
  .transform((env): ApiSettings => ({ host: env.API_HOST, port: env.PORT, token: env.API_TOKEN }));

export const apiSettings = z.preprocess(withHealthHost, apiEnvironment);

/** Where the HTTP API listens, and who may use it. */
export interface ApiSettings {
  host: string;
  /** 0 is any free one. */
  port: number;
  /** What clients send as `Authorization: Bearer`. Default: none is asked for, on this machine only. */
  token?: string;
}

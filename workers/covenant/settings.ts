import { createPrivateKey } from "node:crypto";
import * as z from "zod";
import { durationSetting } from "../messaging";
import { text, url } from "../settings";
import type { FcmSettings } from "./adapters/fcm";
import type { ServiceAccount } from "./adapters/google-token";

/*
 * Environment variables of covenant, as workers/covenant/README.md lists them. Each worker reads its own part.
 */

const expected = "expected the JSON of a service account's key, with project_id, client_email, private_key, token_uri";

const isPrivateKey = (pem: string): boolean => {
  try {
    return createPrivateKey(pem).asymmetricKeyType === "rsa";
  } catch {
    return false;
  }
};

const keyFile = z
  .object({
    project_id: z.string().regex(/^[a-z][a-z0-9-]{4,29}$/),
    client_email: z.string().min(1),
    private_key: z.string().refine(isPrivateKey),
    token_uri: url(["https://", "http://"]),
  })
  .transform((key): ServiceAccount => ({
    projectId: key.project_id,
    clientEmail: key.client_email,
    privateKey: key.private_key,
    tokenUri: key.token_uri,
  }));

const credentials = z.string({ error: expected }).transform((json, context): ServiceAccount => {
  const { data } = keyFile.safeParse(parsed(json));
  if (data) return data;
  context.addIssue({ code: "custom", message: expected });
  return z.NEVER;
});

function parsed(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}

const fcm = z
  .object({
    PUSH_PROVIDER: z.literal("fcm"),
    FCM_CREDENTIALS: credentials,
    FCM_URL: url(["https://", "http://"]).default("https://fcm.googleapis.com"),
    FCM_TOPIC_PREFIX: text(/^[a-zA-Z0-9-_.~%]{1,100}$/, "expected letters, digits and -_.~%").default("incidents"),
    // For one request: two, with that for a token, must be over before the message is delivered again (30 s).
    PUSH_TIMEOUT: durationSetting.refine((ms) => ms >= 100 && ms <= 12_000, "expected 100ms to 12s").default(5_000),
  })
  .transform((env): { kind: "fcm" } & FcmSettings => ({
    kind: "fcm",
    url: env.FCM_URL,
    account: env.FCM_CREDENTIALS,
    topicPrefix: env.FCM_TOPIC_PREFIX,
    timeout: env.PUSH_TIMEOUT,
  }));

const log = z.object({ PUSH_PROVIDER: z.literal("log") }).transform(() => ({ kind: "log" as const }));

export const pushSettings = z.preprocess(
  (env: unknown) => ({ PUSH_PROVIDER: "log", ...(env as object) }),
  z.discriminatedUnion("PUSH_PROVIDER", [log, fcm], { error: "expected log or fcm" }),
);

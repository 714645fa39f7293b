import { createHash } from "node:crypto";
import * as z from "zod";
import { retryAfter } from "../../retry-after";
import { GoogleTokens, type ServiceAccount, TokenError } from "./google-token";
import type { Notification, PushResult, PushService } from "./push-service";

/** Firebase Cloud Messaging. */
export interface FcmSettings {
  /** Where it is. Default: https://fcm.googleapis.com. */
  url: string;
  account: ServiceAccount;
  /**
   * Devices subscribe to `<prefix>-critical`, `<prefix>-warning`, `<prefix>-info`. None subscribes to `<prefix>-check`,
   * which tells whether messages are taken at all; what is sent there shows nothing.
   */
  topicPrefix: string;
  /** For one request, in milliseconds. */
  timeout: number;
}

const scope = "https://www.googleapis.com/auth/firebase.messaging";

/** A device that is not reached within a day gets no more of the incident, as its stream keeps it. In seconds. */
const lifetime = 24 * 60 * 60;

/** Where 429 comes without `Retry-After`: the documented wait, in milliseconds. */
const quotaWait = 60_000;

/** Bytes of text. A message to a topic may have 2,048 with its keys: documentation of INVALID_ARGUMENT. */
const most = { title: 400, body: 1_200 } as const;

/**
 * Sends by the HTTP v1 API to a topic, so that devices are known to Firebase alone. The API has no idempotency key: a
 * notification that was taken and not answered is sent again; devices replace the first by its tag and collapse id.
 * https://firebase.google.com/docs/reference/fcm/rest/v1/projects.messages/send
 */
export function fcm(settings: FcmSettings): PushService {
  const { account, timeout } = settings;
  const endpoint = `${settings.url.replace(/\/$/, "")}/v1/projects/${account.projectId}/messages:send`;
  const tokens = new GoogleTokens(account, scope, timeout);

  async function post(notification: Notification): Promise<PushResult> {
    const message = messageOf(notification, settings.topicPrefix);
    const { response, text } = await request({ message });
    const result = resultOf(response, text);
    if (result.outcome !== "retry") return result;
    // INTERNAL: of this notification only if FCM takes another message. To validate one says nothing of deliveries.
    const other = await request({ message: { topic: `${settings.topicPrefix}-check`, data: { check: "1" } } });
    return other.response.ok ? result : { ...result, outcome: "unavailable" };
  }

  async function request(body: object): Promise<{ response: Response; text: string }> {
    const token = await tokens.get();
    const response = await fetch(endpoint, {
      method: "POST",
      headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
      body: JSON.stringify(body),
      // It would be sent with the token.
      redirect: "error",
      signal: AbortSignal.timeout(timeout),
    });
    const text = await response.text();
    if (response.status === 401) tokens.forget(token);
    return { response, text };
  }

  return {
    provider: "fcm",
    async send(notification) {
      try {
        return await post(notification);
      } catch (error) {
        const { message, cause } = error as Error;
        const why = cause instanceof Error && cause.message ? cause.message : message;
        const what = error instanceof TokenError ? "no access token of Google" : "FCM did not answer";
        return { outcome: "unavailable", reason: `${what}: ${why}` };
      }
    },
  };
}

function messageOf({ id, level, title, description, time }: Notification, topicPrefix: string) {
  const tag = collapseIdOf(id);
  const isUrgent = level === "critical";
  return {
    topic: `${topicPrefix}-${level}`,
    notification: { title: shortened(title, most.title), ...bodyOf(description) },
    data: { incident: tag, level, time: time.toISOString() },
    android: {
      priority: isUrgent ? "HIGH" : "NORMAL",
      collapse_key: tag,
      ttl: `${lifetime}s`,
      notification: { tag },
    },
    apns: {
      headers: {
        "apns-collapse-id": tag,
        "apns-priority": isUrgent ? "10" : "5",
        "apns-expiration": String(Math.floor(time.getTime() / 1_000) + lifetime),
      },
    },
    webpush: { headers: { TTL: String(lifetime), Urgency: isUrgent ? "high" : "normal" }, notification: { tag } },
  };
}

const bodyOf = (description?: string) => (description ? { body: shortened(description, most.body) } : {});

/** At most 64 bytes: Apple's limit of a collapse id. */
const collapseIdOf = (id: string): string =>
  Buffer.byteLength(id) <= 64 ? id : createHash("sha256").update(id).digest("hex");

function shortened(text: string, bytes: number): string {
  if (Buffer.byteLength(text) <= bytes) return text;
  let short = "";
  for (const character of text) {
    if (Buffer.byteLength(short + character) > bytes - 3) break;
    short += character;
  }
  return `${short}…`;
}

/** `{ "error": { "code": 429, "message": "...", "status": "...", "details": [{ "errorCode": "QUOTA_EXCEEDED" }] } }` */
const failure = z.object({
  error: z.object({
    message: z.string().optional(),
    status: z.string().optional(),
    details: z.array(z.looseObject({ errorCode: z.string().optional() })).optional(),
  }),
});

const sent = z.object({ name: z.string() });

/** https://firebase.google.com/docs/reference/fcm/rest/v1/ErrorCode */
function resultOf({ ok, status, headers }: Response, text: string): PushResult {
  const body = parsed(text);
  // What was accepted is not sent again, whatever else the answer is.
  if (ok) return { outcome: "sent", id: sent.safeParse(body).data?.name };
  const { error } = failure.safeParse(body).data ?? {};
  const code = error?.details?.find(({ errorCode }) => errorCode)?.errorCode ?? error?.status;
  const reason = `FCM ${status}${code ? ` ${code}` : ""}${error?.message ? `: ${error.message}` : ""}`;
  const wait = retryAfter(headers.get("retry-after"));
  if (status === 400 || code === "UNREGISTERED") return { outcome: "rejected", reason };
  if (status === 429) return { outcome: "unavailable", reason, retryAfter: wait ?? quotaWait };
  // INTERNAL may be of this request. Other 5xx are of the service; other 4xx of login, project and rights.
  return { outcome: status === 500 ? "retry" : "unavailable", reason, retryAfter: wait };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

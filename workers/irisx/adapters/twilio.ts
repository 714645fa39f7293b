import { retryAfter } from "../../retry-after";
import type { Sender, SendResult, Sms } from "./sender";

/** Twilio's REST API. */
export interface TwilioSettings {
  /** Where it is. Default: https://api.twilio.com. */
  url: string;
  /** `AC...`: the account that messages are sent from. */
  accountSid: string;
  /** `SK...`: an API key; its secret is `token` then. Default: the account's own token. */
  apiKey?: string;
  token: string;
  /** A phone number or alphanumeric sender, or `MG...`, a messaging service. */
  from: string;
  /** For one request, in milliseconds. */
  timeout: number;
}

/**
 * Sends by `POST /2010-04-01/Accounts/{Sid}/Messages.json`. The API has no idempotency key: a request that was received
 * but not answered is sent again by the next attempt, so that an SMS may arrive twice.
 * https://www.twilio.com/docs/messaging/api/message-resource#create-a-message-resource
 */
export function twilioSender(settings: TwilioSettings): Sender<Sms> {
  const endpoint = `${settings.url.replace(/\/$/, "")}/2010-04-01/Accounts/${settings.accountSid}/Messages.json`;
  const login = Buffer.from(`${settings.apiKey ?? settings.accountSid}:${settings.token}`).toString("base64");
  const sender = settings.from.startsWith("MG") ? "MessagingServiceSid" : "From";
  return {
    provider: "twilio",
    async send({ to, body }) {
      try {
        const response = await fetch(endpoint, {
          method: "POST",
          headers: { authorization: `Basic ${login}`, accept: "application/json" },
          body: new URLSearchParams({ To: to, Body: body, [sender]: settings.from }),
          // It would be sent with the credentials.
          redirect: "error",
          signal: AbortSignal.timeout(settings.timeout),
        });
        return resultOf(response, await response.text());
      } catch (error) {
        return { outcome: "unavailable", reason: `Twilio did not answer: ${reasonOf(error)}` };
      }
    },
    close: () => Promise.resolve(),
  };
}

/** Twilio's errors: `{ "code": 21211, "message": "...", "more_info": "...", "status": 400 }`. */
function resultOf({ ok, status, headers }: Response, text: string): SendResult {
  const body = parsed(text);
  // What was accepted is never sent again, whatever else the answer is.
  if (ok) return { outcome: "sent", providerId: typeof body.sid === "string" ? body.sid : undefined };
  const code = typeof body.code === "number" ? ` (${body.code})` : "";
  const reason = `Twilio ${status}${code}${typeof body.message === "string" ? `: ${body.message}` : ""}`;
  const wait = retryAfter(headers.get("retry-after"));
  if (isAboutAccount(status, body.code)) return { outcome: "unavailable", reason, retryAfter: wait };
  return status >= 500 ? { outcome: "retry", reason, retryAfter: wait } : { outcome: "rejected", reason };
}

/** Whether another message would get the same answer: wrong credentials, a limit of the account, a gateway's error. */
const isAboutAccount = (status: number, code: unknown): boolean =>
  [401, 429, 502, 503, 504].includes(status) || accountErrors.has(code);

/**
 * Errors of the account that come with other statuses too: no such login, account not active, no permission, too many
 * requests, the sender's queue is full. https://www.twilio.com/docs/api/errors
 */
const accountErrors = new Set<unknown>([20003, 20005, 20403, 20429, 21611]);

function parsed(text: string): Record<string, unknown> {
  try {
    const body: unknown = JSON.parse(text);
    return typeof body === "object" && body !== null ? { ...body } : {};
  } catch {
    return {};
  }
}

/** `fetch failed` alone does not tell why: the cause does. */
function reasonOf(error: unknown): string {
  const { message, cause } = error as Error;
  return cause instanceof Error && cause.message ? cause.message : message;
}

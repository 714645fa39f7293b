import * as http from "node:http";
import * as https from "node:https";
import { isIP } from "node:net";
import { Webhook as Signature } from "standardwebhooks";
import { isPublic, PrivateAddressError, publicLookup } from "./public-address";
import { retryAfter } from "../../retry-after";
import type { Sender, SendResult, Webhook } from "./sender";
import { webhookSecret } from "./webhook-secret";

/** How webhooks are signed and where they may go. */
export interface WebhookSettings {
  /** Base64, 32 bytes or more. All of them sign: a new one is put in front, the old one removed later. */
  keys: readonly string[];
  /** `public`: `https:` to addresses of the internet. `any`: also `http:`, and this machine and network. */
  targets: "public" | "any";
  /** Certificates that are trusted, PEM. Default: those of Node.js. */
  ca?: string;
  /** For one request, in milliseconds. */
  timeout: number;
}

/** So much of an answer is kept as the reason of a failure. */
const answerBytes = 256;

/**
 * Posts JSON, signed as Standard Webhooks: `webhook-id` is the same for every attempt, by which a receiver recognises
 * what it has already. Anything but 2xx is a failure that may pass, except 410: the receiver wants no more of them.
 * Redirects are not followed. https://github.com/standard-webhooks/standard-webhooks/blob/main/spec
 */
export function webhookSender(settings: WebhookSettings): Sender<Webhook> {
  // A connection that was kept may be closed by the receiver at any moment, which would look like a failure.
  const options = { keepAlive: false, ca: settings.ca };
  const agents = { "http:": new http.Agent(options), "https:": new https.Agent(options) };
  return {
    provider: "http",
    async send(webhook) {
      const url = new URL(webhook.url);
      const refused = refusal(url, settings.targets);
      if (refused) return { outcome: "rejected", reason: refused };
      try {
        return resultOf(await post(url, webhook, settings, agents));
      } catch (error) {
        if (error instanceof PrivateAddressError) return { outcome: "rejected", reason: error.message };
        const { name, message, cause } = error as Error;
        const why = name === "AbortError" ? (cause as Error).message : message;
        return { outcome: "retry", reason: `${url.host} did not answer: ${why}` };
      }
    },
    close() {
      for (const agent of Object.values(agents)) agent.destroy();
      return Promise.resolve();
    },
  };
}

/** Why a webhook may not be sent there. What a name resolves to is checked by the connection. */
function refusal({ protocol, hostname }: URL, targets: WebhookSettings["targets"]): string | undefined {
  if (protocol !== "https:" && (targets === "public" || protocol !== "http:"))
    return `${protocol} is not allowed for webhooks, only https:`;
  const address = hostname.replace(/^\[|\]$/g, "");
  if (targets === "public" && isIP(address) && !isPublic(address))
    return new PrivateAddressError(address, address).message;
  return undefined;
}

interface Answer {
  status: number;
  retryAfter?: string;
  text: string;
}

function post(
  url: URL,
  { id, tenantId, body }: Webhook,
  { keys, targets, timeout }: WebhookSettings,
  agents: Record<string, http.Agent>,
): Promise<Answer> {
  const now = new Date();
  const signatures = keys.map((key) => new Signature(webhookSecret(key, tenantId)).sign(id, now, body));
  const { request } = url.protocol === "https:" ? https : http;
  return new Promise((resolve, reject) => {
    const sent = request(
      url,
      {
        method: "POST",
        agent: agents[url.protocol],
        lookup: targets === "public" ? publicLookup : undefined,
        signal: AbortSignal.timeout(timeout),
        headers: {
          "content-type": "application/json",
          "content-length": Buffer.byteLength(body),
          "user-agent": "irisx-webhooks",
          "webhook-id": id,
          "webhook-timestamp": String(Math.floor(now.getTime() / 1_000)),
          "webhook-signature": signatures.join(" "),
        },
      },
      (response) => {
        const answer = { status: response.statusCode ?? 0, retryAfter: response.headers["retry-after"] };
        const chunks: Buffer[] = [];
        let bytes = 0;
        const done = () => resolve({ ...answer, text: Buffer.concat(chunks).toString().slice(0, answerBytes) });
        response.on("data", (chunk: Buffer) => {
          if (bytes < answerBytes) chunks.push(chunk);
          bytes += chunk.length;
          // The status is known: a receiver cannot keep this worker busy by an answer without an end.
          if (bytes > 65_536) response.destroy();
        });
        response.on("close", done);
        response.on("error", done);
      },
    );
    sent.on("error", reject);
    sent.end(body);
  });
}

function resultOf({ status, retryAfter: header, text }: Answer): SendResult {
  if (status >= 200 && status < 300) return { outcome: "sent", providerId: String(status) };
  const reason = `the receiver answered ${status}${text.trim() ? `: ${text.trim()}` : ""}`;
  return status === 410
    ? { outcome: "rejected", reason }
    : { outcome: "retry", reason, retryAfter: retryAfter(header) };
}

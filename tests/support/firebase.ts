import { generateKeyPairSync, randomBytes, verify } from "node:crypto";
import { once } from "node:events";
import * as http from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";

/** A notification as Firebase has taken it. */
export interface TakenMessage {
  topic: string;
  notification: { title: string; body?: string };
  data: Record<string, string>;
  android: { collapse_key: string; priority: string; ttl: string; notification: { tag: string } };
  apns: { headers: Record<string, string> };
}

/** How requests to send are answered: as documented, or with an error. */
export interface Failure {
  status: number;
  /** Of `google.firebase.fcm.v1.FcmError`. */
  code: string;
  retryAfter?: string;
  /** What fails. Default: every request. `sends`: what is to be delivered; `notifications`: what has a notification. */
  of?: "sends" | "notifications";
}

const project = "covenant-test";
const sendPath = `/v1/projects/${project}/messages:send`;
const fields = ["topic", "notification", "data", "android", "apns", "webpush"];

/**
 * Google's token endpoint and Firebase Cloud Messaging on 127.0.0.1, as far as they are documented: assertions are
 * verified, access tokens end, and a message is taken only with a token and with fields of the HTTP v1 API.
 * https://developers.google.com/identity/protocols/oauth2/service-account,
 * https://firebase.google.com/docs/reference/fcm/rest/v1/projects.messages
 */
export async function startFirebase() {
  const keys = generateKeyPairSync("rsa", { modulusLength: 2_048 });
  const taken: TakenMessage[] = [];
  /** Taken too, to topics without subscribers: they show nothing. */
  const silent: Partial<TakenMessage>[] = [];
  const tokens = new Set<string>();
  const counts = { tokens: 0, requests: 0 };
  let failure: Failure | undefined;
  let isTokenEndpointDown = false;

  const giveToken = (body: string, audience: string): [number, object] => {
    const form = new URLSearchParams(body);
    const [head = "", claims = "", signature = ""] = (form.get("assertion") ?? "").split(".");
    const decode = (part: string) => JSON.parse(Buffer.from(part, "base64url").toString()) as Record<string, unknown>;
    const isSigned = verify(
      "RSA-SHA256",
      Buffer.from(`${head}.${claims}`),
      keys.publicKey,
      Buffer.from(signature, "base64url"),
    );
    const { aud, scope, exp, iat, iss } = isSigned ? decode(claims) : {};
    const isGood =
      form.get("grant_type") === "urn:ietf:params:oauth:grant-type:jwt-bearer" &&
      isSigned &&
      decode(head).alg === "RS256" &&
      aud === audience &&
      iss === "worker@covenant-test.iam.example" &&
      scope === "https://www.googleapis.com/auth/firebase.messaging" &&
      Number(exp) - Number(iat) <= 3_600 &&
      Number(exp) * 1_000 > Date.now();
    if (!isGood) return [400, { error: "invalid_grant", error_description: "Invalid JWT" }];
    const token = randomBytes(16).toString("hex");
    tokens.add(token);
    counts.tokens++;
    return [200, { access_token: token, expires_in: 3_599, token_type: "Bearer" }];
  };

  const refusal = (status: number, code: string, message: string): [number, object] => [
    status,
    {
      error: {
        code: status,
        message,
        status: code,
        details: [{ "@type": "type.googleapis.com/google.firebase.fcm.v1.FcmError", errorCode: code }],
      },
    },
  ];

  const take = (body: string, authorization: string | undefined): [number, object] => {
    counts.requests++;
    if (!tokens.has((authorization ?? "").replace(/^Bearer /, "")))
      return [401, { error: { code: 401, message: "Request had invalid credentials.", status: "UNAUTHENTICATED" } }];
    const { message, validate_only: isOnlyValidated } = JSON.parse(body) as {
      message: TakenMessage;
      validate_only?: boolean;
    };
    const isSpared = { sends: isOnlyValidated === true, notifications: message.notification === undefined };
    if (failure && !(failure.of && isSpared[failure.of]))
      return refusal(failure.status, failure.code, "as the test wants");
    const unknown = Object.keys(message).filter((field) => !fields.includes(field));
    if (unknown.length > 0) return refusal(400, "INVALID_ARGUMENT", `Unknown name "${unknown[0]}" at 'message'`);
    const payload = JSON.stringify([message.notification, message.data]);
    if (Buffer.byteLength(payload) > 2_048) return refusal(400, "INVALID_ARGUMENT", "Message is too big");
    if (isOnlyValidated) return [200, { name: `projects/${project}/messages/fake_message_id` }];
    if (!message.notification) {
      silent.push(message);
      return [200, { name: `projects/${project}/messages/silent-${silent.length}` }];
    }
    if (Buffer.byteLength(message.apns.headers["apns-collapse-id"] ?? "") > 64)
      return refusal(400, "INVALID_ARGUMENT", "BadCollapseId");
    taken.push(message);
    return [200, { name: `projects/${project}/messages/${taken.length}` }];
  };

  const server = http.createServer((request, response) => {
    void (async () => {
      const body = await text(request);
      if (request.url === "/token" && isTokenEndpointDown) return request.socket.destroy();
      const [status, answer] =
        request.method !== "POST"
          ? [405, {}]
          : request.url === "/token"
            ? giveToken(body, `${url}/token`)
            : request.url === sendPath
              ? take(body, request.headers.authorization)
              : [404, { error: { code: 404, message: "Requested entity was not found.", status: "NOT_FOUND" } }];
      const wait = status >= 400 && failure?.retryAfter ? { "retry-after": failure.retryAfter } : {};
      response.writeHead(status, { "content-type": "application/json", ...wait }).end(JSON.stringify(answer));
    })();
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url,
    taken,
    silent,
    counts,
    /** A service account's key file. */
    credentials: JSON.stringify({
      type: "service_account",
      project_id: project,
      private_key_id: "1",
      private_key: keys.privateKey.export({ type: "pkcs8", format: "pem" }),
      client_email: "worker@covenant-test.iam.example",
      token_uri: `${url}/token`,
    }),
    /** Requests to send fail from now on; without one they are taken. */
    fail(next?: Failure): void {
      failure = next;
    },
    /** The token endpoint closes connections without an answer. */
    withoutTokens(isDown: boolean): void {
      isTokenEndpointDown = isDown;
    },
    /** All access tokens end. */
    endTokens: () => tokens.clear(),
    close: async () => {
      server.close();
      server.closeAllConnections();
      await once(server, "close");
    },
  };
}

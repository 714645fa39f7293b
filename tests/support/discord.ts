import { once } from "node:events";
import * as http from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { claimPorts } from "./ports";

/**
 * A server on 127.0.0.1 that speaks the part of Discord's REST API that workers call, with its deadlines and error
 * codes: https://discord.com/developers/docs/interactions/receiving-and-responding
 */

/** Discord's ids hold the time since 2015, in milliseconds, from the 22nd bit on. */
const epoch = 1_420_070_400_000;
let count = 0;
export const snowflake = (at = Date.now()): string => String((BigInt(at - epoch) << 22n) + BigInt(++count % 4_096));

export const botToken = "token-of-the-bot-of-this-test";
export const applicationId = "123456789012345678";

/** An interaction that Discord knows, and what happened to it. */
export interface KnownInteraction {
  id: string;
  token: string;
  createdAt: number;
  /** How it was acknowledged, and how many milliseconds after it was made. */
  callback?: { body: { type: number; data?: Record<string, unknown> }; after: number };
  /** Of every attempt to acknowledge it. */
  callbacks: number;
  /** What its answer was set to, again and again. */
  edits: Record<string, unknown>[];
  followUps: Record<string, unknown>[];
}

type Answer = [status: number, body?: unknown, headers?: http.OutgoingHttpHeaders];

const unknownInteraction: Answer = [404, { message: "Unknown interaction", code: 10062 }];
const acknowledged: Answer = [400, { message: "Interaction has already been acknowledged.", code: 40060 }];
const unknownWebhook: Answer = [404, { message: "Unknown Webhook", code: 10015 }];
const unauthorized: Answer = [401, { message: "401: Unauthorized", code: 0 }];

/**
 * 429 as Discord has it: for a bucket of calls, or for all of an application.
 * https://discord.com/developers/docs/topics/rate-limits
 */
export const rateLimited = (seconds: number, global = false): Answer => [
  429,
  { message: "You are being rate limited.", retry_after: seconds, global },
  {
    "retry-after": String(Math.ceil(seconds)),
    ...(global
      ? { "x-ratelimit-global": "true", "x-ratelimit-scope": "global" }
      : {
          "x-ratelimit-bucket": "abcd1234",
          "x-ratelimit-limit": "5",
          "x-ratelimit-remaining": "0",
          "x-ratelimit-reset-after": String(seconds),
          "x-ratelimit-scope": "user",
        }),
  },
];

/** 429 of what stands before Discord, for an address that has made too many calls. */
export const banned = (seconds: number): Answer => [429, "error code: 1015", { "retry-after": String(seconds) }];

export class DiscordServer {
  readonly interactions = new Map<string, KnownInteraction>();
  /** By guild and member: roles that it was given and not taken. */
  readonly roles = new Map<string, Set<string>>();
  readonly directMessages: { userId: string; content: unknown }[] = [];
  /** Bodies of messages that would notify whom their text mentions. */
  readonly pinging: unknown[] = [];
  /** Requests that it was sent, also while it is down. */
  requests = 0;
  /** What every request is answered with instead; `"refuse"`: connections are ended, as of a machine that is gone. */
  fault?: Answer | "refuse";
  /** What calls are answered with instead whose path this matches. */
  faultOf?: { path: RegExp; answer: Answer };
  /** Takes so long for every answer, in milliseconds. */
  delay = 0;

  private constructor(
    private readonly server: http.Server,
    /** For DISCORD_URL. */
    readonly url: string,
  ) {}

  static async start(): Promise<DiscordServer> {
    const server = http.createServer();
    server.listen(await claimPorts(), "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as { port: number };
    const discord = new DiscordServer(server, `http://127.0.0.1:${port}/api`);
    server.on("request", (request, response) => void discord.serve(request, response));
    return discord;
  }

  /** A new interaction, which Discord waits 3 s for. */
  interaction(createdAt = Date.now()): KnownInteraction {
    const id = snowflake();
    const token = `token-${id}`;
    const known: KnownInteraction = { id, token, createdAt, callbacks: 0, edits: [], followUps: [] };
    this.interactions.set(id, known);
    return known;
  }

  async close(): Promise<void> {
    this.server.close();
    this.server.closeAllConnections();
    await once(this.server, "close");
  }

  private async serve(request: http.IncomingMessage, response: http.ServerResponse): Promise<void> {
    this.requests++;
    if (this.fault === "refuse") return void request.socket.destroy();
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    if (this.delay) await sleep(this.delay);
    const text = Buffer.concat(chunks).toString();
    const body = text ? (JSON.parse(text) as Record<string, unknown>) : {};
    const path = decodeURIComponent((request.url ?? "").replace(/\?.*$/, "").replace(/^\/api\/v10/, ""));
    const ofPath = this.faultOf?.path.test(path) ? this.faultOf.answer : undefined;
    const [status, answer, headers] = this.fault ?? ofPath ?? this.answer(`${request.method} ${path}`, request, body);
    response.writeHead(status, { ...(answer !== undefined && { "content-type": "application/json" }), ...headers });
    response.end(answer === undefined ? undefined : JSON.stringify(answer));
  }

  private answer(call: string, { headers }: http.IncomingMessage, body: Record<string, unknown>): Answer {
    const parse = (body.allowed_mentions as { parse?: unknown[] } | undefined)?.parse;
    if (body.content !== undefined && parse?.length !== 0) this.pinging.push(body);
    delete body.allowed_mentions;
    const callback = /^POST \/interactions\/(\d+)\/([^/]+)\/callback$/.exec(call);
    if (callback) return this.callback(callback[1]!, callback[2]!, body as { type: number });
    const webhook = /^(POST|PATCH) \/webhooks\/(\d+)\/([^/]+)(\/messages\/@original)?$/.exec(call);
    if (webhook) return this.webhook(webhook[2]!, webhook[3]!, body, webhook[4] !== undefined);
    if (call === "GET /gateway") return [200, { url: "wss://gateway.discord.gg" }];
    if (headers.authorization !== `Bot ${botToken}`) return unauthorized;
    const role = /^(PUT|DELETE) \/guilds\/(\d+)\/members\/(\d+)\/roles\/(\d+)$/.exec(call);
    if (role) {
      const key = `${role[2]} ${role[3]}`;
      const own = this.roles.get(key) ?? new Set();
      this.roles.set(key, own);
      if (role[1] === "PUT") own.add(role[4]!);
      else own.delete(role[4]!);
      return [204];
    }
    if (call === "POST /users/@me/channels") return [200, { id: String(body.recipient_id), type: 1 }];
    const channel = /^POST \/channels\/(\d+)\/messages$/.exec(call);
    if (channel) {
      this.directMessages.push({ userId: channel[1]!, content: body.content });
      return [200, { id: snowflake() }];
    }
    return [404, { message: "404: Not Found", code: 0 }];
  }

  private callback(id: string, token: string, body: { type: number }): Answer {
    const known = this.interactions.get(id);
    if (!known || known.token !== token) return unknownInteraction;
    known.callbacks++;
    if (known.callback) return acknowledged;
    const after = Date.now() - known.createdAt;
    if (after > 3_000) return unknownInteraction;
    known.callback = { body, after };
    return [204];
  }

  private webhook(application: string, token: string, body: Record<string, unknown>, isOriginal: boolean): Answer {
    const known = [...this.interactions.values()].find((each) => each.token === token);
    if (application !== applicationId || !known?.callback || Date.now() - known.createdAt > 15 * 60_000)
      return unknownWebhook;
    (isOriginal ? known.edits : known.followUps).push(body);
    return [200, { id: snowflake(), ...body }];
  }
}

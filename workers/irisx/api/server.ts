import { createHash, randomUUID, timingSafeEqual } from "node:crypto";
import fastify, { type FastifyBaseLogger, type FastifyInstance, type FastifyReply } from "fastify";
import * as z from "zod";
import type { Channel, Delivery, DeliveryStore } from "../deliveries/delivery";
import { DatabaseUnavailable } from "../../database/database";
import { contents, priorities, type Priority } from "../messages";

/** What the API needs of the rest. */
export interface ApiPorts {
  /** Publishes to the channel's stream; resolves when it is stored there, rejects if that is not certain. */
  publish: (
    channel: Channel,
    message: { id: string; tenantId: string; content: object; priority?: Priority },
  ) => Promise<void>;
  store: Pick<DeliveryStore, "queued" | "find">;
  log: FastifyBaseLogger;
  /** What clients have to send as `Authorization: Bearer`. Default: nothing. */
  token?: string;
}

const paths: Readonly<Record<Channel, string>> = { sms: "/sms", email: "/email", webhook: "/webhooks" };

/** Beside the content. With an `id` of its own a client can repeat a request whose answer it did not get. */
const request = z.strictObject({ tenantId: z.string().min(1).max(100), id: z.uuid().optional() });

/** Which lane a message takes, for channels that have lanes. */
const priority = (channel: Channel) =>
  channel === "sms"
    ? z.enum(priorities.sms, { error: `expected one of ${priorities.sms.join(", ")}` }).optional()
    : z.never({ error: "only SMS have priorities" }).optional();

const parameters = z.object({ id: z.uuid() });

/** What a request may hold, in bytes: the longest e-mail. A message of NATS may have 8 MiB. */
const bodyLimit = 5 * 1024 * 1024;

/**
 * The HTTP API: `POST /sms`, `/email`, `/webhooks` publish and answer 202 with `{ status: "queued", id }` once the
 * message is stored in its stream; `GET` of the same path and an id answers where the delivery stands.
 */
export function createApi({ publish, store, log, token }: ApiPorts): FastifyInstance {
  const api = fastify({
    loggerInstance: log,
    // One line a request is enough.
    disableRequestLogging: true,
    bodyLimit,
    forceCloseConnections: "idle",
    requestTimeout: 30_000,
  });
  api.addHook("onResponse", async ({ method, url, log: own }, { statusCode, elapsedTime }) => {
    own.info({ method, url, status: statusCode, ms: Math.round(elapsedTime) }, "answered");
  });
  if (token) {
    api.addHook("onRequest", async (message, reply) => {
      if (isToken(message.headers.authorization, token)) return;
      await reply.code(401).header("www-authenticate", "Bearer").send({ error: "a valid bearer token is needed" });
    });
  }
  api.setErrorHandler(async (error: Error & { statusCode?: number }, message, reply) => {
    const status = error instanceof DatabaseUnavailable ? 503 : (error.statusCode ?? 500);
    if (status >= 500) message.log.error({ err: error }, "a request failed");
    if (status === 503) reply.header("retry-after", "5");
    const inside = status === 503 ? "the database does not answer" : "internal error; see the log";
    await reply.code(status).send({ error: status < 500 ? error.message : inside });
  });
  api.setNotFoundHandler((_message, reply) => reply.code(404).send({ error: "no such path" }));

  for (const [channel, path] of Object.entries(paths) as [Channel, string][]) {
    const body = request.extend({ priority: priority(channel) }).extend(contents[channel].shape);
    api.post(path, async (message, reply) => {
      const { data, error } = body.safeParse(message.body);
      if (error) return invalid(reply, error);
      const { id = randomUUID(), tenantId, priority: lane, ...content } = data;
      try {
        await publish(channel, { id, tenantId, content, ...(lane && { priority: lane }) });
      } catch (reason) {
        message.log.error({ err: reason as Error, id }, "a message could not be published");
        return reply
          .code(503)
          .header("retry-after", "5")
          .send({ error: "not certain to be queued; repeat the request with this id", id });
      }
      // It will be delivered whether or not its state can be shown before that.
      await store
        .queued({ channel, id, tenantId })
        .catch((reason: Error) => message.log.warn({ err: reason, id }, "the state of a delivery could not be stored"));
      return reply.code(202).header("location", `${path}/${id}`).send({ status: "queued", id });
    });

    api.get(`${path}/:id`, async (message, reply) => {
      const { data, error } = parameters.safeParse(message.params);
      if (error) return invalid(reply, error);
      const delivery = await store.find({ channel, id: data.id });
      return delivery ? shown(delivery) : reply.code(404).send({ error: `no ${channel} has the id ${data.id}` });
    });
  }
  return api;
}

const invalid = (reply: FastifyReply, { issues }: z.ZodError) =>
  reply.code(400).send({
    error: "invalid request",
    problems: issues.map(({ path, message }) => ({ path: path.join("."), message })),
  });

const shown = ({ channel: _channel, ...delivery }: Delivery) => delivery;

/** Compares in constant time, which needs equal lengths: digests have them. */
function isToken(header: string | undefined, token: string): boolean {
  const digest = (text: string) => createHash("sha256").update(text).digest();
  return timingSafeEqual(digest(header ?? ""), digest(`Bearer ${token}`));
}

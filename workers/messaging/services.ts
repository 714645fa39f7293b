import { Svcm } from "@nats-io/services";
import { headers, type Msg, type NatsConnection, TimeoutError } from "@nats-io/transport-node";
import * as z from "zod";
import { checkMessage, MessageError, readMessage } from "./envelope";
import type { ConsumerStatus } from "./health";
import type { Logger } from "./log";
import type { RequestStatus, WorkerMetrics } from "./metrics";
import { isNoResponders } from "./no-responders";
import { inTraceOf, withTraceHeaders } from "./trace";

/*
 * Request and reply, both ways with schemas. Responders are services as NATS defines them (ADR-32 of
 * nats-architecture-and-design): `nats micro ls`, `info` and `stats` find them. Types of @nats-io/services, a
 * pre-release, appear in no other file and in no interface.
 */

/** A question that can be asked, and its answer. Both sides import the same one. */
export interface Question<Q extends z.ZodType = z.ZodType, A extends z.ZodType = z.ZodType> {
  /** Letters, digits, `-` and `_`. */
  name: string;
  /** Where it is asked. */
  subject: string;
  request: Q;
  response: A;
}

/** Infers the types of a question. */
export const question = <Q extends z.ZodType, A extends z.ZodType>(of: Question<Q, A>): Question<Q, A> => of;

/**
 * Why a request has no answer. `no-responders`: nothing listens; `timeout`: no answer in time, and the request may have
 * been carried out; `refused`: the responder's error; `invalid-response`: an answer of another form.
 */
export type RequestFailure = "no-responders" | "timeout" | "refused" | "invalid-response";

export class RequestFailedError extends Error {
  override readonly name = "RequestFailedError";

  /** @param code of a refusal: 4xx if the same request will be refused again, 5xx if it may succeed later */
  constructor(
    readonly reason: RequestFailure,
    message: string,
    readonly code?: number,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

export interface RequestOptions {
  /** Milliseconds. Default: 5 s. */
  timeout?: number;
  metrics?: Pick<WorkerMetrics, "requests">;
}

/** Headers with which a service refuses (ADR-32). */
const errorHeader = "Nats-Service-Error";
const codeHeader = "Nats-Service-Error-Code";

/**
 * Asks a question, once; the active trace is passed on.
 *
 * @throws MessageError if the request is not what the schema says; nothing is sent then
 * @throws RequestFailedError without an answer, or with one that refuses or is not what the schema says
 */
export async function request<Q extends z.ZodType, A extends z.ZodType>(
  nc: NatsConnection,
  { subject, request: asked, response }: Question<Q, A>,
  data: z.input<Q>,
  { timeout = 5_000, metrics }: RequestOptions = {},
): Promise<z.output<A>> {
  checkMessage(asked, data);
  const observe = metrics?.requests.startTimer();
  let status: RequestStatus = "failed";
  try {
    const answer = await nc
      .request(subject, JSON.stringify(data), { timeout, headers: withTraceHeaders(undefined) })
      .catch((error: unknown) => {
        throw failed(subject, timeout, error);
      });
    const refusal = answer.headers?.get(errorHeader);
    const code = Number(answer.headers?.get(codeHeader)) || 500;
    status = "refused";
    if (refusal || answer.headers?.has(codeHeader))
      throw new RequestFailedError("refused", `${subject} was refused: ${code} ${refusal}`, code);
    try {
      const read = readMessage(response, answer.data);
      status = "success";
      return read;
    } catch (error) {
      if (!(error instanceof MessageError)) throw error;
      const problem = `${subject} was answered with a ${error.message}`;
      throw new RequestFailedError("invalid-response", problem, undefined, { cause: error });
    }
  } finally {
    observe?.({ status });
  }
}

function failed(subject: string, timeout: number, error: unknown): unknown {
  if (error instanceof TimeoutError)
    return new RequestFailedError("timeout", `${subject} has no answer within ${timeout} ms`, undefined, {
      cause: error,
    });
  if (isNoResponders(error))
    return new RequestFailedError("no-responders", `${subject}: no service listens`, undefined, { cause: error });
  return error;
}

/** Thrown by a handler: the requester gets code and message. Anything else that it throws is a 500 without it. */
export class Refusal extends Error {
  override readonly name = "Refusal";

  /** @param code 4xx: the request is wrong; 5xx: it may succeed later */
  constructor(
    readonly code: number,
    message: string,
  ) {
    super(message);
  }
}

/** A question with its handler. Made by `answers`. */
export interface Endpoint {
  question: Question;
  answer(data: Uint8Array, signal: AbortSignal): Promise<string>;
}

/**
 * How a service answers a question. Requests and answers that are not what the schemas say are refused with 400 and
 * 500.
 *
 * @param handle its signal is aborted when the answer would come too late
 */
export const answers = <Q extends z.ZodType, A extends z.ZodType>(
  asked: Question<Q, A>,
  handle: (request: z.output<Q>, signal: AbortSignal) => Promise<z.input<A>>,
): Endpoint => ({
  question: asked,
  async answer(data, signal) {
    let received: z.output<Q>;
    try {
      received = readMessage(asked.request, data);
    } catch (error) {
      if (error instanceof MessageError) throw new Refusal(400, error.message);
      throw error;
    }
    const answer = await handle(received, signal);
    checkMessage(asked.response, answer);
    return JSON.stringify(answer);
  },
});

export interface ServiceOptions {
  /** Letters, digits, `-` and `_`; processes of the same name share the requests. */
  name: string;
  /** Semantic version. */
  version: string;
  description?: string;
  endpoints: readonly Endpoint[];
  /** Requests handled at the same time; more are refused with 503. Default: 100. */
  concurrency?: number;
  /**
   * Milliseconds until a request is answered with 504. Shorter than the `expires` of the user's `allow_responses`,
   * after which the server drops the answer. Default: 4 s.
   */
  timeout?: number;
  log: Pick<Logger, "warn" | "error">;
  metrics?: Pick<WorkerMetrics, "answers">;
}

/** Numbers of one endpoint of one process since its start. Times in milliseconds. */
export interface EndpointStats {
  name: string;
  subject: string;
  requests: number;
  errors: number;
  lastError?: string;
  /** Sum of all requests. */
  processingTime: number;
}

export interface Responder {
  /** Its name in the health of a worker: the service's. */
  readonly name: string;
  /** Of this process among those of its name; empty before the start. */
  readonly id: string;
  readonly status: ConsumerStatus;
  stats(): readonly EndpointStats[];
  /**
   * Takes requests, as a service that NATS tools discover.
   *
   * @throws Error if the user may not subscribe to an endpoint or to what discovery needs
   */
  start(): Promise<void>;
  /** Takes no more requests, and resolves when those that were taken are answered. */
  stop(): Promise<void>;
}

/** The part of @nats-io/services that is used; its own types are those of another version of the client. */
interface NativeService {
  readonly isStopped: boolean;
  readonly stopped: Promise<Error | null>;
  info(): { id: string };
  stats(): Promise<{ endpoints?: NativeStats[] }>;
  addEndpoint(
    name: string,
    options: { subject: string; handler: (error: Error | null, request: Msg) => void },
  ): unknown;
  stop(): Promise<Error | null>;
}

/** Times in nanoseconds. */
interface NativeStats {
  name: string;
  num_requests: number;
  num_errors: number;
  last_error?: string;
  processing_time: number;
  average_processing_time: number;
}

const addService = (nc: NatsConnection, config: { name: string; version: string; description?: string }) =>
  (Reflect.construct(Svcm, [nc]) as { add(of: typeof config): Promise<NativeService> }).add(config);

/** A service that takes requests from its `start` on; a part of a worker (`runWorker`). */
export function createResponder(nc: NatsConnection, options: ServiceOptions): Responder {
  const { name, version, description, endpoints, concurrency = 100, timeout = 4_000, log, metrics } = options;
  const handling = new Set<Promise<void>>();
  const counts = endpoints.map(({ question: { name: endpoint, subject } }): EndpointStats => ({
    name: endpoint,
    subject,
    requests: 0,
    errors: 0,
    processingTime: 0,
  }));
  let service: NativeService | undefined;
  let stopping = false;

  async function handle({ question: { name: endpoint }, answer }: Endpoint, count: EndpointStats, request: Msg) {
    const observe = metrics?.answers.startTimer({ service: name, endpoint });
    const started = performance.now();
    let status: RequestStatus = "success";
    try {
      if (handling.size >= concurrency) throw new Refusal(503, `${concurrency} requests are being handled`);
      const text = await withDeadline(timeout, (signal) =>
        inTraceOf(request.headers, () => answer(request.data, signal)),
      );
      request.respond(text);
    } catch (error) {
      const refusal = error instanceof Refusal ? error : new Refusal(500, "the request failed; see the service's log");
      status = error instanceof Refusal ? "refused" : "failed";
      if (refusal.code >= 500) log.error({ err: error, service: name, endpoint }, "a request failed");
      const head = headers();
      head.set(errorHeader, oneLine(refusal.message));
      head.set(codeHeader, String(refusal.code));
      request.respond("", { headers: head });
      count.errors++;
      count.lastError = `${refusal.code} ${refusal.message}`;
    } finally {
      count.requests++;
      count.processingTime += performance.now() - started;
      observe?.({ status });
    }
  }

  return {
    name,
    get id() {
      return service?.info().id ?? "";
    },
    get status() {
      return {
        running: service?.isStopped === false,
        processed: counts.reduce((sum, { requests }) => sum + requests, 0),
        errored: counts.reduce((sum, { errors }) => sum + errors, 0),
      };
    },
    stats: () => counts.map((count) => ({ ...count })),

    async start() {
      const started = await addService(nc, { name, version, description });
      service = started;
      countingBy(started, counts);
      endpoints.forEach((endpoint, index) => {
        const { name: of, subject } = endpoint.question;
        started.addEndpoint(of, {
          subject,
          handler: (_error, message) => {
            const handled = handle(endpoint, counts[index]!, message).catch((error: unknown) =>
              log.error({ err: error, service: name, endpoint: of }, "a request could not be answered"),
            );
            handling.add(handled);
            void handled.then(() => handling.delete(handled));
          },
        });
      });
      // What the user may not subscribe to is refused before the answer to this.
      await nc.flush();
      if (started.isStopped)
        throw new Error(`service ${name} cannot take requests`, { cause: (await started.stopped) ?? undefined });
      void started.stopped.then((error) => {
        if (!stopping) log.error({ err: error, service: name }, "the service has stopped");
      });
    },

    async stop() {
      stopping = true;
      await service?.stop();
      await Promise.all(handling);
    },
  };
}

/** Starts a service. */
export async function respond(nc: NatsConnection, options: ServiceOptions): Promise<Responder> {
  const responder = createResponder(nc, options);
  await responder.start();
  return responder;
}

/** The library measures until a handler returns its promise, and counts no error of an asynchronous one. */
function countingBy(service: NativeService, counts: readonly EndpointStats[]): void {
  const native = service.stats.bind(service);
  service.stats = async () => {
    const stats = await native();
    const endpoints = stats.endpoints?.map((endpoint) => {
      const count = counts.find(({ name }) => name === endpoint.name);
      if (!count) return endpoint;
      const processing_time = Math.round(count.processingTime * 1_000_000);
      return {
        ...endpoint,
        num_requests: count.requests,
        num_errors: count.errors,
        last_error: count.lastError,
        processing_time,
        average_processing_time: Math.round(processing_time / Math.max(count.requests, 1)),
      };
    });
    return { ...stats, endpoints };
  };
}

async function withDeadline<T>(milliseconds: number, run: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const controller = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => {
      const refusal = new Refusal(504, `not answered within ${milliseconds} ms`);
      controller.abort(refusal);
      reject(refusal);
    }, milliseconds);
  });
  try {
    return await Promise.race([run(controller.signal), late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Headers end at a line break. */
const oneLine = (text: string): string => text.replace(/\s+/g, " ").slice(0, 500);

const foundService = z.object({
  name: z.string(),
  id: z.string(),
  version: z.string(),
  started: z.string(),
  endpoints: z
    .array(
      z.object({
        name: z.string(),
        subject: z.string(),
        num_requests: z.number(),
        num_errors: z.number(),
        last_error: z.string().optional(),
        processing_time: z.number(),
      }),
    )
    .default([]),
});

/** A process that answers requests. */
export interface FoundService {
  name: string;
  id: string;
  version: string;
  /** ISO 8601. */
  started: string;
  endpoints: EndpointStats[];
}

/**
 * Finds the processes that answer requests, with their numbers. The user needs to publish to `$SRV.STATS`, with a name
 * to `$SRV.STATS.<name>`.
 *
 * @param wait milliseconds for the answers of all. Default: 1 s.
 */
export async function findServices(
  nc: NatsConnection,
  { name, wait = 1_000 }: { name?: string; wait?: number } = {},
): Promise<FoundService[]> {
  const subject = name ? `$SRV.STATS.${name}` : "$SRV.STATS";
  const found: FoundService[] = [];
  try {
    for await (const answer of await nc.requestMany(subject, "", { strategy: "timer", maxWait: wait })) {
      const { endpoints, ...service } = readMessage(foundService, answer.data);
      found.push({ ...service, endpoints: endpoints.map(statsOf) });
    }
  } catch (error) {
    if (!isNoResponders(error)) throw error;
  }
  return found;
}

const statsOf = (of: z.infer<typeof foundService>["endpoints"][number]): EndpointStats => ({
  name: of.name,
  subject: of.subject,
  requests: of.num_requests,
  errors: of.num_errors,
  lastError: of.last_error,
  processingTime: of.processing_time / 1_000_000,
});

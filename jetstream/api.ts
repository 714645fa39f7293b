import { channel } from "node:diagnostics_channel";
import { setTimeout as sleep } from "node:timers/promises";
import {
  headers,
  type MsgHdrs,
  type NatsConnection,
  PermissionViolationError,
  RequestError,
  type RequestOptions,
} from "@nats-io/transport-node";
import pLimit from "p-limit";
import { ApiError, Denied, NoAnswer } from "./errors";
import { timeouts } from "./timeouts";

/**
 * Writes are raft proposals: more than 4 at once only queue up, and with more than 16 some take longer than clients
 * wait. The read before a write needs a write slot too: reads beside four writes slow all of them down (docs/adr/0005).
 */
const writeSlots = pLimit(4);
const readSlots = pLimit(16);

/** Runs an operation that reads and may then write, as soon as one of this process's 4 write slots is free. */
export const withWriteSlot = <T>(run: () => Promise<T>): Promise<T> => writeSlots(run);

/** Runs an operation that only reads, as soon as one of this process's 16 read slots is free. */
export const withReadSlot = <T>(run: () => Promise<T>): Promise<T> => readSlots(run);

/** Diagnostics channels for tests and benchmarks: each request before it is sent, and with the ms its answer took. */
const starts = channel("supercluster:jetstream:request:start");
const requests = channel("supercluster:jetstream:request");

type Answer<T> = T & { error?: { code: number; err_code?: number; description?: string } };

/**
 * Sends a request that only reads to `$JS.API.<subject>`, with `payload` as JSON. Sent again after no answer and after
 * temporary refusals, for up to `deadline` ms.
 *
 * @throws `ApiError` (refused), `NoAnswer` (none in time) or `Denied` (no permission)
 */
export function read<T>(
  connection: NatsConnection,
  subject: string,
  payload?: unknown,
  deadline = timeouts.deadlineMs,
): Promise<T> {
  const isWorthIt = (error: unknown) => error instanceof NoAnswer || isTemporary(error);
  return retrying(isWorthIt, deadline, () =>
    request<T>(connection, subject, payload, { timeout: Math.min(timeouts.requestMs, deadline) }),
  );
}

/**
 * All entries of a list, page by page, with `read`. An entry whose leader did not answer is left out of its page, but
 * counts towards the page's size.
 */
export async function readPages<Page extends { total?: number; offset?: number; limit?: number }, Entry>(
  connection: NatsConnection,
  subject: string,
  payload: Record<string, unknown>,
  entriesOf: (page: Page) => Entry[],
  deadline?: number,
): Promise<Entry[]> {
  const entries: Entry[] = [];
  for (let offset = 0; ;) {
    const page = await read<Page>(connection, subject, { ...payload, offset }, deadline);
    const more = entriesOf(page);
    entries.push(...more);
    const step = page.limit ?? more.length;
    offset += step;
    if (step === 0 || offset >= (page.total ?? 0)) return entries;
  }
}

/**
 * Sends a request that changes something to `$JS.API.<subject>`, with `payload` as JSON; `level` is the JetStream API
 * level that it needs (0: any). Sent again only after a temporary refusal, which changes nothing.
 *
 * @throws `ApiError` or `Denied`: nothing was changed; `NoAnswer`: the change may have been made
 */
export function write<T>(connection: NatsConnection, subject: string, payload?: unknown, level = 0): Promise<T> {
  return retrying(isTemporary, timeouts.deadlineMs, () =>
    request<T>(connection, subject, payload, {
      timeout: timeouts.requestMs,
      ...(level && { headers: requiring(level) }),
    }),
  );
}

/**
 * A server with a lower API level refuses the request (error 10185) instead of dropping unknown fields (NATS ADR-44).
 */
function requiring(level: number): MsgHdrs {
  const header = headers();
  header.set("Nats-Required-Api-Level", String(level));
  return header;
}

const isTemporary = (error: unknown): boolean => error instanceof ApiError && error.isTemporary;

async function retrying<T>(
  isWorthIt: (error: unknown) => boolean,
  withinMs: number,
  attempt: () => Promise<T>,
): Promise<T> {
  const deadline = Date.now() + withinMs;
  for (let wait = 100; ; wait = Math.min(wait * 2, 3_000)) {
    try {
      return await attempt();
    } catch (error) {
      if (!isWorthIt(error) || Date.now() + wait > deadline) throw error;
      await sleep(wait * (0.5 + Math.random()));
    }
  }
}

async function request<T>(
  connection: NatsConnection,
  subject: string,
  payload: unknown,
  options: RequestOptions,
): Promise<T> {
  let answer: Answer<T>;
  if (starts.hasSubscribers) starts.publish({ subject });
  const started = performance.now();
  try {
    const message = await connection.request(
      `$JS.API.${subject}`,
      payload === undefined ? undefined : JSON.stringify(payload),
      options,
    );
    answer = message.json();
  } catch (error) {
    if ((error as Error).cause instanceof PermissionViolationError) throw new Denied(subject);
    if (error instanceof RequestError && error.isNoResponders())
      throw new ApiError(subject, 503, 0, "no server takes JetStream requests of this account");
    throw new NoAnswer(subject, options.timeout / 1000, error);
  } finally {
    if (requests.hasSubscribers) requests.publish({ subject, ms: performance.now() - started });
  }
  if (answer.error)
    throw new ApiError(subject, answer.error.code, answer.error.err_code ?? 0, answer.error.description ?? "refused");
  // Seen while an account got its JetStream back: neither an error nor what was asked for.
  if (described.test(subject) && !("config" in answer))
    throw new NoAnswer(subject, options.timeout / 1000, new Error("a server answered without a configuration"));
  return answer;
}

/** Requests whose answer is the stream or consumer, with its configuration. */
const described = /^(STREAM|CONSUMER)\.(INFO|CREATE|UPDATE|DURABLE\.CREATE)\./;

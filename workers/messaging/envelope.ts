import { randomUUID } from "node:crypto";
import type { JsMsg } from "@nats-io/jetstream";
import * as z from "zod";
import type { WorkerMetrics } from "./metrics";
import type { ProcessResult } from "./result";

/** What every message has, beside its own fields. */
const envelopeShape = {
  /** Of this message alone: send it as `Nats-Msg-Id`. */
  id: z.string().min(1).max(200),
  /** When it was made: ISO 8601 with its offset from UTC. */
  timestamp: z.iso.datetime({ offset: true }),
  /** The program that made it. */
  source: z.string().min(1),
  /** The same for all messages that one cause has led to. */
  correlationId: z.string().min(1).optional(),
  /** Whose data it is. */
  tenantId: z.string().min(1),
};

/** What `createMessage` adds, and takes over where it is given. */
const added = { id: () => randomUUID(), timestamp: () => new Date().toISOString() };

export type Envelope = z.infer<z.ZodObject<typeof envelopeShape>>;

/**
 * Schema of a message: the envelope's fields and its own. Give messages that share a stream a literal field `type`.
 *
 * @throws Error for a schema that has a field of the envelope's with another meaning; `.extend()` what it returns to
 *   narrow one: `envelope(own).extend({ tenantId: z.uuid() })`
 */
export function envelope<S extends z.ZodRawShape>(own: z.ZodObject<S>): z.ZodObject<typeof envelopeShape & S> {
  const taken = Object.keys(own.shape).filter((field) => field in envelopeShape);
  if (taken.length) throw new Error(`fields of the envelope cannot be declared again: ${taken.join(", ")}`);
  return z.object({ ...envelopeShape, ...own.shape });
}

/** A message that does not have the form that was agreed on. */
export class MessageError extends Error {
  override readonly name = "MessageError";

  /** @param problems one line a mistake: its path and what is wrong; no values, which may be private */
  constructor(readonly problems: readonly string[]) {
    super(`wrong message: ${problems.join("; ")}`);
  }
}

type Added = keyof typeof added;
type Fields<S extends z.ZodType> = Omit<z.input<S>, Added> & Partial<Pick<z.input<S>, Added & keyof z.input<S>>>;

/**
 * Makes a message: adds `id` (a random UUID) and `timestamp` (now) where they are not given, and checks it.
 *
 * @throws MessageError with every mistake
 */
export const createMessage = <S extends z.ZodType<Envelope>>(schema: S, fields: Fields<S>): z.output<S> =>
  checkMessage(schema, { id: added.id(), timestamp: added.timestamp(), ...withoutUndefined(fields) });

const withoutUndefined = (fields: object) =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));

/**
 * Checks a message that was received.
 *
 * @returns what the schema makes of it
 * @throws MessageError with every mistake
 */
export function checkMessage<S extends z.ZodType>(schema: S, message: unknown): z.output<S> {
  const { data, error } = schema.safeParse(message);
  if (!error) return data;
  throw new MessageError(
    error.issues.map(({ path, message: problem }) => `${path.map(String).join(".") || "message"}: ${problem}`),
  );
}

/**
 * Reads a message from the bytes that were received: JSON in UTF-8.
 *
 * @throws MessageError with every mistake
 */
export function readMessage<S extends z.ZodType>(schema: S, data: Uint8Array): z.output<S> {
  let message: unknown;
  try {
    message = JSON.parse(utf8.decode(data));
  } catch (error) {
    throw new MessageError([`message: not JSON in UTF-8: ${(error as Error).name}`]);
  }
  return checkMessage(schema, message);
}

const utf8 = new TextDecoder("utf-8", { fatal: true });

/** A handler of one type of message, with its schema. Made by `handles`. */
export interface MessageType {
  process(message: unknown, msg: JsMsg): Promise<ProcessResult>;
}

/** What to do with messages of one type. Those that do not fit the schema are terminal. */
export const handles = <S extends z.ZodType>(
  schema: S,
  handle: (message: z.output<S>, msg: JsMsg) => Promise<ProcessResult>,
): MessageType => ({
  async process(message, msg) {
    const { data, error } = resultOf(() => checkMessage(schema, message));
    return error ? { success: false, error } : handle(data as z.output<S>, msg);
  },
});

function resultOf<T>(run: () => T): { data?: T; error?: MessageError } {
  try {
    return { data: run() };
  } catch (error) {
    if (error instanceof MessageError) return { error };
    throw error;
  }
}

const typed = z.looseObject({ type: z.string() });

/**
 * Handles messages by their field `type`. One of a type that is not in the table is counted and terminal, so that it
 * becomes a dead letter: it may be of a newer sender, and can be replayed when its handler is there.
 *
 * ```ts
 * private readonly dispatch = byType({ "task.created": handles(taskCreated, (task) => this.create(task)) }, options);
 * processMessage = (payload: unknown, msg: JsMsg) => this.dispatch(payload, msg);
 * ```
 */
export function byType(
  types: Readonly<Record<string, MessageType>>,
  { durable, metrics }: { durable: string; metrics?: Pick<WorkerMetrics, "unknownMessages"> },
): (message: unknown, msg: JsMsg) => Promise<ProcessResult> {
  return async (message, msg) => {
    const type = typed.safeParse(message).data?.type;
    const known = type !== undefined && Object.hasOwn(types, type) ? types[type] : undefined;
    if (known) return known.process(message, msg);
    metrics?.unknownMessages.inc({ consumer: durable });
    const expected = Object.keys(types).join(", ");
    const problem = type === undefined ? "missing" : `${JSON.stringify(type.slice(0, 100))} is unknown`;
    return { success: false, error: new MessageError([`type: ${problem}; expected one of ${expected}`]) };
  };
}

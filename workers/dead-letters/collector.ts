import { type JetStreamClient, jetstreamManager, type JetStreamManager } from "@nats-io/jetstream";
import { type NatsConnection, PermissionViolationError, RequestError } from "@nats-io/transport-node";
import {
  BaseNatsConsumer,
  clientOf,
  createDeadLetterWriter,
  type DeadLetterCopier,
  deadLetterNames,
  deadLetterSubject,
  type GivenUp,
  isCopyOf,
  type Logger,
  type ProcessResult,
  stored,
  type WorkerMetrics,
} from "../messaging";
import { type Advisory, advisory, isCopiedByWorker } from "./advisory";
import { copiedMessage, storedIfAny } from "./given-up-message";
import type { CollectorMetrics } from "./metrics";
import { remove, type SweptStreams } from "./swept";

export interface CollectorOptions {
  log: Logger;
  metrics: WorkerMetrics;
  collected: CollectorMetrics["collected"];
  swept: SweptStreams;
  concurrency?: number;
  grace?: number;
}

/**
 * Takes advisories about messages that were given up, and copies those whose worker could not. What it did not finish
 * is delivered to it again: the copy exists then, and an acknowledgement that is sent twice does nothing.
 */
export class Collector extends BaseNatsConsumer<Advisory> {
  private tools?: { manager: JetStreamManager; writer: DeadLetterCopier; connection: NatsConnection };
  /** Missing permissions that were logged. */
  private readonly refusals = new Set<string>();
  private readonly collected: CollectorMetrics["collected"];
  private readonly swept: SweptStreams;

  constructor({ collected, swept, ...options }: CollectorOptions) {
    super({
      stream: deadLetterNames.events,
      durable: deadLetterNames.collector,
      schema: advisory,
      // An advisory is all there is until its message is copied, so it is never given up; it expires with its stream.
      attempts: Number.MAX_SAFE_INTEGER,
      ...options,
    });
    this.collected = collected;
    this.swept = swept;
  }

  override async start(js: JetStreamClient): Promise<void> {
    const connection = clientOf(js).getConnection();
    const manager = await jetstreamManager(connection, { checkAPI: false });
    this.tools = { connection, manager, writer: createDeadLetterWriter(js) };
    await this.swept.read(manager);
    await super.start(js);
  }

  async processMessage(event: Advisory): Promise<ProcessResult> {
    try {
      this.collected.inc({ seen: seenBy(event), outcome: await this.collect(event) });
      return { success: true };
    } catch (error) {
      // The client library wraps what is answered to a request.
      const cause = error instanceof RequestError ? error.cause : error;
      if (cause instanceof PermissionViolationError) return this.refused(cause);
      // It is the servers' state, not the advisory, that is in the way: a full stream, no leader.
      return { success: false, unavailable: true, error: error instanceof Error ? error : new Error(String(error)) };
    }
  }

  /** A permission that one advisory lacks must not hold up the others: it is delivered again, as the backoff says. */
  private refused(error: PermissionViolationError): ProcessResult {
    const place = `${error.operation} ${error.subject}`;
    if (!this.refusals.has(place))
      this.options.log.error({ err: error }, "permission missing; advisories that need it are tried again");
    this.refusals.add(place);
    return { success: false, retryable: true, error };
  }

  private async collect(event: Advisory): Promise<"stored" | "exists" | "gone"> {
    // Its letter may have been replayed or dropped since: another one would be a second one.
    if (isCopiedByWorker(event)) return "exists";
    const { stream, consumer: durable, stream_seq: sequence, deliveries } = event;
    const { manager, writer, connection } = this.tools!;
    const at = { stream, durable, sequence, deliveries };
    const subject = deadLetterSubject(stream, sequence, durable);
    const found = await stored(manager, deadLetterNames.copies, { last_by_subj: subject });
    const message = await storedIfAny(manager, stream, { seq: sequence });
    const copied = copiedMessage(at, message);
    let outcome: "stored" | "exists" | "gone" = "exists";
    if (!found || !isCopyOf(found.header, copied)) {
      const written = await writer.copy(copied, why(event));
      outcome = written === "stored" && !message ? "gone" : written;
      this.options.log.warn({ ...at, outcome, event: seenBy(event) }, "a message was given up without its worker");
    }
    if (this.swept.names.includes(stream)) await remove(connection, at);
    return outcome;
  }
}

const seenBy = ({ type }: Advisory): string => type.slice(type.lastIndexOf(".") + 1);

const why = (event: Advisory): GivenUp =>
  "reason" in event && event.reason !== undefined
    ? { reason: "terminal", error: new Error(event.reason) }
    : { reason: seenBy(event) === "terminated" ? "terminal" : "deliveries" };

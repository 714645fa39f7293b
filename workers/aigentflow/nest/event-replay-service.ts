import { type HistoryOptions, type Logger, MessageError, readHistory, readMessage } from "../../messaging";
import { type Events, type Kind, kinds } from "../kinds";
import type { NatsService } from "./nats-service";

/** An event as its stream has it. */
export interface ReplayedEvent<E> {
  event: E;
  subject: string;
  sequence: number;
  /** When the stream stored it. */
  time: Date;
}

export interface ReplayOptions {
  /** From this sequence of the stream on, or from what was stored at this time on. */
  from: HistoryOptions["from"];
  /** Only events of this tenant. Default: of all. */
  tenantId?: string;
}

/** Reads events again that streams have stored, without a consumer: no durable's position changes. */
export class EventReplayService {
  constructor(
    private readonly nats: Pick<NatsService, "getConnection">,
    private readonly log: Pick<Logger, "warn">,
  ) {}

  /**
   * The stored events of a kind, in the order of their stream, to its end. What is not an event of the kind is logged
   * and left out.
   *
   * ```ts
   * for await (const { event } of replay.replay("audit", { from: { time: yesterday }, tenantId })) show(event);
   * ```
   *
   * @throws what `readHistory` throws
   */
  async *replay<K extends Kind>(kind: K, { from, tenantId }: ReplayOptions): AsyncGenerator<ReplayedEvent<Events[K]>> {
    const { stream, filter, schema } = kinds[kind];
    for await (const message of readHistory(this.nats.getConnection(), { stream, subject: filter, from })) {
      const { subject, sequence, time } = message;
      try {
        const event = readMessage(schema, message.data);
        if (tenantId === undefined || event.tenantId === tenantId) yield { event, subject, sequence, time };
      } catch (error) {
        if (!(error instanceof MessageError)) throw error;
        this.log.warn({ err: error, stream, sequence, subject }, "a stored message is not an event; it is left out");
      }
    }
  }
}

import type * as z from "zod";
import {
  BaseNatsConsumer,
  type ConsumerOptions,
  deadLetterNames,
  type DeadLetterWriter,
  type Logger,
  type ProcessResult,
  type Publisher,
  replayDurable,
  type WorkerMetrics,
} from "../../messaging";
import type { Sender, SendResult } from "../adapters/sender";
import { deliver, type Ports } from "../deliveries/deliver";
import type { Channel, DeliveryKey, DeliveryStore } from "../deliveries/delivery";
import { notingFailures } from "../deliveries/failures";
import { DatabaseUnavailable } from "../../database/database";
import { report } from "../deliveries/reports";

/** What every consumer of irisx is made with. */
export interface DeliveryPorts<S> {
  store: DeliveryStore;
  sender: Sender<S>;
  publisher: Pick<Publisher, "publish">;
  deadLetters: DeadLetterWriter;
  log: Logger;
  metrics?: WorkerMetrics;
  concurrency?: number;
  /** Milliseconds that handlers may still take when the worker stops. */
  grace?: number;
}

/** Which durable has a channel's messages. */
export interface Place {
  channel: Channel;
  stream: string;
  durable: string;
}

/** A consumer whose messages leave by a sender, with a state that keeps what was sent from being sent again. */
export abstract class DeliveryConsumer<T extends { id: string; tenantId: string }, S> extends BaseNatsConsumer<T> {
  constructor(
    private readonly place: Place,
    schema: z.ZodType<T>,
    protected readonly ports: DeliveryPorts<S>,
    change: Partial<ConsumerOptions<T>> = {},
  ) {
    const { stream, durable, channel } = place;
    const { deadLetters, store, publisher, log, metrics, concurrency, grace } = ports;
    super({
      ...{ stream, durable, schema, log, metrics, concurrency, grace },
      replays: { stream: deadLetterNames.replays, durable: replayDurable(stream, durable) },
      deadLetters: notingFailures(deadLetters, channel, schema, {
        store,
        log,
        report: (key, outcome) => report(publisher, durable, key, outcome),
      }),
      ...change,
    });
  }

  override async stop(): Promise<void> {
    await super.stop();
    await this.ports.sender.close();
  }

  /** Delivers a message by the sender; a database that does not answer stops this consumer until it does. */
  protected async deliver(message: T, outgoing: S, again?: Ports["again"]): Promise<ProcessResult> {
    const { store, sender, publisher, log } = this.ports;
    const { channel, durable } = this.place;
    const key: DeliveryKey = { channel, id: message.id, tenantId: message.tenantId };
    try {
      return await deliver(key, {
        store,
        provider: sender.provider,
        send: (): Promise<SendResult> => sender.send(outgoing),
        report: (outcome) => report(publisher, durable, key, outcome),
        again,
        onUnstored: (outcome, error) =>
          log.error({ err: error, id: key.id, ...outcome }, "what became of a delivery is not stored"),
      });
    } catch (error) {
      if (error instanceof DatabaseUnavailable) return { success: false, unavailable: true, error };
      throw error;
    }
  }
}

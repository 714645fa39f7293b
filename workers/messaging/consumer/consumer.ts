import type { JetStreamClient, JsMsg } from "@nats-io/jetstream";
import type { ConsumerStatus } from "../health";
import type { ProcessResult } from "../result";
import { Engine } from "./engine";
import type { ConsumerOptions } from "./options";

/**
 * Takes messages of a durable and gives each to `processMessage`; what it returns decides what becomes of the message.
 * The README of workers/messaging has what is guaranteed.
 *
 * ```ts
 * class Greeter extends BaseNatsConsumer<{ name: string }> {
 *   async processMessage({ name }: { name: string }) {
 *     console.log(`hello ${name}`);
 *     return { success: true };
 *   }
 * }
 * await new Greeter({ stream: "GREETINGS", durable: "greeter", log }).start(jetstream(connection));
 * ```
 */
export abstract class BaseNatsConsumer<T> {
  // Nothing else stands in the way of the names that a worker gives its own fields.
  readonly #engine: Engine<T>;

  constructor(protected readonly options: ConsumerOptions<T>) {
    this.#engine = new Engine(options, (payload, message) => this.processMessage(payload, message));
  }

  /**
   * Processes a message. What it throws counts as a failure that is tried again.
   *
   * @param payload decoded and checked
   */
  abstract processMessage(payload: T, message: JsMsg): Promise<ProcessResult>;

  /**
   * Binds to the durable, which must exist, and begins.
   *
   * @throws Error where the durable is missing, is a push durable that another client has, or does not suit a worker
   */
  start(js: JetStreamClient): Promise<void> {
    return this.#engine.start(js);
  }

  /**
   * Asks for no more messages, and hands over at once those whose handler does not run. What is still on its way is
   * processed. Waits for handlers within the grace, and hands over what still runs then. A message that is handed over
   * counts as delivered once more. The connection stays open.
   */
  stop(): Promise<void> {
    return this.#engine.stop();
  }

  /** Of its durable. */
  get name(): string {
    return this.options.durable;
  }

  /** What it does. `inFlight`: messages received and not finished. */
  get status(): ConsumerStatus & { inFlight: number } {
    return this.#engine.status;
  }
}

import type { JsMsg } from "@nats-io/jetstream";

/** What brings messages of a durable: by pull requests, or by a subscription to what it pushes. */
export interface Source {
  /** Takes more messages if there is room for them. */
  refill(): void;
  /** The durable was deleted and made again: what was asked for is forgotten. */
  renew(): void;
  /** Takes no more. Resolves when none is on its way any longer, as far as this process can see. */
  stop(): Promise<void>;
}

/** What a source calls. */
export interface SourceEvents {
  message(message: JsMsg): void;
  /**
   * The durable may be gone, or its leader: it must be looked up. The source goes on meanwhile, where it can.
   *
   * @param why for the log
   */
  doubt(why: string): void;
  /** Messages that there is room for now, beside those asked for. */
  room(): number;
}

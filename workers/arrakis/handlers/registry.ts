import type { Logger, ProcessResult } from "../../messaging";
import type { ConsumeResult } from "../bridges";
import type { DiscordEventPayload } from "../messages";

/** A handler that takes messages as NATS brings them. */
export type NatsHandler<P> = (payload: P, log: Logger) => Promise<ProcessResult>;

/** A handler of before NATS. */
export type HandlerFn = (payload: DiscordEventPayload, log: Logger) => Promise<ConsumeResult>;

/** Handlers by event type: `guild.join`, `interaction.command.stats`. */
export interface Handlers<P> {
  /** Asked first. */
  native: ReadonlyMap<string, NatsHandler<P>>;
  /** Asked second; their payloads and results are converted. */
  legacy: ReadonlyMap<string, HandlerFn>;
}

/** Handlers that code of before NATS has registered for every consumer of the process; asked last. */
const globals = new Map<string, HandlerFn>();

/** Registers a handler for every consumer of the process; prefer the registries that a consumer is made with. */
export const registerGlobalHandler = (eventType: string, handler: HandlerFn): void =>
  void globals.set(eventType, handler);

/** The handler of an event type as a function of both forms of the message; undefined where there is none. */
export function handlerOf<P>(
  { native, legacy }: Handlers<P>,
  eventType: string,
): { native: NatsHandler<P> } | { legacy: HandlerFn } | undefined {
  const own = native.get(eventType);
  if (own) return { native: own };
  const old = legacy.get(eventType) ?? globals.get(eventType);
  return old && { legacy: old };
}

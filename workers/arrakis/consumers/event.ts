import { BaseNatsConsumer, type ProcessResult } from "../../messaging";
import { processResultOf, type Received, receivedEvent, toDiscordEventPayload } from "../bridges";
import { type Handlers, handlerOf } from "../handlers/registry";
import type { GatewayEventPayload } from "../messages";
import { resultOf } from "./failure";
import { type BaseConsumerConfig, optionsOf } from "./options";

/**
 * Takes `events.>`. The gateway publishes every event that it gets: those of types that nothing is registered for are
 * counted and acknowledged.
 */
export class EventNatsConsumer extends BaseNatsConsumer<Received<GatewayEventPayload>> {
  constructor(
    private readonly config: BaseConsumerConfig,
    private readonly handlers: Handlers<GatewayEventPayload>,
  ) {
    super({ ...optionsOf({ stream: "EVENTS", durable: "event-worker" }, config, 20), schema: receivedEvent });
  }

  async processMessage({ payload, legacy }: Received<GatewayEventPayload>): Promise<ProcessResult> {
    const { log, metrics } = this.config;
    const handler = handlerOf(this.handlers, payload.event_type);
    if (!handler) {
      metrics?.unknownMessages.inc({ consumer: this.name });
      return { success: true };
    }
    try {
      if ("native" in handler) return await handler.native(payload, log);
      return processResultOf(await handler.legacy(legacy ?? toDiscordEventPayload(payload), log));
    } catch (error) {
      return resultOf(error);
    }
  }
}

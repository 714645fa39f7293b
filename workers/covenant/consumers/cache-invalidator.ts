import type { JsMsg } from "@nats-io/jetstream";
import { BaseNatsConsumer, originOf, type ProcessResult } from "../../messaging";
import { RedisUnavailable } from "../../redis/redis";
import type { Cache } from "../adapters/cache";
import { type EntityEvent, entityEvent, entityStreams, entitySubject, keyOf } from "../messages";
import { type ConsumerPorts, durableOptions } from "./ports";

/** Has the cache forget each entity that an event is about. The order of events does not matter, nor a repetition. */
export class CacheInvalidator extends BaseNatsConsumer<EntityEvent> {
  constructor(
    private readonly cache: Pick<Cache, "invalidate">,
    ports: ConsumerPorts,
  ) {
    super({
      ...durableOptions("CACHE_INVALIDATOR", Object.values(entityStreams), ports),
      schema: entityEvent,
    });
  }

  async processMessage(payload: EntityEvent, message: JsMsg): Promise<ProcessResult> {
    const { subject } = originOf(message);
    const about = entitySubject(subject);
    if (!about) return { success: false, error: new Error(`${subject} is not the subject of an event of an entity`) };
    try {
      await this.cache.invalidate(about.entity, keyOf(about.entity, payload));
      return { success: true };
    } catch (error) {
      const isUnavailable = error instanceof RedisUnavailable;
      return { success: false, unavailable: isUnavailable, retryable: true, error: error as Error };
    }
  }
}

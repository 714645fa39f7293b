import type { JsMsg } from "@nats-io/jetstream";
import { DatabaseUnavailable } from "../../database/database";
import { BaseNatsConsumer, originOf, type ProcessResult } from "../../messaging";
import type { EventStore } from "../analytics/events";
import { type EntityEvent, entityEvent, entityStreams, entitySubject, keyOf } from "../messages";
import { type ConsumerPorts, durableOptions } from "./ports";

/** As many as the durables may have unacknowledged together: those in hand at the same time are written together. */
const inHand = 100;

/** Stores events of entities in `covenant.events`, one row for each message, however often it is delivered. */
export class Analytics extends BaseNatsConsumer<EntityEvent> {
  constructor(
    private readonly events: EventStore,
    ports: ConsumerPorts,
  ) {
    const options = durableOptions("ANALYTICS", Object.values(entityStreams), ports);
    super({ ...options, schema: entityEvent, concurrency: ports.concurrency ?? inHand });
  }

  async processMessage(payload: EntityEvent, message: JsMsg): Promise<ProcessResult> {
    const { stream, sequence, subject, time: storedAt } = originOf(message);
    const about = entitySubject(subject);
    if (!about) return { success: false, error: new Error(`${subject} is not the subject of an event of an entity`) };
    try {
      const durable = this.name;
      await this.events.put({
        stream,
        sequence,
        durable,
        storedAt,
        ...about,
        key: keyOf(about.entity, payload),
        payload,
      });
      return { success: true };
    } catch (error) {
      if (error instanceof DatabaseUnavailable) return { success: false, unavailable: true, error };
      // Class 22 of SQLSTATE: what PostgreSQL cannot store, such as \u0000 in text. Others may pass with a deployment.
      const isRefused = error instanceof Error && "code" in error && String(error.code).startsWith("22");
      return { success: false, retryable: !isRefused, error: error as Error };
    }
  }
}

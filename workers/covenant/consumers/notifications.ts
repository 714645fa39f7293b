import type { JsMsg } from "@nats-io/jetstream";
import { BaseNatsConsumer, originOf, type ProcessResult } from "../../messaging";
import type { PushResult, PushService } from "../adapters/push-service";
import { type Incident, incident, incidentStream, levelOf } from "../messages";
import { type ConsumerPorts, durableOptions } from "./ports";

/** Has each incident brought to devices, at least once. */
export class Notifications extends BaseNatsConsumer<Incident> {
  constructor(
    private readonly pushService: PushService,
    ports: ConsumerPorts,
  ) {
    super({ ...durableOptions("NOTIFICATIONS", [incidentStream], ports), schema: incident });
  }

  async processMessage({ id, title, description }: Incident, message: JsMsg): Promise<ProcessResult> {
    const { stream, sequence, subject, time } = originOf(message);
    const level = levelOf(subject);
    if (!level) return { success: false, error: new Error(`${subject} is not the subject of an incident`) };
    return resultOf(
      await this.pushService.send({ id: id ?? `${stream}-${sequence}`, level, title, description, time }),
    );
  }
}

function resultOf(sent: PushResult): ProcessResult {
  if (sent.outcome === "sent") return { success: true };
  const error = new Error(sent.reason);
  if (sent.outcome === "rejected") return { success: false, error };
  const { retryAfter } = sent;
  return { success: false, [sent.outcome === "retry" ? "retryable" : "unavailable"]: true, retryAfter, error };
}

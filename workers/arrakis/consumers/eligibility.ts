import { BaseNatsConsumer, type ProcessResult, type Publisher } from "../../messaging";
import type { EligibilityHandler } from "../eligibility/handlers";
import {
  answerSubject,
  type CheckType,
  type EligibilityAnswer,
  eligibilityCheckPayload,
  type EligibilityCheckPayload,
} from "../messages";
import type { ArrakisMetrics } from "../metrics";
import { resultOf } from "./failure";
import { type BaseConsumerConfig, optionsOf } from "./options";

/** The durables of the stream of checks: which subject each has, and how many checks it may work on. */
const durables = {
  "eligibility-worker": { subject: "eligibility.check.>", most: 20 },
  "sync-worker": { subject: "eligibility.sync.>", most: 2 },
} as const;

export interface EligibilityConsumerPorts {
  handlers: ReadonlyMap<CheckType, EligibilityHandler>;
  /** Its duplicate window must be that of the stream of answers. */
  publisher: Pick<Publisher, "publish">;
  metrics: ArrakisMetrics;
}

/** Takes checks of one of the two durables, and publishes what each has found out on `internal.eligibility.<type>`. */
export class EligibilityNatsConsumer extends BaseNatsConsumer<EligibilityCheckPayload> {
  constructor(
    durable: keyof typeof durables,
    private readonly config: BaseConsumerConfig,
    private readonly ports: EligibilityConsumerPorts,
  ) {
    const { subject, most } = durables[durable];
    super({
      ...optionsOf({ stream: "ELIGIBILITY", durable }, config, most),
      subject,
      schema: eligibilityCheckPayload,
    });
  }

  async processMessage(payload: EligibilityCheckPayload): Promise<ProcessResult> {
    const { event_id, check_type, community_id } = payload;
    const { handlers, publisher, metrics } = this.ports;
    const handler = handlers.get(check_type);
    if (!handler) return { success: false, error: new Error(`no handler for check_type ${check_type}`) };
    try {
      const found = await handler(payload, this.config.log);
      const results = Array.isArray(found) ? found : [found];
      metrics.eligibilityChecks.inc({ check_type }, results.length);
      const answer: EligibilityAnswer = { event_id, timestamp: Date.now(), check_type, community_id, results };
      // Delivered again, the check has the same answer.
      await publisher.publish(answerSubject(check_type), answer, { id: `${event_id}:answer` });
      return { success: true };
    } catch (error) {
      return resultOf(error);
    }
  }
}

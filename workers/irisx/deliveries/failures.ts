import type { DeadLetterWriter, Logger } from "../../messaging";
import { readMessage } from "../../messaging";
import type { DeliveryKey, DeliveryStore, Outcome } from "./delivery";
import type * as z from "zod";

/** What a message that was given up is noted by. */
export interface FailurePorts {
  store: Pick<DeliveryStore, "record">;
  report: (key: DeliveryKey, outcome: Outcome & { attempts: number }) => Promise<void>;
  log: Logger;
}

/**
 * Notes each message that is given up, for whatever reason, as `failed` in its state and reports it, once its copy is
 * stored. What cannot be noted is logged: it must not keep the message from its end.
 */
export const notingFailures = (
  writer: DeadLetterWriter,
  channel: DeliveryKey["channel"],
  schema: z.ZodType<{ id: string; tenantId: string }>,
  { store, report, log }: FailurePorts,
): DeadLetterWriter => ({
  async write(message, why) {
    const written = await writer.write(message, why);
    // Nothing is known of what could not be read, not even its id.
    if (why.reason === "invalid") return written;
    try {
      const { id, tenantId } = readMessage(schema, message.data);
      const key = { channel, id, tenantId };
      const outcome: Outcome = { status: "failed", error: why.error?.message ?? why.reason };
      const attempts = await store.record(key, outcome);
      if (attempts !== undefined) await report(key, { ...outcome, attempts });
    } catch (error) {
      log.error({ err: error, subject: message.subject }, "a delivery that was given up is not noted as failed");
    }
    return written;
  },
});

import * as z from "zod";
import { BaseNatsConsumer, type ConsumerOptions, type ProcessResult } from "../../messaging";
import type { ProbeMetrics } from "../metrics";
import type { Canary } from "./publisher";

const canary = z.object({ from: z.string(), at: z.number() });

export interface CanaryReceiverOptions extends Omit<ConsumerOptions<Canary>, "schema"> {
  /** From whom it takes messages. */
  regions: readonly string[];
  measured: Pick<ProbeMetrics, "delivered">;
}

/** Takes what the probes of all regions publish to the stream of its own, and measures how long it was on its way. */
export class CanaryReceiver extends BaseNatsConsumer<Canary> {
  private readonly startedAt = Date.now();

  constructor(private readonly own: CanaryReceiverOptions) {
    super({ ...own, schema: canary });
  }

  processMessage({ from, at }: Canary): Promise<ProcessResult> {
    // What was sent before has waited for this process, not for the servers.
    if (at >= this.startedAt && this.own.regions.includes(from)) {
      // By two clocks, so it may be below 0.
      this.own.measured.delivered(from, Math.max(0, Date.now() - at) / 1000);
    }
    return Promise.resolve({ success: true });
  }
}

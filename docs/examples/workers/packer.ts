import * as z from "zod";
import {
  BaseNatsConsumer,
  type ConsumerOptions,
  createDeadLetterWriter,
  envelope,
  type ProcessResult,
  runWorker,
} from "../../../workers/messaging";

/** What senders and this worker have agreed on. */
export const orderPlaced = envelope(
  z.object({ type: z.literal("order.placed"), sku: z.string().min(1), count: z.int().min(1) }),
);
type OrderPlaced = z.infer<typeof orderPlaced>;

/** Has each order packed by the API of a warehouse. */
class Packer extends BaseNatsConsumer<OrderPlaced> {
  constructor(
    private readonly warehouse: string,
    options: ConsumerOptions<OrderPlaced>,
  ) {
    super(options);
  }

  async processMessage({ id, sku, count }: OrderPlaced): Promise<ProcessResult> {
    let response: Response;
    try {
      response = await fetch(`${this.warehouse}/orders/${encodeURIComponent(id)}`, {
        // The same request for every delivery of a message: what is done twice must count once.
        method: "PUT",
        body: JSON.stringify({ sku, count }),
        headers: { "content-type": "application/json" },
        signal: AbortSignal.timeout(10_000),
      });
    } catch (cause) {
      // It does not answer: nothing is taken until it does, and no message is used up.
      return { success: false, unavailable: true, error: new Error("the warehouse does not answer", { cause }) };
    }
    if (response.ok) return { success: true };
    const error = new Error(`the warehouse answered ${response.status}`);
    // Later it may work; what the warehouse calls wrong will be wrong again.
    return { success: false, retryable: response.status >= 500 || response.status === 429, error };
  }
}

void runWorker({
  name: "packer",
  settings: z.object({ WAREHOUSE_URL: z.url("expected the address of the warehouse's API") }),
  parts: ({ settings, js, log, metrics, concurrency, grace }) => [
    new Packer(settings.WAREHOUSE_URL, {
      stream: "ORDERS",
      durable: "packer",
      schema: orderPlaced,
      deadLetters: createDeadLetterWriter(js),
      log,
      metrics,
      concurrency,
      grace,
    }),
  ],
});

import type { JetStreamClient } from "@nats-io/jetstream";
import { createMessage, createPublisher, type Logger, type WorkerMetrics, type WorkerPart } from "../../messaging";
import type { DeliveryStore } from "../deliveries/delivery";
import { outgoing, subjectOf } from "../messages";
import type { ApiSettings } from "../settings";
import { type ApiPorts, createApi } from "./server";

/**
 * A client waits for the answer: after this time, in milliseconds, it is told to repeat its request, with the same id,
 * rather than that the message is sent again for the whole duplicate window.
 */
const publishingMs = 15_000;

/** The HTTP API as a part of a worker's process. */
export class Api implements WorkerPart {
  readonly name = "api";
  private server?: ReturnType<typeof createApi>;

  constructor(
    private readonly settings: ApiSettings,
    private readonly ports: { store: DeliveryStore; log: Logger; metrics?: WorkerMetrics },
  ) {}

  async start(js: JetStreamClient): Promise<void> {
    const { store, log, metrics } = this.ports;
    const { token, host, port } = this.settings;
    const publisher = createPublisher(js, { duplicateWindow: publishingMs, metrics });
    const publish: ApiPorts["publish"] = async (channel, { id, tenantId, content, priority }) => {
      const message = createMessage(outgoing[channel].schema, { source: "irisx-api", id, tenantId, ...content });
      await publisher.publish(subjectOf(channel, priority), message, { id });
    };
    this.server = createApi({ publish, store, log, token });
    await this.server.listen({ host, port });
  }

  /** Takes no more requests; those that run are answered. */
  async stop(): Promise<void> {
    await this.server?.close();
  }
}

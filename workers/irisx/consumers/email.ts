import type { ProcessResult } from "../../messaging";
import type { Email } from "../adapters/sender";
import { type EmailMessage, emailMessage } from "../messages";
import { DeliveryConsumer, type DeliveryPorts } from "./delivery-consumer";

/** Sends what comes by `email.send`. */
export class EmailConsumer extends DeliveryConsumer<EmailMessage, Email> {
  constructor(ports: DeliveryPorts<Email>) {
    super({ channel: "email", stream: "EMAIL", durable: "email-worker" }, emailMessage, ports);
  }

  processMessage(message: EmailMessage): Promise<ProcessResult> {
    const { id, to, subject, body, html } = message;
    return this.deliver(message, { id, to, subject, body, html });
  }
}

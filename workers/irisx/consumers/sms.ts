import type { ProcessResult } from "../../messaging";
import type { Sms } from "../adapters/sender";
import { type SmsMessage, smsMessage } from "../messages";
import { DeliveryConsumer, type DeliveryPorts } from "./delivery-consumer";

/** Sends what comes by `sms.send`. */
export class SmsConsumer extends DeliveryConsumer<SmsMessage, Sms> {
  constructor(ports: DeliveryPorts<Sms>) {
    super({ channel: "sms", stream: "SMS", durable: "sms-worker" }, smsMessage, ports);
  }

  processMessage(message: SmsMessage): Promise<ProcessResult> {
    const { id, to, body } = message;
    return this.deliver(message, { id, to, body });
  }
}

import type { ProcessResult } from "../../messaging";
import type { Sms } from "../adapters/sender";
import { type SmsMessage, smsMessage } from "../messages";
import { DeliveryConsumer, type DeliveryPorts } from "./delivery-consumer";

/** The durables of the other lanes (docs/lanes.md); what comes without a priority is in the consumer's own. */
const lanes = ["sms-worker-high", "sms-worker-low"];

/** Sends what comes by `sms.send`, with its lanes. */
export class SmsConsumer extends DeliveryConsumer<SmsMessage, Sms> {
  constructor(ports: DeliveryPorts<Sms>) {
    super({ channel: "sms", stream: "SMS", durable: "sms-worker" }, smsMessage, ports, { lanes });
  }

  processMessage(message: SmsMessage): Promise<ProcessResult> {
    const { id, to, body } = message;
    return this.deliver(message, { id, to, body });
  }
}

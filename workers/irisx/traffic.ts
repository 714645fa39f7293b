import { randomUUID } from "node:crypto";
import { createMessage } from "../messaging";
import { runTraffic, type Samples } from "../traffic";
import type { Channel } from "./deliveries/delivery";
import { outgoing } from "./messages";
import { sample } from "./samples";

export const traffic: Samples<Channel> = {
  system: "irisx",
  about: `Publishes sample SMS, e-mails and webhooks to irisx's streams, as its API would. Recipients do not exist
(example.com, 555-0100, .invalid), but workers with real providers do try to send.`,
  kinds: ["sms", "email", "webhook"],
  sample(number) {
    const { channel, tenantId, content } = sample(number);
    const { subject, schema } = outgoing[channel];
    const message = createMessage(schema, { source: "irisx-traffic", id: randomUUID(), tenantId, ...content });
    return { kind: channel, subject, message };
  },
};

if (require.main === module) runTraffic(traffic);

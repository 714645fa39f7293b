import type * as z from "zod";
import type { Channel } from "./deliveries/delivery";
import { contents } from "./messages";

/** A sample message: recipients that do not exist, so that real providers reach no one either. */
export type Sample = {
  [C in Channel]: { channel: C; tenantId: string; content: z.input<(typeof contents)[C]> };
}[Channel];

const tenants = ["acme", "globex", "initech"];

/** Of ten messages five are SMS, three e-mails, two webhooks. */
const mix: readonly Channel[] = ["sms", "email", "sms", "webhook", "sms", "email", "sms", "webhook", "sms", "email"];

/** The sample with a number, from 0 on; the same number gives the same sample. */
export function sample(number: number): Sample {
  const tenantId = tenants[number % tenants.length]!;
  const channel = mix[number % mix.length]!;
  switch (channel) {
    case "sms":
      return { channel, tenantId, content: { to: fictional(number), body: `Your code is ${code(number)}.` } };
    case "email":
      return {
        channel,
        tenantId,
        content: {
          to: `user-${number % 1_000}@example.com`,
          subject: `Order ${number} has been shipped`,
          body: `Your order ${number} is on its way.`,
        },
      };
    case "webhook":
      return {
        channel,
        tenantId,
        content: {
          // No name ends with .invalid (RFC 6761).
          url: `https://receiver-${number % 10}.invalid/hooks`,
          event: "order.shipped",
          data: { order: number },
        },
      };
  }
}

/** Numbers that are for fiction: 555-0100 to 555-0199. */
const fictional = (number: number): string => `+120255501${String(number % 100).padStart(2, "0")}`;

const code = (number: number): string => String((number * 7_919) % 1_000_000).padStart(6, "0");

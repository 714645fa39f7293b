import * as z from "zod";
import { envelope } from "../messaging";
import type { Channel } from "./deliveries/delivery";

/*
 * Messages of irisx: what its subjects carry. Every one has the envelope of the messaging library (id, timestamp,
 * source, correlationId, tenantId); `id` is the delivery's, which is the key of its state.
 */

const phoneNumber = z.string().regex(/^\+[1-9]\d{6,14}$/, "expected an international number such as +12025550100");

const emailAddress = z.email({ error: "expected an address such as user@example.com" }).max(254);

/** An SMS. https://www.twilio.com/docs/glossary/what-sms-character-limit: 1,600 characters, ten segments. */
const sms = z.object({
  to: phoneNumber,
  body: z.string().min(1).max(1_600),
});

/** An e-mail. */
const email = z.object({
  to: z.union([emailAddress.transform((one) => [one]), z.array(emailAddress).min(1).max(50)], {
    error: "expected one address or 1 to 50",
  }),
  // A line end would begin another header.
  subject: z
    .string()
    .min(1)
    .max(500)
    .regex(/^[^\r\n]*$/, "expected one line"),
  /** Plain text. */
  body: z.string().min(1).max(500_000),
  html: z.string().max(500_000).optional(),
});

/** A webhook. */
const webhook = z.object({
  url: z.url({ protocol: /^https?$/, error: "expected a URL that begins with https://" }).max(2_000),
  /** What happened, e.g. `invoice.paid`: the field `type` of Standard Webhooks. */
  event: z
    .string()
    .regex(/^[A-Za-z0-9_]+(\.[A-Za-z0-9_]+)*$/, "expected words separated by dots")
    .max(100),
  data: z.record(z.string(), z.json()),
});

/** What clients of the API say, by channel; mistakes in it are theirs. */
export const contents = { sms, email, webhook } as const satisfies Record<Channel, z.ZodObject>;

const message = <S extends z.ZodRawShape>(own: z.ZodObject<S>) => envelope(own).extend({ id: z.uuid() });

/** `sms.send` */
export const smsMessage = message(sms);
/** `email.send` */
export const emailMessage = message(email);
/** `webhooks.deliver`, `webhooks.retry` */
export const webhookMessage = message(webhook);

/** Subject and schema of what the API publishes. */
export const outgoing = {
  sms: { subject: "sms.send", schema: smsMessage },
  email: { subject: "email.send", schema: emailMessage },
  webhook: { subject: "webhooks.deliver", schema: webhookMessage },
} as const satisfies Record<Channel, { subject: string; schema: z.ZodObject }>;

/** Lanes of channels that have some (docs/lanes.md); without one a message is normal. */
export const priorities = { sms: ["high", "normal", "low"] } as const satisfies Partial<Record<Channel, string[]>>;
export type Priority = (typeof priorities)["sms"][number];

/** The subject on which the API publishes. */
export const subjectOf = (channel: Channel, priority?: Priority): string =>
  [outgoing[channel].subject, ...(priority ? [priority] : [])].join(".");

export type SmsMessage = z.output<typeof smsMessage>;
export type EmailMessage = z.output<typeof emailMessage>;
export type WebhookMessage = z.output<typeof webhookMessage>;

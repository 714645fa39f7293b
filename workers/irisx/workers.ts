import { createDeadLetterWriter, type Logger, type WorkerPart } from "../messaging";
import type { PartContext, WorkerSchema } from "../system";
import { webhookSender } from "./adapters/http-webhook";
import { logSender } from "./adapters/log";
import type { Sender } from "./adapters/sender";
import { smtpSender } from "./adapters/smtp";
import { twilioSender } from "./adapters/twilio";
import { Api } from "./api/part";
import type { DeliveryPorts } from "./consumers/delivery-consumer";
import { EmailConsumer } from "./consumers/email";
import { SmsConsumer } from "./consumers/sms";
import { WebhookConsumer } from "./consumers/webhook";
import type { DeliveryStore } from "./deliveries/delivery";
import { apiSettings, emailSettings, smsSettings, webhookSettings } from "./settings";

/** What every worker of irisx is made with, beside its own settings. */
type Context = PartContext<{ database: DeliveryStore }>;

type Make = (context: Context) => WorkerPart;

/** The workers by name, which is that of their durable in tenants/: from their variables to what runs. */
export const workers = {
  "sms-worker": smsSettings.transform((settings): Make => {
    const sender = (log: Logger) =>
      settings.kind === "twilio" ? twilioSender(settings) : localSink(log, "the SMS", "SMS_PROVIDER");
    return (context) => new SmsConsumer(deliveryPorts(context, sender(context.log)));
  }),
  "email-worker": emailSettings.transform((settings): Make => {
    const sender = (log: Logger) =>
      settings.kind === "smtp" ? smtpSender(settings) : localSink(log, "the e-mail", "EMAIL_PROVIDER");
    return (context) => new EmailConsumer(deliveryPorts(context, sender(context.log)));
  }),
  "webhook-worker": webhookSettings.transform((settings): Make => {
    const sender = (log: Logger) =>
      settings.kind === "http" ? webhookSender(settings) : localSink(log, "the webhook", "WEBHOOK_PROVIDER");
    return (context) => new WebhookConsumer(deliveryPorts(context, sender(context.log)));
  }),
  api: apiSettings.transform(
    (settings): Make =>
      ({ dependencies, log, metrics }) =>
        new Api(settings, { store: dependencies.database, log, metrics }),
  ),
} as const satisfies Record<string, WorkerSchema<{ database: DeliveryStore }>>;

/** Reports once what it does not do, and then each message. */
function localSink<T extends { id: string }>(log: Logger, what: string, setting: string): Sender<T> {
  log.warn(`${setting} is "log": nothing is sent, each message is only logged`);
  return logSender((line, fields) => log.info(fields, line), what, setting);
}

const deliveryPorts = <S>(context: Context, sender: Sender<S>): DeliveryPorts<S> => ({
  ...{ sender, store: context.dependencies.database, deadLetters: createDeadLetterWriter(context.js) },
  publisher: context.publisher,
  log: context.log,
  metrics: context.metrics,
  concurrency: context.concurrency,
  grace: context.grace,
});

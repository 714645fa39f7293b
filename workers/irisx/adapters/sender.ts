/**
 * What a provider did with a message. `rejected`: it will never take it. `retry`: this message failed, another attempt
 * may work. `unavailable`: the provider takes no message now, so that others would fail too.
 */
export type SendResult =
  | { outcome: "sent"; providerId?: string; note?: string }
  | { outcome: "logged" }
  | { outcome: "rejected"; reason: string }
  | {
      outcome: "retry" | "unavailable";
      reason: string;
      /** What the provider asks to wait, in milliseconds. */
      retryAfter?: number;
    };

/** The way out for one kind of message. The real ones and the local sink have this form. */
export interface Sender<T> {
  /** Its name in statuses and metrics: `twilio`, `smtp`, `http`, `log`. */
  readonly provider: string;
  /** Hands a message over, within a deadline of its own. What it throws is a defect of the adapter. */
  send(message: T): Promise<SendResult>;
  close(): Promise<void>;
}

/** An SMS, once. */
export interface Sms {
  id: string;
  to: string;
  body: string;
}

/** An e-mail, once. */
export interface Email {
  id: string;
  to: readonly string[];
  subject: string;
  /** Plain text. */
  body: string;
  html?: string;
}

/** A webhook; every attempt has the same id and body. */
export interface Webhook {
  id: string;
  tenantId: string;
  url: string;
  /** JSON text, as it is signed and sent. */
  body: string;
}

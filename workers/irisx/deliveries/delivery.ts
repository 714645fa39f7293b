/** How a message leaves: one worker, one stream and one provider each. */
export type Channel = "sms" | "email" | "webhook";

/**
 * Where a delivery stands. `queued`: its message is in the stream. `sending`: a worker has it. `retrying`: it failed
 * and will be tried again. `sent`: the provider accepted it. `logged`: nothing was sent, the local sink wrote a line.
 * `failed`: it was given up and is in the dead letters.
 */
export type DeliveryStatus = "queued" | "sending" | "retrying" | "sent" | "logged" | "failed";

/** What identifies a delivery. */
export interface DeliveryKey {
  channel: Channel;
  /** UUID, chosen by the API or by its client. */
  id: string;
  tenantId: string;
}

/** A delivery, as stored. Neither recipients nor contents are: those stay in the stream until they expire. */
export interface Delivery extends DeliveryKey {
  status: DeliveryStatus;
  /** How often it was handed to the provider, or is being handed to it. */
  attempts: number;
  /** `twilio`, `smtp`, `http` or `log`. */
  provider?: string;
  /** What the provider calls it: Twilio's SID, the Message-ID of an e-mail, the HTTP status of a webhook. */
  providerId?: string;
  /** Why the last attempt failed. */
  error?: string;
  createdAt: Date;
  updatedAt: Date;
}

/** What became of an attempt. */
export type Outcome = Pick<Delivery, "status" | "provider" | "providerId" | "error">;

/**
 * Whether a worker may hand a delivery to its provider. `done`: it was sent already. `busy`: another worker is at it,
 * for at most `remaining` milliseconds more.
 */
export type Claim =
  | { kind: "claimed"; attempts: number }
  | { kind: "done"; delivery: Delivery }
  | { kind: "busy"; remaining: number }
  | { kind: "foreign" };

/** State of deliveries: what keeps a message that was sent from being sent again. */
export interface DeliveryStore {
  /** Notes that a message was published. Changes nothing about a delivery that is known already. */
  queued(key: DeliveryKey): Promise<void>;
  /**
   * Reserves a delivery for this worker and counts the attempt. The reservation ends with `record`, or after `lease`
   * milliseconds: the worker is assumed dead then, and another one may send, perhaps for the second time.
   *
   * @returns `foreign` if another tenant uses this id
   */
  claim(key: DeliveryKey, lease: number): Promise<Claim>;
  /**
   * Writes what became of the attempt, and ends the reservation. What was sent stays sent.
   *
   * @returns how many attempts there were, or `undefined` where nothing was written
   */
  record(key: DeliveryKey, outcome: Outcome): Promise<number | undefined>;
  find(key: Omit<DeliveryKey, "tenantId">): Promise<Delivery | undefined>;
  /** Deletes deliveries that have not changed for `age` milliseconds; returns how many. */
  purge(age: number): Promise<number>;
  /** @throws if the database does not answer */
  check(): Promise<void>;
  close(): Promise<void>;
}

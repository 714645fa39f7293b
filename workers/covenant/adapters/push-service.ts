import type { Level } from "../messages";

/** A notification of an incident. */
export interface Notification {
  /** Of the incident: on a device a later notification of the same one replaces the earlier one. */
  id: string;
  level: Level;
  title: string;
  description?: string;
  /** When the incident was published. */
  time: Date;
}

/**
 * What the service did. `rejected`: it will never take this one. `retry`: this one failed, another attempt may work.
 * `unavailable`: it takes none now. `retryAfter` is what it asks to wait, in milliseconds.
 */
export type PushResult =
  | { outcome: "sent"; id?: string }
  | { outcome: "rejected"; reason: string }
  | { outcome: "retry" | "unavailable"; reason: string; retryAfter?: number };

/** What brings notifications to devices. */
export interface PushService {
  /** Its name in logs: `fcm`, `log`. */
  readonly provider: string;
  /** Hands a notification over, within a deadline of its own. What it throws is a defect of the adapter. */
  send(notification: Notification): Promise<PushResult>;
}

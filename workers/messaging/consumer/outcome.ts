import type { DeadLetterReason } from "../contract";
import type { ProcessResult } from "../result";
import { retryDelay } from "./backoff";

/** What is done with a message. */
export type Outcome =
  | { kind: "ack" }
  /** Delivered again after `delay` milliseconds. */
  | { kind: "nak"; delay: number }
  /** Copied to the dead letters, then terminated. */
  | { kind: "dead"; reason: DeadLetterReason; error?: Error }
  /** Kept, and tried again when what its handler depends on answers; not before `wait` milliseconds have passed. */
  | { kind: "hold"; wait?: number; error?: Error };

/** How often messages of a durable may be delivered. */
export interface Limits {
  /** Failures of a message, at most. */
  attempts: number;
  /** Deliveries beyond `attempts` whose handler still runs: those that had no end do not show in the server's count. */
  spare: number;
  /** Waits before redeliveries, in milliseconds; empty: none. */
  backoff: readonly number[];
}

/**
 * Whether the handler is run for a delivery. `alone`: a message that was delivered more often than it may fail did not
 * fail then: workers ended with it in hand, and it may be the one that ends them. `false`: so often that it is given
 * up.
 */
export function mayRun(delivery: number, { attempts, spare }: Limits): boolean | "alone" {
  if (delivery <= attempts) return true;
  return delivery <= attempts + spare && "alone";
}

/** Whether what the handler depends on answered, be it with a failure; undefined where it was not called. */
export function answeredOf({ success, unavailable, dependencyCalled = true }: ProcessResult): boolean | undefined {
  if (!success && unavailable) return false;
  return dependencyCalled ? true : undefined;
}

/** What becomes of a message whose handler has finished. */
export function outcomeOf(
  { success, retryable, unavailable, retryAfter, error }: ProcessResult,
  delivery: number,
  { attempts, backoff }: Limits,
  random?: number,
): Outcome {
  if (success) return { kind: "ack" };
  if (unavailable) return { kind: "hold", error, ...(retryAfter !== undefined && { wait: retryAfter }) };
  if (!retryable) return { kind: "dead", reason: "terminal", error };
  if (delivery >= attempts) return { kind: "dead", reason: "attempts", error };
  return { kind: "nak", delay: retryAfter ?? retryDelay(delivery, backoff, random) };
}

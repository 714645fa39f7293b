import { type ProcessResult, withoutSecrets } from "../../messaging";
import type { SendResult } from "../adapters/sender";
import type { DeliveryKey, DeliveryStore, Outcome } from "./delivery";

/** How long a worker has a delivery for itself, in milliseconds: longer than the longest request of an adapter. */
export const leaseMs = 30_000;

/** What delivering needs of the rest. */
export interface Ports {
  store: DeliveryStore;
  /** Hands the message to its provider. */
  send: () => Promise<SendResult>;
  provider: string;
  /** Publishes that it was sent, e.g. to `sms.status`. May be called twice for one delivery. */
  report: (outcome: Outcome & { attempts: number }) => Promise<void>;
  /** What follows a failure that may pass. Default: the message is delivered again. */
  again?: (failure: { reason: string; retryAfter?: number }) => Promise<ProcessResult>;
  /** Told of an outcome that could not be stored. */
  onUnstored: (outcome: Outcome, error: unknown) => void;
}

/**
 * Delivers a message once, as far as that is possible: what the state says was sent is only reported again. Delivery is
 * **at least once**: a worker that dies between the provider's answer and the state's update leaves a message that was
 * sent and is not known as such, and the next attempt sends it again.
 *
 * @throws what the store throws before anything was sent
 */
export async function deliver(key: DeliveryKey, ports: Ports): Promise<ProcessResult> {
  const claim = await ports.store.claim(key, leaseMs);
  switch (claim.kind) {
    case "foreign":
      return failed(`${key.channel} ${key.id} belongs to another tenant`);
    case "busy":
      return { ...failed("another worker is delivering it"), retryable: true, retryAfter: claim.remaining };
    case "done":
      await ports.report(claim.delivery);
      return { success: true };
    case "claimed":
      return send(key, claim.attempts, ports);
  }
}

async function send(key: DeliveryKey, attempts: number, ports: Ports): Promise<ProcessResult> {
  const result = await ports.send();
  const outcome = outcomeOf(result, ports.provider);
  try {
    await ports.store.record(key, outcome);
  } catch (error) {
    // To send again because this could not be stored would be worse.
    ports.onUnstored(outcome, error);
  }
  // That it failed is reported when it is given up (deliveries/failures.ts).
  if (outcome.status === "sent" || outcome.status === "logged") await ports.report({ ...outcome, attempts });
  return result.outcome === "retry" && ports.again ? ports.again(result) : processed(result);
}

/** What the state and the status say about an attempt: of an error that may quote what was called, without secrets. */
function outcomeOf(result: SendResult, provider: string): Outcome {
  const outcome = described(result, provider);
  return outcome.error === undefined ? outcome : { ...outcome, error: withoutSecrets(outcome.error) };
}

function described(result: SendResult, provider: string): Outcome {
  switch (result.outcome) {
    case "sent":
      return { status: "sent", provider, providerId: result.providerId, error: result.note };
    case "logged":
      return { status: "logged", provider };
    case "rejected":
      return { status: "failed", provider, error: result.reason };
    case "retry":
    case "unavailable":
      return { status: "retrying", provider, error: result.reason };
  }
}

/** What the consumer does with the message. */
function processed(result: SendResult): ProcessResult {
  switch (result.outcome) {
    case "sent":
    case "logged":
      return { success: true };
    case "rejected":
      return failed(result.reason);
    case "retry":
      return { ...failed(result.reason), retryable: true, retryAfter: result.retryAfter };
    case "unavailable":
      return { ...failed(result.reason), unavailable: true, retryAfter: result.retryAfter };
  }
}

const failed = (reason: string): ProcessResult => ({ success: false, error: new Error(reason) });

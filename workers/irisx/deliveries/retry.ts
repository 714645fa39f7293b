/** Waits before the second attempt of a webhook and those after it, in milliseconds: five attempts in all. */
export const webhookWaits: readonly number[] = [30_000, 60_000, 120_000, 240_000];

/** Which attempt a message of `webhooks.retry` is. Each is a new message, so the server cannot count. */
export const attemptHeader = "Webhook-Attempt";

/** When an attempt may begin, in Unix milliseconds. Overrides the wait of its number: the receiver asked for more. */
export const notBeforeHeader = "Webhook-Not-Before";

/** How long an attempt is too early, in milliseconds; 0 or less: it is due. */
export function early(
  message: { attempt: number; notBefore?: number; published: number },
  now: number,
  waits: readonly number[] = webhookWaits,
): number {
  const { attempt, notBefore, published } = message;
  return (notBefore ?? published + (waits[attempt - 2] ?? 0)) - now;
}

/** The attempt after this one, or `undefined` after the last. Its wait is the plan's or the receiver's, the longer. */
export function next(
  attempt: number,
  now: number,
  retryAfter = 0,
  waits: readonly number[] = webhookWaits,
): { attempt: number; notBefore: number } | undefined {
  const wait = waits[attempt - 1];
  return wait === undefined ? undefined : { attempt: attempt + 1, notBefore: now + Math.max(wait, retryAfter) };
}

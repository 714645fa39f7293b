/**
 * What became of a message. Exactly one of these is meant by each combination:
 * success: it is acknowledged. `retryable`: it is delivered again, after the durable's backoff, until its attempts are
 * used up. `unavailable`: what the handler depends on does not answer; the message is kept, and no other is taken,
 * until it does. None of them: it is copied to the dead letters and terminated.
 */
export interface ProcessResult {
  success: boolean;
  retryable?: boolean;
  unavailable?: boolean;
  /**
   * Milliseconds until a `retryable` message is delivered again, instead of the durable's backoff, or that pass at
   * least until what is `unavailable` is asked again. What a `Retry-After` header asks for.
   */
  retryAfter?: number;
  /**
   * `false`: what the handler depends on was not called, so the result does not show that it answers, and an open
   * breaker stays open. A message that is dropped because it is too old, for example. Default: true.
   */
  dependencyCalled?: boolean;
  /** Why it was not processed; logged, and in the dead letter. */
  error?: Error;
}

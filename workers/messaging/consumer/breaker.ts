import { type Growth, growingDelay } from "./backoff";

/** Between two probes, by default: about 65 calls in an hour. */
const breakerDelays: Growth = { first: 1_000, most: 60_000 };

/**
 * Keeps messages from a dependency that does not answer. Closed: all may run. Open: none may, until the delay is over;
 * then one may, and what becomes of it closes the breaker, or opens it for a longer time.
 *
 * It changes nothing by itself: it is told of results, and asked what may run.
 */
export class Breaker {
  /** Results without an answer in a row, of the first message and of those that probed. 0: closed. */
  private failures = 0;
  private opensAt = 0;
  private probing = false;

  constructor(
    private readonly delays: Growth = breakerDelays,
    private readonly now: () => number = Date.now,
    private readonly random: () => number = Math.random,
  ) {}

  get isOpen(): boolean {
    return this.failures > 0;
  }

  /** Milliseconds until a message may probe; 0 if one may now; `undefined` while there is nothing to wait for. */
  get wait(): number | undefined {
    if (!this.isOpen || this.probing) return undefined;
    return Math.max(0, this.opensAt - this.now());
  }

  /** Whether a message may run now. One that may while the breaker is open is the probe. */
  admit(): { probe: boolean } | undefined {
    if (!this.isOpen) return { probe: false };
    if (this.wait !== 0) return undefined;
    this.probing = true;
    return { probe: true };
  }

  /**
   * A message that ran has ended.
   *
   * @param answered whether the dependency answered, be it with a failure; `undefined` where it was not called. Only
   *   the probe closes an open breaker: others began before it opened.
   * @param wait milliseconds that the dependency asks for before it is called again
   */
  ended({ probe, answered, wait = 0 }: { probe: boolean; answered?: boolean; wait?: number }): void {
    if (probe) this.probing = false;
    if (answered === undefined) return;
    if (answered) {
      if (probe) this.failures = 0;
      return;
    }
    if (!this.isOpen || probe) {
      this.failures++;
      this.opensAt = this.now() + growingDelay(this.failures, this.delays, this.random());
    }
    this.opensAt = Math.max(this.opensAt, this.now() + wait);
  }
}

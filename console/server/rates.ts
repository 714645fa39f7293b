type Readings = Map<string, { at: number; value: number; rate?: number }>;

/** What counters grew by, a second, between two looks. */
export class Rates {
  private before: Readings = new Map();
  private now: Readings = new Map();

  /**
   * Undefined at the first look at a counter, and where it began again.
   * @param at milliseconds since 1970
   * @param isOld whether the value was read at an earlier look: then the rate is what it was
   */
  of(counter: string, value: number | undefined, at: number, isOld = false): number | undefined {
    if (value === undefined) return undefined;
    const earlier = this.before.get(counter);
    if (isOld && earlier) {
      this.now.set(counter, earlier);
      return earlier.rate;
    }
    const isKnown = earlier !== undefined && at > earlier.at && value >= earlier.value;
    const rate = isKnown ? Math.round(((value - earlier.value) * 10_000) / (at - earlier.at)) / 10 : undefined;
    this.now.set(counter, { at, value, ...(rate !== undefined && { rate }) });
    return rate;
  }

  /** The look is over: counters that it did not have are forgotten. */
  next(): void {
    this.before = this.now;
    this.now = new Map();
  }
}

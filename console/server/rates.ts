type Readings = Map<string, { at: number; value: number }>;

/** What counters grew by, a second, between two looks. */
export class Rates {
  private before: Readings = new Map();
  private now: Readings = new Map();

  /**
   * Undefined at the first look at a counter, and where it began again.
   * @param at milliseconds since 1970
   */
  of(counter: string, value: number | undefined, at: number): number | undefined {
    if (value === undefined) return undefined;
    this.now.set(counter, { at, value });
    const earlier = this.before.get(counter);
    if (!earlier || at <= earlier.at || value < earlier.value) return undefined;
    return Math.round(((value - earlier.value) * 10_000) / (at - earlier.at)) / 10;
  }

  /** The look is over: counters that it did not have are forgotten. */
  next(): void {
    this.before = this.now;
    this.now = new Map();
  }
}

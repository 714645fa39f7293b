/** The value that the share `part` (0 to 1) of values in rising order does not exceed; NaN where there are none. */
const at = (sorted: readonly number[], part: number): number =>
  sorted[Math.max(0, Math.ceil(part * sorted.length) - 1)] ?? NaN;

export interface Percentiles {
  p50: number;
  p95: number;
  p99: number;
}

/** Percentiles of values in any order, each one of the values; NaN where there are none. Pure. */
export function percentiles(values: readonly number[]): Percentiles {
  const sorted = [...values].sort((left, right) => left - right);
  return { p50: at(sorted, 0.5), p95: at(sorted, 0.95), p99: at(sorted, 0.99) };
}

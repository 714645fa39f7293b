/** A model of a cost: base + n * each. */
export interface Line {
  base: number;
  each: number;
  /** Standard error of `each`; undefined where there are too few points to tell. */
  error?: number;
}

/** Numbers of something, and what was measured with them. */
export type Point = readonly [n: number, cost: number];

/** The line of least squares through points; undefined without two different numbers. */
export function fit(points: readonly Point[]): Line | undefined {
  const mean = (values: number[]) => values.reduce((total, value) => total + value, 0) / values.length;
  const [middle, level] = [mean(points.map(([n]) => n)), mean(points.map(([, cost]) => cost))];
  const total = (term: (point: Point) => number) => points.reduce((sum, point) => sum + term(point), 0);
  const width = total(([n]) => (n - middle) ** 2);
  if (!(width > 0)) return undefined;
  const each = total(([n, cost]) => (n - middle) * (cost - level)) / width;
  const base = level - each * middle;
  const free = points.length - 2;
  const missed = total(([n, cost]) => (cost - base - n * each) ** 2);
  return { base, each, ...(free > 0 && { error: Math.sqrt(missed / free / width) }) };
}

/**
 * The number with which a cost reaches a limit, and from where to where it may lie when `each` is off by its error;
 * undefined where the cost does not grow.
 */
export function reached(
  { base, each, error = 0 }: Line,
  limit: number,
): { at: number; from: number; to: number } | undefined {
  if (!(each > 0) || limit <= base) return undefined;
  const at = (unit: number) => (unit > 0 ? (limit - base) / unit : Infinity);
  return { at: at(each), from: at(each + error), to: at(each - error) };
}

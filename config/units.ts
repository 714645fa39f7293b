/** A length of time with its unit: `"250ms"`, `"30s"`, `"5m"`, `"12h"`, `"7d"`. Whole milliseconds at the least. */
export type Duration = `${number}${"ms" | "s" | "m" | "h" | "d"}`;

/** A number of bytes with its unit, in powers of 1024: `"512KiB"`, `"10GiB"`. (`"B"` alone is bytes.) */
export type Size = `${number}${"B" | "KiB" | "MiB" | "GiB" | "TiB"}`;

const milliseconds = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;
const bytes = { B: 1, KiB: 1024, MiB: 1024 ** 2, GiB: 1024 ** 3, TiB: 1024 ** 4 } as const;

const durationText = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)$/;
const sizeText = /^(\d+(?:\.\d+)?)(B|KiB|MiB|GiB|TiB)$/;

/** What to write instead, for messages: `"7 days" is not a duration; write "7d"`. */
const spokenUnits: [RegExp, string][] = [
  [/^(ms|millis|milliseconds?)$/i, "ms"],
  [/^(s|secs?|seconds?)$/i, "s"],
  [/^(m|mins?|minutes?)$/i, "m"],
  [/^(h|hrs?|hours?)$/i, "h"],
  [/^(d|days?)$/i, "d"],
  [/^(b|bytes?)$/i, "B"],
  [/^(k|kb|kib)$/i, "KiB"],
  [/^(m|mb|mib)$/i, "MiB"],
  [/^(g|gb|gib)$/i, "GiB"],
  [/^(t|tb|tib)$/i, "TiB"],
];

function suggestion(text: unknown, units: Record<string, number>, example: string): string {
  const [, amount, spoken] = /^\s*([\d.]+)\s*([a-z]*)\s*$/i.exec(String(text)) ?? [];
  const unit = spokenUnits.find(([pattern, name]) => name in units && pattern.test(spoken ?? ""))?.[1];
  return amount && unit ? `${amount}${unit}` : example;
}

function whole(
  text: string,
  pattern: RegExp,
  units: Record<string, number>,
  say: { what: string; smallest: string; example: string },
): number {
  const [, amount, unit] = pattern.exec(text) ?? [];
  if (!amount || !unit)
    throw new RangeError(`${JSON.stringify(text)} is not ${say.what}; write "${suggestion(text, units, say.example)}"`);
  const value = Number(amount) * units[unit]!;
  const nearest = Math.round(value);
  // What is off by less is the binary form of a decimal fraction: 1.005 * 1000 is 1004.9999999999999.
  if (!Number.isSafeInteger(nearest) || Math.abs(value - nearest) > 1e-6) {
    throw new RangeError(`${JSON.stringify(text)} is not a whole number of ${say.smallest}; write "${say.example}"`);
  }
  return nearest;
}

/** Milliseconds of a duration. Throws with what to write instead when the text is none. */
export function toMilliseconds(duration: Duration | string): number {
  return whole(duration, durationText, milliseconds, { what: "a duration", smallest: "milliseconds", example: "30s" });
}

/**
 * Nanoseconds of a duration, as JetStream wants them. A `number` is exact here although a year is past 2^53: every
 * whole millisecond up to 2^59 ns (18 years) has a double of its own, and JSON prints it in full.
 */
export function toNanoseconds(duration: Duration | string): number {
  return toMilliseconds(duration) * 1_000_000;
}

/** The shortest duration text of a number of nanoseconds; what is under a millisecond is cut. */
export function fromNanoseconds(nanoseconds: number): Duration {
  return largestUnit(Math.trunc(nanoseconds / 1_000_000), milliseconds, "ms") as Duration;
}

/** Bytes of a size. Throws with what to write instead when the text is none. */
export function toBytes(size: Size | string): number {
  return whole(size, sizeText, bytes, { what: "a size", smallest: "bytes", example: "10GiB" });
}

/** The shortest exact size text of a number of bytes. */
export function fromBytes(value: number): Size {
  return largestUnit(value, bytes, "B") as Size;
}

function largestUnit(value: number, units: Record<string, number>, smallest: string): string {
  const unit = Object.keys(units)
    .reverse()
    .find((name) => value !== 0 && value % units[name]! === 0);
  return unit ? `${value / units[unit]!}${unit}` : `${value}${smallest}`;
}

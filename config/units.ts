/**
 * A length of time with its unit: `"250ms"`, `"30s"`, `"5m"`, `"12h"`, `"7d"`. Whole nanoseconds. `"us"` and `"ns"` are
 * for what was set by other means on a server; most of JetStream's fields begin at a millisecond.
 */
export type Duration = `${number}${"ns" | "us" | "ms" | "s" | "m" | "h" | "d"}`;

/** A number of bytes with its unit, in powers of 1024: `"512KiB"`, `"10GiB"`. (`"B"` alone is bytes.) */
export type Size = `${number}${"B" | "KiB" | "MiB" | "GiB" | "TiB"}`;

/** Written where there is no limit, so that a limit that was forgotten is not taken for one. */
export const unlimited = "unlimited";
export type Unlimited = typeof unlimited;
export type DurationLimit = Duration | Unlimited;
export type SizeLimit = Size | Unlimited;

/** What is written with a unit, and other spellings of it. */
interface Quantity {
  /** With its article. */
  what: string;
  /** In the smallest unit, ascending. */
  units: Readonly<Record<string, bigint>>;
  smallest: string;
  /** Units in other spellings, in the smallest unit. */
  spoken: readonly [RegExp, bigint][];
  /** Units of a number without one, the likeliest first: meant is the first with which it is at most `absurd`. */
  bare: readonly bigint[];
  absurd: bigint;
  /** What the shortest text of an amount is. */
  print(value: number): string;
  example: string;
  /** What settings may have at most. */
  most: bigint;
}

const units = {
  duration: {
    ns: 1n,
    us: 1_000n,
    ms: 1_000_000n,
    s: 1_000_000_000n,
    m: 60_000_000_000n,
    h: 3_600_000_000_000n,
    d: 86_400_000_000_000n,
  },
  size: { B: 1n, KiB: 1024n, MiB: 1024n ** 2n, GiB: 1024n ** 3n, TiB: 1024n ** 4n },
} as const;
const { ns, us, ms, s, m, h, d } = units.duration;
const { B, KiB, MiB, GiB, TiB } = units.size;

const duration: Quantity = {
  what: "a duration",
  units: units.duration,
  smallest: "nanoseconds",
  spoken: [
    [/^(ns|nanos?|nanoseconds?)$/i, ns],
    [/^([uµμ]s|micros?|microseconds?)$/i, us],
    [/^(ms|millis?|msecs?|milliseconds?)$/i, ms],
    [/^(s|secs?|seconds?)$/i, s],
    [/^(m|mins?|minutes?)$/i, m],
    [/^(h|hrs?|hours?)$/i, h],
    [/^(d|days?)$/i, d],
    [/^(w|wks?|weeks?)$/i, 7n * d],
    [/^(mo|mons?|months?)$/i, 30n * d],
    [/^(y|yrs?|years?)$/i, 365n * d],
  ],
  // Nanoseconds are what JetStream's own configuration has.
  bare: [s, ms, ns],
  absurd: 3650n * d,
  print: fromNanoseconds,
  example: "30s",
  // Servers hold 292 years, but add two durations to the time since 1970 in the same 63 bits: a message whose expiry
  // overflows is deleted at once.
  most: 36_500n * d,
};

const size: Quantity = {
  what: "a size",
  units: units.size,
  smallest: "bytes",
  spoken: [
    [/^(b|bytes?)$/i, B],
    [/^(k|ki|kib|kb|kilobytes?|kibibytes?)$/i, KiB],
    [/^(m|mi|mib|mb|megabytes?|mebibytes?)$/i, MiB],
    [/^(g|gi|gib|gb|gigabytes?|gibibytes?)$/i, GiB],
    [/^(t|ti|tib|tb|terabytes?|tebibytes?)$/i, TiB],
  ],
  bare: [B],
  absurd: 1024n * TiB,
  print: fromBytes,
  example: "10GiB",
  // What a double counts exactly: sums over streams, replicas and regions then stay below the server's 63 bits.
  most: 8191n * TiB,
};

/** What the largest number of Go's and JetStream's signed 64 bits is as a double. */
const most64Bits = 2n ** 63n;

/** An amount in the smallest unit, as a fraction. */
interface Fraction {
  numerator: bigint;
  denominator: bigint;
}

function fractionOf(amount: string, unit: bigint): Fraction {
  const [whole = "", decimals = ""] = amount.split(".");
  return { numerator: BigInt(whole + decimals) * unit, denominator: 10n ** BigInt(decimals.length) };
}

/** The amount of a text in the smallest unit. Throws a RangeError with what to write instead. */
function amountOf(quantity: Quantity, text: unknown): bigint {
  const { what, units: known, smallest, example } = quantity;
  const shown = JSON.stringify(text);
  const [, amount, name = ""] = (typeof text === "string" && /^(\d+(?:\.\d+)?)([A-Za-z]+)$/.exec(text)) || [];
  const unit = Object.hasOwn(known, name) ? known[name] : undefined;
  if (amount === undefined || unit === undefined)
    throw new RangeError(`${shown} is not ${what}; write "${meant(quantity, text) ?? example}"`);
  const { numerator, denominator } = fractionOf(amount, unit);
  if (numerator % denominator !== 0n)
    throw new RangeError(
      `${shown} is not a whole number of ${smallest}; write "${nearest(quantity, { numerator, denominator }, unit)}"`,
    );
  if (numerator / denominator > most64Bits) throw tooMuch(quantity, text);
  return numerator / denominator;
}

const tooMuch = ({ what, print, most }: Quantity, text: unknown): RangeError =>
  new RangeError(`${JSON.stringify(text)} is more than ${what} can be; write "${print(Number(most))}" or less`);

function assertAtMost(quantity: Quantity, text: string): void {
  if (amountOf(quantity, text) > quantity.most) throw tooMuch(quantity, text);
}

/** Throws a RangeError, with what to write instead, for what is not a duration or longer than a hundred years. */
export const assertDuration = (text: string): void => assertAtMost(duration, text);

/** Throws a RangeError, with what to write instead, for what is not a size or more than 8191 TiB. */
export const assertSize = (text: string): void => assertAtMost(size, text);

/** The whole number of the next smaller unit that is nearest. */
function nearest({ units: known, print }: Quantity, { numerator, denominator }: Fraction, unit: bigint): string {
  const smaller = Object.values(known).findLast((other) => other < unit) ?? 1n;
  const step = denominator * smaller;
  const rounded = ((2n * numerator + step) / (2n * step)) * smaller;
  return print(Number(rounded > 0n ? rounded : 1n));
}

/** What was most likely meant by a text or number, in the spelling of this project; undefined where that is unclear. */
function meant({ spoken, bare, absurd, print }: Quantity, text: unknown): string | undefined {
  const spelled = iso(String(text).trim());
  const unitOf = (name: string) => spoken.find(([pattern]) => pattern.test(name))?.[1];
  let total: bigint | undefined;
  if (/^\d+$/.test(spelled)) {
    const unit = bare.find((each) => BigInt(spelled) * each <= absurd);
    total = unit && BigInt(spelled) * unit;
  } else if (/^(?:\d+(?:\.\d+)?\s*\p{L}+[\s,]*)+$/u.test(spelled)) {
    const parts = [...spelled.matchAll(/(\d+(?:\.\d+)?)\s*(\p{L}+)/gu)].map(([, amount, name]) => {
      const unit = unitOf(name!);
      const { numerator, denominator } = fractionOf(amount!, unit ?? 0n);
      return unit === undefined ? undefined : numerator / denominator;
    });
    if (parts.every((part) => part !== undefined)) total = parts.reduce((sum, part) => sum + part, 0n);
  }
  return total && total <= most64Bits ? print(Number(total)) : undefined;
}

/** `P1DT12H` of ISO 8601 as `1D12H`; other texts as they are. */
const iso = (text: string): string =>
  /^P(?=.)(?:\d+W)?(?:\d+D)?(?:T(?:\d+H)?(?:\d+M)?(?:\d+S)?)?$/i.test(text) ? text.slice(1).replace(/T/i, "") : text;

/** Milliseconds of a duration, a fraction where it has any. Throws a RangeError with what to write instead. */
export function toMilliseconds(text: Duration | string): number {
  return toNanoseconds(text) / 1_000_000;
}

/**
 * Nanoseconds of a duration, as JetStream wants them; 2^63 at most. A `number` is exact here although a year is past
 * 2^53: every whole millisecond up to 2^59 ns (18 years) has a double of its own, and JSON prints it in full. Beyond
 * that, the nearest double is less than a microsecond off. Throws a RangeError with what to write instead.
 */
export function toNanoseconds(text: Duration | string): number {
  return Number(amountOf(duration, text));
}

/** The shortest exact duration text of a whole number of nanoseconds. */
export function fromNanoseconds(nanoseconds: number): Duration {
  return largestUnit(nanoseconds, units.duration, "ms") as Duration;
}

/** Bytes of a size, 2^63 at most. Throws a RangeError with what to write instead. */
export function toBytes(text: Size | string): number {
  return Number(amountOf(size, text));
}

/** The shortest exact size text of a whole number of bytes. */
export function fromBytes(value: number): Size {
  return largestUnit(value, units.size, "B") as Size;
}

/** `zero` is the unit of 0. */
function largestUnit(value: number, known: Readonly<Record<string, bigint>>, zero: string): string {
  const exact = BigInt(value);
  if (exact === 0n) return `0${zero}`;
  const [name, unit] = Object.entries(known).findLast(([, each]) => exact % each === 0n)!;
  return `${exact / unit}${name}`;
}

// --- limits ----------------------------------------------------------------------------------------------------------

/** Milliseconds of a limit; Infinity where there is none. */
export const limitInMilliseconds = (limit: DurationLimit | undefined): number =>
  limit === undefined || limit === unlimited ? Infinity : toMilliseconds(limit);

/** Bytes of a limit; Infinity where there is none. */
export const limitInBytes = (limit: SizeLimit | undefined): number =>
  limit === undefined || limit === unlimited ? Infinity : toBytes(limit);

/** A limit of a number; Infinity where there is none. */
export const limitInNumber = (limit: number | Unlimited | undefined): number =>
  limit === undefined || limit === unlimited ? Infinity : limit;

/** Numbers and times as people read them. Pure. */

const big = ["", "k", "M", "G", "T"];

// Made once: to make one takes longer than to draw a row of a table.
const separated = new Intl.NumberFormat("en-US", { maximumFractionDigits: 0 });
const clockTime = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", second: "2-digit" });

/** `1,234` up to five digits, then `12.3 M`. */
export function count(value: number | undefined): string {
  if (value === undefined) return "–";
  if (Math.abs(value) < 100_000) return separated.format(value);
  const power = Math.min(Math.floor(Math.log10(Math.abs(value)) / 3), big.length - 1);
  return `${digits(value / 1000 ** power)} ${big[power]}`;
}

export function bytes(value: number | undefined): string {
  if (value === undefined) return "–";
  if (value < 1024) return `${Math.round(value)} B`;
  const power = Math.min(Math.floor(Math.log2(value) / 10), 4);
  return `${digits(value / 1024 ** power)} ${["B", "KiB", "MiB", "GiB", "TiB"][power]}`;
}

/** `0.4`, `12`, `1.2 k`. */
export function perSecond(value: number | undefined): string {
  if (value === undefined) return "–";
  if (value === 0) return "0";
  return value < 1000 ? digits(value) : `${digits(value / 1000)} k`;
}

/** `12/s`. */
export const rate = (value: number | undefined): string => (value === undefined ? "–" : `${perSecond(value)}/s`);

export const percent = (value: number | undefined): string =>
  value === undefined ? "–" : value > 0 && value < 1 ? "<1 %" : `${Math.round(value)} %`;

export const milliseconds = (value: number | undefined): string =>
  value === undefined ? "–" : value < 10 ? `${value.toFixed(1)} ms` : `${Math.round(value)} ms`;

/** How long ago. */
export function age(time: string | undefined, now: number): string {
  const at = time === undefined ? NaN : Date.parse(time);
  // Servers say the year 1 where nothing ever happened.
  return Number.isNaN(at) || at < 0 ? "–" : duration(Math.max(0, (now - at) / 1000));
}

/** `4 s`, `12 min`, `3 h`, `5 d`. */
export function duration(seconds: number): string {
  if (seconds < 90) return `${Math.round(seconds)} s`;
  if (seconds < 90 * 60) return `${Math.round(seconds / 60)} min`;
  if (seconds < 36 * 3600) return `${Math.round(seconds / 3600)} h`;
  return `${Math.round(seconds / 86_400)} d`;
}

/** `14:03:22`, in the browser's own time zone. */
export const clock = (time: string): string => clockTime.format(new Date(time));

export const plural = (value: number, one: string, many = `${one}s`): string =>
  `${count(value)} ${value === 1 ? one : many}`;

function digits(value: number): string {
  return value < 10 ? String(Math.round(value * 10) / 10) : String(Math.round(value));
}

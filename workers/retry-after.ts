/** A provider that asks for more is asked again after an hour. */
const longest = 60 * 60_000;

/**
 * What a `Retry-After` header asks to wait: seconds, or a date (RFC 9110 10.2.3).
 *
 * @returns milliseconds from 0 to one hour; `undefined` where the header is missing or is neither
 */
export function retryAfter(header: string | null | undefined, now = Date.now()): number | undefined {
  const text = header?.trim();
  if (!text) return undefined;
  // What `Date.parse` takes for a date is more: "-1" is one.
  const isDate = /^[A-Z][a-z]{2}, /.test(text);
  const ms = /^\d+$/.test(text) ? Number(text) * 1_000 : isDate ? Date.parse(text) - now : NaN;
  return Number.isNaN(ms) ? undefined : Math.min(Math.max(ms, 0), longest);
}

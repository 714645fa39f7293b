import type { RuleTest } from "../support/promtool";
import type { Series, Value } from "./region";

/** What promtool is given: series during an accident, and after it. */

/** Minutes for which an accident lasts: longer than the longest `for`; and all of a test. */
export const [accidentEnds, end] = [46, 86];

/** A series as promtool writes one: during the accident, then after it, when a counter goes on from where it is. */
function valuesOf(during: Value | undefined, after: Value | undefined): string {
  const grown = typeof during === "object" ? during.perMinute * accidentEnds : 0;
  return [part(during, 0, accidentEnds - 1), part(after, grown, end - accidentEnds)].join(" ");
}

function part(value: Value | undefined, from: number, steps: number): string {
  if (value === undefined) return `stale _x${steps}`;
  return typeof value === "number" ? `${value + from}+0x${steps}` : `${from}+${value.perMinute}x${steps}`;
}

export const inputOf = (during: Series, after: Series): RuleTest["input_series"] =>
  [...new Set([...during.keys(), ...after.keys()])].map((series) => ({
    series,
    values: valuesOf(during.get(series), after.get(series)),
  }));

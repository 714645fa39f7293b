import { isObject } from "../../config/objects";

/**
 * The chart's values with those of `kubernetes.values` over them: objects key by key, `patch` by appending, anything
 * else by replacing. What may be overridden is checked before (config/rules/chart-values.ts). The type stays, because
 * what this program reads of values may not be overridden.
 */
export const mergedOver = <Values extends object>(values: Values, overrides: object): Values =>
  merged(values, overrides) as Values;

function merged(below: unknown, above: unknown, key?: string): unknown {
  if (key === "patch" && Array.isArray(below) && Array.isArray(above))
    return [...(below as unknown[]), ...(above as unknown[])];
  if (!isObject(below) || !isObject(above)) return above;
  const entries = Object.entries(above).map(([name, value]): [string, unknown] => [
    name,
    Object.hasOwn(below, name) ? merged(below[name], value, name) : value,
  ]);
  return { ...below, ...Object.fromEntries(entries) };
}

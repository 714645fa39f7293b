import { type Duration, fromNanoseconds, toNanoseconds } from "../config/units";
import { type LabelOf, labelsOf, type MetricName, metricOf, sources } from "./metrics";

/** Small helpers that write PromQL: each knows the labels of its result, and which metrics it reads. Pure. */

export interface Expr {
  text: string;
  /** Labels of its series. */
  labels: readonly string[];
  metrics: readonly MetricName[];
}

/** A duration as Prometheus reads it: no decimals. */
export const prometheusDuration = (interval: Duration): Duration => fromNanoseconds(toNanoseconds(interval));

/** Labels that must be equal; `!`: not equal; `~`: fit a regular expression. */
export type Where<Name extends MetricName> = Partial<Record<`${"" | "!" | "~"}${LabelOf<Name>}`, string>>;

const operators: Readonly<Record<string, string>> = { "!": "!=", "~": "=~" };

/**
 * A selector.
 *
 * @param scope selects every series of an alert or dashboard, e.g. those of a region
 * @throws where the metric does not have a label
 */
export function series<Name extends MetricName>(
  name: Name,
  where: Where<Name> = {},
  scope: Readonly<Record<string, string>> = {},
): Expr {
  const { source, isHistogram } = metricOf(name);
  const { job } = sources[source];
  const labels = labelsOf(name);
  const matchers = Object.entries<string | undefined>({ ...(job && { job }), ...scope, ...where }).map(
    ([key, value]) => {
      const label = key.replace(/^[!~]/, "");
      if (label !== "job" && !labels.includes(label)) throw new Error(`${name} has no label ${label}`);
      return `${label}${operators[key[0]!] ?? "="}${JSON.stringify(value)}`;
    },
  );
  const text = `${name}${isHistogram ? "_bucket" : ""}{${matchers.join(",")}}`;
  return { text, labels, metrics: [name] };
}

const plain = /^[\w:]+(\{[^{}]*\})?(\[[\w$]+\])?$|^\w+( by \([^()]*\))? ?\([^()]*\)$/;

/** In parentheses, where what stands beside it could change its meaning. */
const inner = ({ text }: Expr): string => (plain.test(text) ? text : `(${text})`);

const metricsOf = (...all: Expr[]): MetricName[] => [...new Set(all.flatMap(({ metrics }) => metrics))];

/** `max by (region, server) (...)`. Throws where the expression does not have a label. */
const aggregate =
  (operator: "max" | "min" | "sum" | "count") =>
  (by: readonly string[], expr: Expr): Expr => {
    const missing = by.filter((label) => !expr.labels.includes(label));
    if (missing.length) throw new Error(`${expr.text} has no label ${missing.join(", ")}`);
    return { text: `${operator} by (${by.join(", ")}) (${expr.text})`, labels: by, metrics: expr.metrics };
  };

export const max = aggregate("max");
export const min = aggregate("min");
export const sum = aggregate("sum");
export const count = aggregate("count");

/** The window that Grafana chooses: four scrapes, or what one point of the panel covers. */
export const rateInterval = "$__rate_interval";

const over =
  (name: "rate" | "increase") =>
  (selector: Expr, window: Duration | typeof rateInterval): Expr => ({
    ...selector,
    text: `${name}(${selector.text}[${window}])`,
  });

export const rate = over("rate");
export const increase = over("increase");

/**
 * 1 with the labels that the selector requires to be equal, where it has no series. Its labels are those matchers.
 */
export const absent = (selector: Expr): Expr => ({
  text: `absent(${selector.text})`,
  labels: [...selector.text.matchAll(/(\w+)="/g)].map(([, label]) => label!),
  metrics: selector.metrics,
});

/** The sum of all series, 0 where there is none; without labels, which would keep the 0 beside the sum. */
export const orZero = (expr: Expr): Expr => ({
  text: `sum(${expr.text}) or vector(0)`,
  labels: [],
  metrics: expr.metrics,
});

type Operator = ">" | ">=" | "<" | "==" | "!=";

/** Series of the left for which it holds, compared with a number. */
export const compare = (left: Expr, operator: Operator, right: number): Expr => ({
  ...left,
  text: `${inner(left)} ${operator} ${right}`,
});

/** Calculates or compares series whose labels `on` are equal; one of each side. The result has these labels. */
export const matched = (left: Expr, operator: Operator | "/" | "-", right: Expr, on: readonly string[]): Expr => ({
  text: `${inner(left)} ${operator} on (${on.join(", ")}) ${inner(right)}`,
  labels: on,
  metrics: metricsOf(left, right),
});

/** The same, where several series of the left match one of the right; the result has the labels of the left. */
export const matchedToOne = (left: Expr, operator: Operator | "/", right: Expr, on: readonly string[]): Expr => ({
  text: `${inner(left)} ${operator} on (${on.join(", ")}) group_left () ${inner(right)}`,
  labels: left.labels,
  metrics: metricsOf(left, right),
});

const filtered =
  (operator: "and" | "unless") =>
  (left: Expr, right: Expr, on: readonly string[]): Expr => ({
    text: `${inner(left)} ${operator} on (${on.join(", ")}) ${inner(right)}`,
    labels: left.labels,
    metrics: metricsOf(left, right),
  });

/** Series of the left for which the right has one. */
export const and = filtered("and");
/** Series of the left for which the right has none. */
export const unless = filtered("unless");

/** Series of all, of equal labels. */
export const either = (...all: [Expr, ...Expr[]]): Expr => ({
  text: all.map(inner).join(" or "),
  labels: all[0].labels,
  metrics: metricsOf(...all),
});

/** A quantile of a histogram's observations, of series with the labels `by`. */
export const quantile = (share: number, by: readonly string[], buckets: Expr): Expr => ({
  ...buckets,
  text: `histogram_quantile(${share}, ${sum([...by, "le"], buckets).text})`,
  labels: by,
});

/** The difference of a number and each series. */
export const from = (number: number, expr: Expr): Expr => ({ ...expr, text: `${number} - ${inner(expr)}` });

/** Series whose label `to` has the value of another; the result has both. */
export const relabelled = (expr: Expr, label: string, to: string): Expr => ({
  text: `label_join(${expr.text}, "${to}", "", "${label}")`,
  labels: [...new Set([...expr.labels, to])],
  metrics: expr.metrics,
});

/** Seconds until a time in seconds. */
export const secondsUntil = (time: Expr): Expr => ({ ...time, text: `${inner(time)} - time()` });

/** Seconds since a time in seconds. */
export const secondsSince = (time: Expr): Expr => ({ ...time, text: `time() - ${inner(time)}` });

/** Calculates with a number. */
export const times = (expr: Expr, factor: number): Expr => ({ ...expr, text: `${inner(expr)} * ${factor}` });
export const minus = (expr: Expr, number: number): Expr => ({ ...expr, text: `${inner(expr)} - ${number}` });

/** Only where it is below, e.g. to leave out what stands for "no limit". */
export const below = (expr: Expr, limit: number): Expr => compare(expr, "<", limit);

import { fromBytes, fromNanoseconds, toBytes, toNanoseconds, unlimited } from "../../config/units";

/** How a value is written here and on the wire, and which spellings of it mean the same. */
interface Conversion {
  toWire(value: never): unknown;
  fromWire(value: never): unknown;
  /** A form in which equal values are equal. Default: the wire value. */
  canonical?(value: never): unknown;
}

const same: Conversion = { toWire: (value) => value, fromWire: (value) => value };
/** Nanoseconds on the wire. */
const duration: Conversion = {
  toWire: (text: string) => toNanoseconds(text),
  fromWire: (value: number) => fromNanoseconds(value),
};
const size: Conversion = { toWire: (text: string) => toBytes(text), fromWire: (value: number) => fromBytes(value) };
/** An amount, or "unlimited": the server's value for no limit. */
const limitOf = ({ toWire, fromWire }: Conversion, none: number): Conversion => ({
  toWire: (value: never) => (value === unlimited ? none : toWire(value)),
  fromWire: (value: never) => (value === none ? unlimited : fromWire(value)),
});
/** A choice whose first value is the default: the server leaves it out. */
const choice: Conversion = {
  ...same,
  canonical: (text: string) => (text === "none" || text === "default" ? undefined : text),
};
/** In UTC: the server treats another spelling of the same instant as a change (error 10055). */
const time: Conversion = {
  ...same,
  toWire: (text: string) => (text.endsWith("Z") ? text : new Date(text).toISOString()),
  canonical: (text: string) => Date.parse(text),
};

const list = (item: Conversion): Conversion => ({
  toWire: (values: never[]) => values.map(item.toWire),
  fromWire: (values: never[]) => values.map(item.fromWire),
  canonical: (values: never[]) => values.map((value) => canonicalBy(item, value)),
});

/** Fields of an object: name here, name on the wire, conversion. */
const object = (rows: [arg: string, wire: string, conversion: Conversion][]): Conversion => ({
  toWire: (value: Record<string, never>) =>
    Object.fromEntries(rows.flatMap(([arg, wire, { toWire }]) => (arg in value ? [[wire, toWire(value[arg]!)]] : []))),
  fromWire: (value: Record<string, never>) =>
    Object.fromEntries(
      rows.flatMap(([arg, wire, { fromWire }]) => (isEmpty(value[wire]) ? [] : [[arg, fromWire(value[wire]!)]])),
    ),
  canonical: (value: Record<string, never>) =>
    Object.fromEntries(
      rows.flatMap(([, wire, conversion]) =>
        isEmpty(value[wire]) ? [] : [[wire, canonicalBy(conversion, value[wire])]],
      ),
    ),
});

/** A list whose order has no meaning. */
const unordered = (item: Conversion): Conversion => ({
  ...list(item),
  canonical: (values: never[]) => values.map((value) => JSON.stringify(canonicalBy(item, value))).sort(),
});

const transform = object([
  ["src", "src", same],
  ["dest", "dest", same],
]);

const sourceObject = object([
  ["name", "name", same],
  ["optStartSeq", "opt_start_seq", same],
  ["optStartTime", "opt_start_time", time],
  ["filterSubject", "filter_subject", same],
  ["subjectTransforms", "subject_transforms", list(transform)],
  [
    "external",
    "external",
    object([
      ["api", "api", same],
      ["deliver", "deliver", same],
    ]),
  ],
  [
    "consumer",
    "consumer",
    object([
      ["name", "name", same],
      ["deliverSubject", "deliver_subject", same],
    ]),
  ],
]);

/** A name alone stands for a source with no other field. */
const source: Conversion = {
  ...sourceObject,
  toWire: (value: string | Record<string, unknown>) =>
    sourceObject.toWire((typeof value === "string" ? { name: value } : value) as never),
  fromWire: (value: never) => {
    const found = sourceObject.fromWire(value) as Record<string, unknown>;
    return Object.keys(found).length === 1 ? found.name : found;
  },
};

const kinds = {
  text: same,
  number: same,
  flag: same,
  choice,
  time,
  /** A time that has passed has no effect. */
  pause: { ...time, canonical: (text: string) => (Date.parse(text) > Date.now() ? Date.parse(text) : undefined) },
  texts: unordered(same),
  duration,
  durationLimit: limitOf(duration, 0),
  durations: list(duration),
  size,
  sizeLimit: limitOf(size, -1),
  numberLimit: limitOf(same, -1),
  labels: same,
  /** A number as the value of a label, which is text. */
  numberLabel: { toWire: String, fromWire: Number },
  transform,
  source,
  sources: unordered(source),
  republish: object([
    ["src", "src", same],
    ["dest", "dest", same],
    ["headersOnly", "headers_only", same],
  ]),
  consumerLimits: object([
    ["maxAckPending", "max_ack_pending", same],
    ["inactiveThreshold", "inactive_threshold", duration],
  ]),
} satisfies Record<string, Conversion>;

export type Kind = keyof typeof kinds;

/**
 * A form in which values that mean the same are equal. The server leaves out empty values: empty and absent are one.
 */
export const canonicalOf = (kind: Kind, value: unknown): unknown => canonicalBy(kinds[kind], value);

function canonicalBy({ canonical }: Conversion, value: unknown): unknown {
  if (isEmpty(value)) return undefined;
  return canonical ? canonical(value as never) : value;
}

/** Whether a value is one that the server leaves out: absent, zero, false, or an empty text, list or object. */
export const isEmpty = (value: unknown): boolean =>
  value === undefined ||
  value === null ||
  value === "" ||
  value === 0 ||
  value === false ||
  (typeof value === "object" && Object.keys(value).length === 0);

/** A limit by its wire value; Infinity for what the server writes where there is none: nothing, 0 or -1. */
export const limit = (value: unknown): number => (typeof value === "number" && value > 0 ? value : Infinity);

/** An argument's value as the server's API has it: durations in nanoseconds, sizes in bytes. Throws on a wrong unit. */
export const toWireOf = (kind: Kind, value: unknown): unknown => kinds[kind].toWire(value as never);
/** The reverse of `toWireOf`. */
export const fromWireOf = (kind: Kind, value: unknown): unknown => kinds[kind].fromWire(value as never);

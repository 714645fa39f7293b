import type { ConsumerSpec, StreamSpec, TenantSpec, UserSpec } from "../../../config/schema/tenant";

/** What is compared: of a value with parts, the parts; of a list, the list. */
export type Value = string | number | boolean | readonly string[];

type KeyOf<T> = T extends unknown ? keyof T : never;
/** Values under the names of a tenant's file. Of `mirrors`: the regions. */
type Given<T> = Partial<Record<KeyOf<T>, Value>>;

/** What a system's documents give, with the units that they mean. */
export interface Source {
  home?: string;
  streams: Record<string, Given<StreamSpec>>;
  consumers: Record<string, Given<ConsumerSpec>>;
  users: Record<string, Given<UserSpec>>;
}

/** Why values of a tenant are not what its documents give. */
export interface Departure {
  /** Numbers of the contradictions in the documents. */
  id?: string;
  /** Ours, by path; `*` stands for every name there. `null`: what the document has is left out. */
  here: Record<string, Value | null>;
  /** What the document says. Default: its values at these paths. */
  document?: string;
  why: string;
}

/** Something in the documents that no value of a tenant shows. */
export interface Remark {
  id?: string;
  document: string;
  here: string;
}

/** One of the four systems. */
export interface System {
  name: string;
  title: string;
  source: Source;
  departures: Departure[];
  remarks: Remark[];
  /** What the documents leave open. */
  open?: string;
}

/** A value of the servers or their surroundings. */
export interface Setting {
  what: string;
  id?: string;
  /** What the documents give. */
  source: Value;
  /** Its place in what is rendered: see tests/unit/docs/generator/systems.test.ts. */
  at: string;
  /** Ours, where it differs; `null`: left out. */
  here?: Value | null;
  /** Why it differs. */
  why?: string;
}

/** A tenant's values by path: `streams.ORDERS.maxAge`. Without descriptions, and how the program treats a change. */
function valuesOf(tenant: TenantSpec | Source): Map<string, Value> {
  const values = new Map<string, Value>();
  const add = (at: string, value: unknown): void => {
    const name = at.split(".").at(-1)!;
    if (value === undefined || notCompared.has(name)) return;
    if (typeof value !== "object" || value === null || Array.isArray(value)) values.set(at, value as Value);
    else if (name === "mirrors") values.set(at, Object.keys(value));
    else for (const [key, inner] of Object.entries(value)) add(at ? `${at}.${key}` : key, inner);
  };
  add("", tenant);
  return values;
}

const notCompared = new Set(["name", "description", "state", "allowDataLoss", "deletionPolicy"]);

/** The document's value, and ours, of everything that a document or a departure names. */
export interface Compared {
  at: string;
  source?: Value;
  here?: Value;
  /** Whether a departure names it. */
  departs: boolean;
}

/** A system's values, as its documents and departures have them: what its tenant must be. */
export function comparedOf({ source, departures }: System): Compared[] {
  const given = valuesOf(source);
  const named = (kind: "streams" | "consumers" | "users") => [
    ...new Set([
      ...Object.keys(source[kind]),
      ...departures.flatMap(({ here }) => Object.keys(here).flatMap((at) => ownName(at, kind))),
    ]),
  ];
  const ours = new Map(
    departures.flatMap(({ here }) =>
      Object.entries(here).flatMap(([at, value]) => {
        const [kind, name, ...rest] = at.split(".");
        const paths = name === "*" ? named(kind as "streams").map((each) => [kind, each, ...rest].join(".")) : [at];
        return paths.map((path) => [path, value] as const);
      }),
    ),
  );
  return [...new Set([...given.keys(), ...ours.keys()])].map((at) => ({
    at,
    source: given.get(at),
    here: ours.has(at) ? (ours.get(at) ?? undefined) : given.get(at),
    departs: ours.has(at),
  }));
}

const ownName = (at: string, kind: string): string[] => {
  const [first, name] = at.split(".");
  return first === kind && name !== "*" ? [name!] : [];
};

/** Where a tenant and what is written about it do not agree, one line each. */
export function problemsOf(system: System, tenant: TenantSpec): string[] {
  const actual = valuesOf(tenant);
  const compared = comparedOf(system);
  const known = new Set(compared.map(({ at }) => at));
  return [
    ...compared.flatMap(({ at, source, here, departs }) => problemOf(at, source, here, departs, actual.get(at))),
    ...[...actual.keys()]
      .filter((at) => !known.has(at))
      .map((at) => `${at}: no document gives it; say why it is there`),
  ].map((problem) => `${system.name}.${problem}`);
}

/** The same of a setting, by the value that was rendered. */
export const settingProblems = ({ at, source, here, why }: Setting, actual: Value | undefined): string[] =>
  problemOf(at, source, here === undefined ? source : (here ?? undefined), why !== undefined, actual);

function problemOf(
  at: string,
  source: Value | undefined,
  here: Value | undefined,
  departs: boolean,
  actual: Value | undefined,
): string[] {
  if (departs && same(source, here)) return [`${at}: ${textOf(here)} is what the document has; remove the reason`];
  if (same(here, actual)) return [];
  return departs || !same(here, source)
    ? [`${at}: is ${textOf(actual)}, and the reason is for ${textOf(here)}`]
    : [`${at}: is ${textOf(actual)}, the document has ${textOf(source)}; say why, or write what it has`];
}

const same = (left: Value | undefined, right: Value | undefined): boolean =>
  JSON.stringify(left) === JSON.stringify(right);

/** A value in words. */
export const textOf = (value: Value | undefined): string =>
  value === undefined
    ? "none"
    : Array.isArray(value)
      ? value.join(" ") || "none"
      : typeof value === "number" && value >= 10_000
        ? value.toLocaleString("en")
        : String(value);

import type * as z from "zod";
import type { streamSource } from "../../schema/stream";
import { covers, overlaps } from "../../subjects";
import { invalidConfig } from "../error-codes";
import { text } from "../messages";
import { entries } from "./argument-rule";
import { isSet, rule, ruleOfEach, type StreamArguments, type StreamRule, transformRule } from "./stream-rule";

/** Rules about what one stream's arguments copy: its mirror, its sources. See stream.ts. */

type Origin = z.infer<typeof streamSource>;
interface Copy {
  at: readonly PropertyKey[];
  origin: Origin;
}

const originOf = (written: string | Origin): Origin => (typeof written === "string" ? { name: written } : written);
const mirrorOf = ({ mirror }: StreamArguments): Copy[] =>
  mirror === undefined ? [] : [{ at: ["mirror"], origin: originOf(mirror) }];
const sourcesOf = ({ sources }: StreamArguments) =>
  entries("sources", sources).map(({ at, value, earlier }) => ({
    at,
    origin: originOf(value),
    earlier: earlier.map(originOf),
  }));

const transformsOf = (copies: Copy[]) =>
  copies.flatMap(({ at, origin }) =>
    entries("subjectTransforms", origin.subjectTransforms).map((entry) => ({ ...entry, at: [...at, ...entry.at] })),
  );

/** Rules that hold for a mirror and for each source alike; the error codes differ. */
const copies = (
  field: "mirror" | "sources",
  copiesOf: (stream: StreamArguments) => Copy[],
  {
    errors,
    clash,
  }: {
    errors: { filters: number; overlap: number; destination: number; consumer: number };
    clash: (one: string, other: string) => boolean;
  },
): StreamRule[] => {
  const example = (origin: Partial<Origin>): Partial<StreamArguments> => {
    const complete = { name: "ORIGIN", ...origin };
    return field === "mirror" ? { subjects: undefined, mirror: complete } : { sources: [complete] };
  };
  const consumer = { name: "copier", deliverSubject: "deliver.copy" };
  const clashOf = ({ value, earlier }: { value: { src?: string }; earlier: { src?: string }[] }) =>
    earlier.find(({ src = ">" }) => clash(src, value.src ?? ">"));
  return [
    ruleOfEach({
      each: copiesOf,
      at: "optStartTime",
      when: ({ origin }) => origin.optStartSeq !== undefined && origin.optStartTime !== undefined,
      found: "is ignored beside optStartSeq",
      instead: "leave one of the two out",
      example: example({ optStartSeq: 5, optStartTime: "2026-01-31T00:00:00Z" }),
    }),
    ruleOfEach({
      each: copiesOf,
      at: "filterSubject",
      when: ({ origin }) => origin.filterSubject !== undefined && origin.subjectTransforms !== undefined,
      found: "cannot be combined with subjectTransforms, whose src are filters already",
      instead: "leave one of the two out",
      error: errors.filters,
      example: example({ filterSubject: "origin.a", subjectTransforms: [{ src: "origin.a", dest: "copy.a" }] }),
    }),
    ruleOfEach({
      each: (stream) => transformsOf(copiesOf(stream)),
      at: "src",
      when: (part) => clashOf(part),
      found: (part) => `${text(part.value.src ?? ">")} and ${text(clashOf(part)!.src ?? ">")} overlap`,
      instead: "list each subject in one transform",
      error: errors.overlap,
      example: example({
        subjectTransforms: [
          { src: "origin.*", dest: "copy.{{wildcard(1)}}" },
          { src: "origin.a", dest: "copy.a" },
        ],
      }),
    }),
    transformRule(
      (stream) => transformsOf(copiesOf(stream)).map(({ at, value }) => ({ at, transform: value })),
      errors.destination,
      example({ subjectTransforms: [{ src: "origin.*", dest: "copy.{{wildcard(2)}}" }] }),
    ),
    ...(["optStartSeq", "optStartTime", "filterSubject"] as const).map((start) =>
      ruleOfEach({
        each: copiesOf,
        at: start,
        when: ({ origin }) => origin.consumer !== undefined && origin[start] !== undefined,
        found: ({ origin }) => `cannot be set on a copy that reads by a durable (${origin.consumer!.name})`,
        instead: "set it on that durable",
        error: errors.consumer,
        example: example({
          consumer,
          [start]: { optStartSeq: 5, optStartTime: "2026-01-31T00:00:00Z", filterSubject: "origin.a" }[start],
        }),
      }),
    ),
    ruleOfEach({
      each: copiesOf,
      at: "consumer.deliverSubject",
      when: ({ origin }) => /[*>]/.test(origin.consumer?.deliverSubject ?? ""),
      found: ({ origin }) => `${text(origin.consumer!.deliverSubject)} has a wildcard`,
      instead: "write the durable's own deliverSubject",
      error: errors.consumer,
      example: example({ consumer: { ...consumer, deliverSubject: "deliver.*" } }),
    }),
    ...(
      [
        ["api", invalidConfig],
        ["deliver", 10024],
      ] as const
    ).map(([prefix, error]) =>
      ruleOfEach({
        each: copiesOf,
        at: `external.${prefix}`,
        when: ({ origin }) => /[*>]/.test(origin.external?.[prefix] ?? ""),
        found: ({ origin }) => `${text(origin.external![prefix])} has a wildcard`,
        instead: "write the prefix of the import in this account",
        error,
        example: example({ external: { api: "$JS.hub.API", [prefix]: "hub.*" } }),
      }),
    ),
    ruleOfEach({
      each: copiesOf,
      at: "external.api",
      when: ({ origin }) => origin.external?.api === "$JS.API",
      found: '"$JS.API" is the prefix of this account itself',
      instead: "leave external out, or write the other account's or domain's prefix",
      error: 10021,
      example: example({ external: { api: "$JS.API" } }),
    }),
  ];
};

const isItself = (stream: string, { name, external, filterSubject }: Origin, subjects: string[] = []): boolean =>
  name === stream &&
  !external &&
  (filterSubject === undefined || subjects.some((subject) => overlaps(subject, filterSubject)));

/** What distinguishes sources for the server. */
const identity = ({ name, filterSubject, subjectTransforms, external }: Origin): string =>
  text([name, filterSubject, subjectTransforms, external]);

const mirror: readonly StreamRule[] = [
  ...(
    [
      { field: "subjects", example: ["example.>"], error: 10034 },
      { field: "sources", example: ["OTHER"], error: 10031 },
      { field: "firstSeq", example: 5, error: 10143 },
      { field: "duplicateWindow", example: "1m", error: undefined },
      { field: "allowMsgCounter", example: true, error: 10173 },
      { field: "allowAtomic", example: true, error: 10198 },
      { field: "allowBatched", example: true, error: 10209 },
      { field: "allowMsgSchedules", example: true, error: 10186 },
      { field: "subjectDeleteMarkerTtl", example: "1h", error: invalidConfig },
    ] as const
  ).map(({ field, example, error }) =>
    rule({
      at: field,
      when: (stream) => stream.mirror !== undefined && isSet(stream[field]),
      found: "cannot be set on a mirror, which holds what its origin holds",
      instead: "set it on the origin",
      error,
      example: {
        subjects: undefined,
        mirror: "ORIGIN",
        // Which these two fields need.
        ...(["allowMsgSchedules", "subjectDeleteMarkerTtl"].includes(field) && {
          allowRollupHdrs: true,
          allowMsgTtl: true,
        }),
        [field]: example,
      },
    }),
  ),
  ruleOfEach({
    each: (stream) => mirrorOf(stream).map((copy) => ({ ...copy, stream })),
    at: "",
    when: ({ origin, stream }) => origin.name === stream.name && !origin.external,
    found: "is the stream itself",
    instead: "write another stream",
    error: invalidConfig,
    example: { subjects: undefined, mirror: "EXAMPLE" },
  }),
  ...copies("mirror", mirrorOf, {
    errors: { filters: 10150, overlap: 10152, destination: 10154, consumer: 10213 },
    clash: overlaps,
  }),
];

const sources: readonly StreamRule[] = [
  ruleOfEach({
    each: (stream) => sourcesOf(stream).map((copy) => ({ ...copy, stream })),
    at: "",
    when: ({ origin, stream }) => isItself(stream.name, origin, stream.subjects),
    found: "is the stream itself",
    instead: "write another stream",
    error: invalidConfig,
    example: { sources: ["EXAMPLE"] },
  }),
  ruleOfEach({
    each: sourcesOf,
    at: "",
    when: ({ origin, earlier }) => earlier.some((other) => identity(other) === identity(origin)),
    found: ({ origin }) => `${origin.name} with the same filter is listed twice`,
    instead: "leave one out, or give the two filters that differ",
    error: 10140,
    example: { sources: ["ORIGIN", "ORIGIN"] },
  }),
  ruleOfEach({
    each: sourcesOf,
    at: "consumer.name",
    when: ({ origin, earlier }) =>
      origin.consumer &&
      earlier.some(
        ({ name, consumer, external }) =>
          name === origin.name && consumer?.name === origin.consumer!.name && text(external) === text(origin.external),
      ),
    found: ({ origin }) => `${text(origin.consumer!.name)} is another source's durable`,
    instead: "create a durable for each source",
    error: 10216,
    example: {
      sources: ["a", "b"].map((token) => ({
        name: "ORIGIN",
        subjectTransforms: [{ src: `origin.${token}`, dest: `copy.${token}` }],
        consumer: { name: "copier", deliverSubject: "deliver.copy" },
      })),
    },
  }),
  ...copies("sources", sourcesOf, {
    errors: { filters: 10144, overlap: 10147, destination: 10146, consumer: 10215 },
    clash: (one, other) => covers(one, other) || covers(other, one),
  }),
];

export const copyRules: readonly StreamRule[] = [...mirror, ...sources];

import { laneDurable, lanesOf, normalLane, subjectsFor } from "../assets/lanes";
import { overlaps } from "../subjects";
import type { ValidationContext } from "./context";
import { list, text } from "./messages";
import { type Rule, rule } from "./rule";
import { consumers, tenants } from "./scopes";

/** Subjects that have lanes or a route, each with its place. */
const subjects = (context: ValidationContext) =>
  tenants(context).flatMap(({ path, key, tenant }) => [
    ...Object.keys(tenant.lanes ?? {}).map((subject) => ({ path: [...path, "lanes", subject], key, tenant, subject })),
    ...(tenant.routes ?? []).map((subject, index) => ({ path: [...path, "routes", index], key, tenant, subject })),
  ]);

const laned = (context: ValidationContext) =>
  tenants(context).flatMap(({ path, tenant }) =>
    Object.entries(tenant.lanes ?? {}).map(([subject, lanes]) => ({
      path: [...path, "lanes", subject],
      tenant,
      lanes,
    })),
  );

/** Every subject that is derived, with one of a stream that would be captured twice. */
const derived = (context: ValidationContext) =>
  tenants(context).flatMap(({ path, tenant }) => {
    const declared = Object.entries(tenant.streams).flatMap(([stream, spec]) =>
      spec.subjects.map((subject) => ({ stream, subject })),
    );
    const sources = [...new Set([...Object.keys(tenant.lanes ?? {}), ...(tenant.routes ?? [])])];
    return sources.flatMap((source) =>
      subjectsFor(tenant, source)
        .filter((subject) => subject !== source && !source.endsWith(">"))
        .map((subject) => ({
          path: [...path, tenant.lanes && source in tenant.lanes ? "lanes" : "routes"],
          source,
          subject,
          other: declared.find((one) => overlaps(one.subject, subject)),
        })),
    );
  });

/** Consumers with lanes, and the names of their durables. */
const split = (context: ValidationContext) =>
  consumers(context).flatMap((scope) => {
    const lanes = Object.keys(lanesOf(scope.tenant, scope.consumer));
    return lanes.length ? [{ ...scope, durables: lanes.map((lane) => laneDurable(scope.name, lane)) }] : [];
  });

const lanesText = (lanes: Record<string, number>): string =>
  list(Object.entries(lanes).map(([lane, slots]) => `${lane}: ${slots}`));

/** Rules about lanes and routes. */
export const laneRules: Rule[] = [
  rule({
    each: subjects,
    when: ({ tenant, subject }) => !Object.values(tenant.streams).some((stream) => stream.subjects.includes(subject)),
    message: ({ key, subject }) =>
      `${text(subject)} is not a subject that a stream of ${key} names; write it as its stream does`,
  }),
  rule({
    each: subjects,
    when: ({ subject }) => subject.endsWith(">"),
    message: ({ subject }) => `${text(subject)} has no end that a token could follow; name the subjects in its stream`,
  }),
  rule({
    each: laned,
    when: ({ lanes }) => !(normalLane in lanes),
    message: () => `has no lane "${normalLane}", to which messages on the subject itself belong; add it`,
  }),
  rule({
    each: derived,
    when: ({ other }) => other !== undefined,
    message: ({ source, subject, other }) =>
      `${text(subject)}, which follows from ${text(source)}, overlaps ${text(other!.subject)} of stream ` +
      `${other!.stream} (10065); remove that, or give the lane another name`,
  }),
  rule({
    each: split,
    when: ({ tenant, name, durables }) => durables.some((durable) => durable !== name && durable in tenant.consumers),
    message: ({ tenant, name, durables }) =>
      `${list(durables.filter((durable) => durable !== name && durable in tenant.consumers))} is the name of one of ` +
      "its lanes' durables, and of another consumer; rename that",
  }),
  rule({
    each: split,
    at: ["filterSubjects"],
    when: ({ tenant, consumer }) => lanesOfFilters(tenant, consumer).size > 1,
    message: ({ tenant, consumer }) =>
      `names subjects with different lanes (${[...lanesOfFilters(tenant, consumer)].join("; ")}), ` +
      "and a consumer has one set of durables; give all of them the same lanes, or write a consumer for each",
  }),
];

type Split = ReturnType<typeof split>[number];

/** The lanes of each subject that a consumer names, as text: as many as differ. */
const lanesOfFilters = (tenant: Split["tenant"], { filterSubjects = [] }: Split["consumer"]): Set<string> =>
  new Set(filterSubjects.map((filter) => lanesText(tenant.lanes?.[filter] ?? {}) || "none"));

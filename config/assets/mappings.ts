import type { TenantSpec } from "../schema/tenant";
import { transformed } from "../subject-transform";
import { intersection, overlaps } from "../subjects";

/*
 * Mappings of subjects: servers give a message another subject as it arrives from a client of the account. Pure.
 */

/** Where some messages of a subject go. */
export interface Mapped {
  from: string;
  to: string;
}

/** Every destination of a tenant's mappings. */
export const mappedBy = ({ mappings = {} }: Pick<TenantSpec, "mappings">): Mapped[] =>
  Object.entries(mappings).flatMap(([from, list]) => list.map(({ to }) => ({ from, to })));

/** The mapping by which some messages of a subject get another one. */
export const mappingOf = ({ mappings = {} }: Pick<TenantSpec, "mappings">, subject: string): string | undefined =>
  Object.keys(mappings).find((from) => overlaps(from, subject));

/** Subjects that a user may or must not publish, with what they may be mapped to: servers check the mapped subject. */
export const withMapped = (subjects: readonly string[], mapped: readonly Mapped[]): string[] => [
  ...subjects,
  ...subjects
    .filter((subject) => !subject.startsWith("$JS."))
    .flatMap((subject) =>
      mapped.flatMap(({ from, to }) => {
        const both = intersection(subject, from);
        return both === undefined ? [] : [transformed(from, to, both)];
      }),
    ),
];

import { failoverToken } from "../../workers/messaging/contract";
import { subjectsFor } from "../assets/lanes";
import { importsOf } from "../assets/sharing";
import { withStandardParts } from "../assets/standard-parts";
import { isOfServers } from "../reserved-subjects";
import type { TenantSpec } from "../schema/tenant";
import { destinationSubject, transformMistake } from "../subject-transform";
import { covers, overlaps } from "../subjects";
import type { ValidationContext } from "./context";
import { list, text, unknownRegion } from "./messages";
import { type Rule, rule } from "./rule";
import { storedBy, tenants } from "./scopes";

/** Rules about mappings of subjects. Servers would refuse the accounts file for some of these mistakes. */

const mappings = (context: ValidationContext) =>
  tenants(context).flatMap(({ path, key, tenant }) =>
    Object.entries(tenant.mappings ?? {}).map(([from, to], index, all) => ({
      path: [...path, "mappings", from],
      ...{ key, tenant, from, to },
      earlier: all.slice(0, index).find(([other]) => overlaps(other, from))?.[0],
    })),
  );

const destinations = (context: ValidationContext) =>
  mappings(context).flatMap((scope) =>
    scope.to.map(({ to, region }, index) => ({
      ...scope,
      path: [...scope.path, index],
      ...{ destination: to, region, subject: destinationSubject(to), others: scope.to.slice(0, index) },
      isValid: transformMistake(scope.from, to) === undefined,
    })),
  );

/** Both ends of each mapping. */
const ends = (context: ValidationContext) => [
  ...mappings(context).map((scope) => ({ ...scope, subject: scope.from })),
  ...destinations(context)
    .filter(({ isValid }) => isValid)
    .map((scope) => ({ ...scope, path: [...scope.path, "to"] })),
];

/** Weights of a mapping, by region; of those without one under the empty name. */
const weights = (context: ValidationContext) =>
  mappings(context).flatMap(({ to, ...scope }) =>
    [...Map.groupBy(to, ({ region = "" }) => region)].map(([region, entries]) => ({
      ...scope,
      region,
      sum: entries.reduce((total, { weight }) => total + weight, 0),
    })),
  );

/** Streams of a subject that may fail over. */
const mirroredAt = ({ streams }: TenantSpec, subject: string): string[] =>
  Object.entries(streams)
    .filter(([, { mirrors, subjects }]) => mirrors && subjects.some((own) => overlaps(own, subject)))
    .map(([name]) => name);

const streamsAt = (tenant: TenantSpec, subject: string): string[] => [
  ...new Set(
    storedBy(tenant)
      .filter((stored) => overlaps(stored.subject, subject))
      .map(({ stream }) => stream),
  ),
];

/** Whether a user of the tenant publishes or asks on a subject, or another tenant asks on it. */
const isUsed = (tenant: TenantSpec, subject: string): boolean =>
  Object.keys(tenant.exports?.services ?? {}).some((service) => overlaps(service, subject)) ||
  Object.values(withStandardParts(tenant).users).some(({ publishes = [], requests = [], allow }) =>
    [...publishes, ...requests, ...(allow?.publish ?? [])].some((own) => overlaps(own, subject)),
  );

/** Streams that every tenant has beside its own. */
const isDerived = (tenant: TenantSpec, stream: string): boolean => !(stream in tenant.streams);

export const mappingRules: Rule[] = [
  rule({
    each: ends,
    when: ({ subject, tenant }) =>
      isOfServers(subject) ||
      overlaps(subject, `${failoverToken}.>`) ||
      streamsAt(tenant, subject).some((stream) => isDerived(tenant, stream)),
    message: ({ subject }) =>
      `${text(subject)} includes subjects of servers, clients or derived streams, which are never mapped; ` +
      "write only the application's own",
  }),
  rule({
    each: mappings,
    when: ({ earlier }) => earlier !== undefined,
    message: ({ earlier }) =>
      `overlaps the mapping of ${text(earlier)}, and which of the two servers then apply is not defined; ` +
      "map each subject once",
  }),
  rule({
    each: mappings,
    when: ({ tenant, from }) => subjectsFor(tenant, from).length > 1,
    message: ({ tenant, from }) =>
      `${text(from)} has lanes or a route, which a mapping of it alone would leave out; map those that are meant: ` +
      list(subjectsFor(tenant, from)),
  }),
  rule({
    each: mappings,
    when: ({ tenant, from }) => !isUsed(tenant, from),
    message: ({ key, from }) =>
      `no user of ${key} publishes or asks on ${text(from)}, and no other tenant asks on it; correct it, or remove it`,
  }),
  rule({
    each: destinations,
    at: ["to"],
    when: ({ isValid }) => !isValid,
    message: ({ from, destination }) => {
      const { found, instead } = transformMistake(from, destination)!;
      return `${text(destination)} ${found}; ${instead}`;
    },
  }),
  rule({
    each: destinations,
    at: ["to"],
    when: ({ from, subject, isValid }) => isValid && from === subject,
    message: ({ from }) => `${text(from)} is the subject itself, which what is not mapped keeps; leave it out`,
  }),
  rule({
    each: destinations,
    at: ["to"],
    when: ({ destination, others }) => others.some(({ to }) => to === destination),
    message: ({ destination }) =>
      `${text(destination)} stands in this list already, and servers take a destination once, whatever its region; ` +
      "keep one of them",
  }),
  rule({
    each: destinations,
    at: ["to"],
    when: ({ subject, from, tenant, isValid }) =>
      isValid && Object.keys(tenant.mappings!).some((other) => other !== from && overlaps(other, subject)),
    message: ({ subject, from, tenant }) =>
      `${text(subject)} is mapped too, by ` +
      `${text(Object.keys(tenant.mappings!).find((other) => other !== from && overlaps(other, subject)))}, ` +
      "and servers map a message once; write the last subject here",
  }),
  rule({
    each: destinations,
    at: ["region"],
    when: ({ region }, { environment }) => region !== undefined && !environment.regions.includes(region),
    message: ({ region }, { environment }) => unknownRegion(region!, environment),
  }),
  rule({
    each: weights,
    when: ({ sum }) => sum > 100,
    message: ({ region, sum }) =>
      `weights ${region ? `of ${region}` : "without a region"} are ${sum} percent together; write at most 100`,
  }),
  rule({
    each: ends,
    when: ({ subject, tenant }) => mirroredAt(tenant, subject).length > 0,
    message: ({ subject, tenant }) => {
      const [stream] = mirroredAt(tenant, subject);
      return (
        `${text(subject)} is stored by ${stream}, which has mirrors: a failover maps its subjects, and servers map a ` +
        "message once; map subjects of streams without mirrors"
      );
    },
  }),
  rule({
    each: (context) => destinations(context).filter(({ isValid }) => isValid),
    at: ["to"],
    when: ({ tenant, from, subject }) =>
      storedBy(tenant).some((stored) => overlaps(stored.subject, from)) !==
      storedBy(tenant).some((stored) => covers(stored.subject, subject)),
    message: ({ tenant, from, subject }) => {
      const [stream] = streamsAt(tenant, from);
      return stream
        ? `${text(subject)} is stored by no stream, and ${text(from)} by ${stream}: publishers would get no ` +
            "acknowledgement; add it to the subjects of a stream"
        : `${text(subject)} is stored by ${list(streamsAt(tenant, subject))}, and ${text(from)} by none: an ` +
            "acknowledgement would be an answer; use a subject that is not stored";
    },
  }),
  rule({
    each: ends,
    when: ({ subject, tenant }) => importsOf(tenant).some((shared) => overlaps(shared.local, subject)),
    message: ({ subject, tenant }) => {
      const { from } = importsOf(tenant).find((shared) => overlaps(shared.local, subject))!;
      return `${text(subject)} is imported from ${from}, who maps what it exports; map it there`;
    },
  }),
];

import { copiedSubjects, copiesOf } from "../assets/copies";
import { isLeaving } from "../assets/leaving";
import { unknownName } from "../problems";
import type { TenantSpec } from "../schema/tenant";
import { covers } from "../subjects";
import type { ValidationContext } from "./context";
import { copyIsRefused, list, text } from "./messages";
import { partnerRules } from "./partners";
import { type Rule, rule } from "./rule";
import { mirrors, streams, tenants } from "./scopes";

/** Rules about streams that are copied to another account. Servers find none of these mistakes: a copy then waits. */

/** Streams that tenants let others copy. */
const exported = (context: ValidationContext) =>
  tenants(context).flatMap(({ path, key, tenant }) =>
    Object.entries(tenant.exports?.copies ?? {}).map(([name, { to, subjects }]) => ({
      path: [...path, "exports", "copies", name],
      ...{ key, tenant, name, to, subjects, stream: tenant.streams[name] },
    })),
  );

/** Streams that copy, with what the other tenant says of it. */
const copies = (context: ValidationContext) =>
  tenants(context).flatMap(({ path, key, tenant }) =>
    copiesOf(tenant).map((copy) => {
      const owner = context.tenants[copy.from];
      return {
        ...{ path: [...path, "streams", copy.stream, ...copy.at], key, tenant, copy, owner },
        offer: owner?.exports?.copies?.[copy.origin],
      };
    }),
  );

const isOffered = (to: "all" | string[], key: string): boolean => to === "all" || to.includes(key);

/** Streams that mirror one of another tenant. */
const copied = (context: ValidationContext) => streams(context).filter(({ stream }) => stream.mirror !== undefined);

/** The tenant from which a stream has messages, if only by other streams of its account. */
function handedOn(
  { streams: all }: Pick<TenantSpec, "streams">,
  name: string,
  seen = new Set<string>(),
): string | undefined {
  if (seen.has(name)) return undefined;
  seen.add(name);
  const { mirror, sources = [] } = all[name] ?? {};
  for (const source of [...(mirror ? [mirror] : []), ...sources]) {
    const { name: origin, tenant = undefined } = typeof source === "string" ? { name: source } : source;
    const from = tenant ?? handedOn({ streams: all }, origin, seen);
    if (from !== undefined) return from;
  }
  return undefined;
}

/** Tenants that copies of streams with one name lead to, from a tenant on. */
function reaches(
  context: ValidationContext,
  name: string,
  from: string,
  to: string,
  seen = new Set<string>(),
): boolean {
  if (from === to) return true;
  if (seen.has(from)) return false;
  seen.add(from);
  const next = context.tenants[from] ? copiesOf(context.tenants[from]) : [];
  return next.some((copy) => copy.origin === name && reaches(context, name, copy.from, to, seen));
}

export const copyRules: Rule[] = [
  rule({
    each: exported,
    when: ({ key, name, stream }, { declared }) => !stream && !declared.streams(key).includes(name),
    message: ({ key, name, tenant }) => unknownName(name, `a stream of ${key}`, Object.keys(tenant.streams)),
  }),
  rule({
    each: (context) =>
      exported(context).flatMap((scope) => {
        const origin = mirrors(context).find(({ key, mirror }) => key === scope.key && mirror === scope.name);
        return !scope.stream && origin ? [{ ...scope, origin: origin.name }] : [];
      }),
    when: () => true,
    message: ({ name, origin }) =>
      `${text(name)} is a mirror of ${origin}, and a copy of it would be behind both; export ${text(origin)}`,
  }),
  rule({
    each: exported,
    when: ({ stream }) => stream !== undefined && stream.retention !== "limits",
    message: ({ name, stream }) =>
      `${name} has retention ${text(stream!.retention)}, and a copy counts as a consumer of it: ` +
      'it would take messages away, or hold them; write retention: "limits" there, or share subjects instead',
  }),
  rule({
    each: exported,
    when: ({ stream }) => stream?.consumerLimits?.maxAckPending !== undefined,
    message: ({ name }) => copyIsRefused(name),
  }),
  rule({
    each: exported,
    when: ({ tenant, name }) => handedOn(tenant, name) !== undefined,
    message: ({ tenant, name }) => {
      const from = handedOn(tenant, name)!;
      return (
        `${name} has messages of ${from}, who says who may copy them, and handed on they could come back; ` +
        `let ${from} export its stream to whom it is for`
      );
    },
  }),
  rule({
    each: exported,
    at: ["subjects"],
    when: ({ stream, subjects = [] }) =>
      stream !== undefined &&
      !stream.sources &&
      subjects.some((subject) => !stream.subjects.some((own) => covers(own, subject))),
    message: ({ name, stream, subjects = [] }) =>
      `${list(subjects.filter((subject) => !stream!.subjects.some((own) => covers(own, subject))).map(text))} ` +
      `is not among the subjects of ${name}; write a part of ${list(stream!.subjects)}`,
  }),
  ...partnerRules(exported, ", which copies its own streams by their names"),
  rule({
    each: copies,
    at: ["tenant"],
    when: ({ copy }, { declared }) => !declared.tenants.includes(copy.from),
    message: ({ copy }, { declared }) => unknownName(copy.from, "a tenant", declared.tenants),
  }),
  rule({
    each: copies,
    at: ["tenant"],
    when: ({ key, copy }) => copy.from === key,
    message: ({ copy }) =>
      `${text(copy.from)} is this tenant itself; ` +
      (copy.at[0] === "mirror" ? `write a mirror of ${copy.origin} in its mirrors` : "leave tenant out"),
  }),
  rule({
    each: copies,
    at: ["name"],
    when: ({ key, copy, owner, offer }) =>
      owner !== undefined && copy.from !== key && !(offer && isOffered(offer.to, key)),
    message: ({ key, copy, owner, offer }) => {
      const { from, origin } = copy;
      if (offer)
        return (
          `${text(origin)} may be copied by ${list([offer.to].flat())} only; ` +
          `add ${text(key)} to tenants.${from}.exports.copies.${origin}.to`
        );
      const known = Object.entries(owner!.exports?.copies ?? {}).filter(([, { to }]) => isOffered(to, key));
      const names = known.map(([name]) => name);
      const problem = unknownName(origin, `a stream that ${from} lets ${key} copy`, names);
      return `${problem}; write it in tenants.${from}.exports.copies`;
    },
  }),
  rule({
    each: copies,
    when: ({ key, copy, offer }) =>
      offer?.subjects !== undefined &&
      isOffered(offer.to, key) &&
      !(
        copiedSubjects(copy.spec)?.length === 1 &&
        offer.subjects.some((subject) => covers(subject, copiedSubjects(copy.spec)![0]!))
      ),
    message: ({ copy, offer }) =>
      `only ${list(offer!.subjects!)} of ${copy.from}'s ${copy.origin} may be copied; ` +
      "write one of them, or a part of one, as filterSubject",
  }),
  rule({
    each: copies,
    when: ({ owner }) => owner !== undefined && isLeaving(owner),
    message: ({ copy }) =>
      `${copy.from} is leaving, and its streams are deleted; take this away first, or make it a stream of its own`,
  }),
  rule({
    each: copies,
    at: ["consumer"],
    when: ({ copy }) => copy.spec.consumer !== undefined,
    message: () =>
      "is no part of a copy across accounts: servers read by a consumer that they make themselves; leave it out",
  }),
  rule({
    each: copies,
    when: ({ key, copy }, context) =>
      copy.from !== key && context.tenants[copy.from] !== undefined && reaches(context, copy.origin, copy.from, key),
    message: ({ copy, key }) =>
      `${copy.from} copies a stream ${text(copy.origin)} of ${key}, if only by way of others, and flow control of ` +
      `both has the same subject ($JS.FC.${copy.origin}), which servers refuse as a circle of imports; ` +
      "rename one of the streams",
  }),
  rule({
    each: copied,
    at: ["retention"],
    when: ({ stream }) => stream.retention !== "limits",
    message: ({ stream }) =>
      `${text(stream.retention)} deletes from a mirror what its origin still holds; write "limits", ` +
      "or collect messages by sources",
  }),
  rule({
    each: copied,
    at: ["discard"],
    when: ({ stream }) => stream.discard === "new",
    message: () => '"new" would stop a mirror at its limit for good; write "old"',
  }),
  rule({
    each: copied,
    at: ["mirrors"],
    when: ({ stream }) => stream.mirrors !== undefined,
    message: ({ stream }) =>
      `${list(Object.keys(stream.mirrors!))} would be a mirror of a mirror, behind both; ` +
      `write another stream with home there and mirror: ${text(stream.mirror)}`,
  }),
];

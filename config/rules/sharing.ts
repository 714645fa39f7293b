import { failoverToken } from "../../workers/messaging/contract";
import { type Export, exportsOf, type Import, importsOf, sharedFields } from "../assets/sharing";
import { withStandardParts } from "../assets/standard-parts";
import { unknownName } from "../problems";
import { isOfServers } from "../reserved-subjects";
import type { TenantSpec } from "../schema/tenant";
import { covers, overlaps } from "../subjects";
import type { ValidationContext } from "./context";
import { list, text } from "./messages";
import { partnerRules } from "./partners";
import { type Rule, rule } from "./rule";
import { storedBy, tenants, users } from "./scopes";

/** Rules about what tenants share. Servers would refuse the whole accounts file for most of these mistakes. */

/** What tenants export, where it stands; what lanes add stands where their subject does. */
const exported = (context: ValidationContext) =>
  tenants(context).flatMap(({ path, key, tenant }) =>
    (["stream", "service"] as const).flatMap((kind) =>
      Object.entries(tenant.exports?.[sharedFields[kind]] ?? {}).map(([subject, { to }]) => ({
        path: [...path, "exports", sharedFields[kind], subject],
        ...{ key, tenant, kind, subject, to },
      })),
    ),
  );

/** Names of tenants that imports name. */
const origins = (context: ValidationContext) =>
  tenants(context).flatMap(({ path, key, tenant }) =>
    Object.entries(tenant.imports ?? {}).map(([from, spec]) => ({ path: [...path, "imports", from], key, from, spec })),
  );

/** What tenants import, where it stands, and what of it its tenant exports. */
const imported = (context: ValidationContext) =>
  tenants(context).flatMap(({ path, key, tenant }) => {
    const places = Object.entries(tenant.imports ?? {}).flatMap(([from, spec]) =>
      (["streams", "services"] as const).flatMap((field) =>
        (spec[field] ?? []).map((_, index) => [...path, "imports", from, field, index]),
      ),
    );
    return importsOf(tenant).map((shared, index) => {
      const exporter = context.tenants[shared.from];
      return {
        ...{ path: places[index]!, key, tenant, shared, local: shared.local, exporter },
        offered: exporter ? exportsOf(exporter) : [],
      };
    });
  });

/** Every import with the earlier one of its account whose subjects there it overlaps. */
const importsAfter = (context: ValidationContext) =>
  imported(context).map((scope, index, all) => ({
    ...scope,
    earlier: all.slice(0, index).find(({ key, local }) => key === scope.key && overlaps(local, scope.local)),
  }));

const isOffered = ({ kind, subject }: Import, key: string, { to, ...offer }: Export): boolean =>
  offer.kind === kind && covers(offer.subject, subject) && (to === "all" || to.includes(key));

/** Why an import finds nothing, and what to write instead. */
function missing(shared: Import, key: string, offered: readonly Export[]): string {
  const { kind, subject, from } = shared;
  const closed = offered.find((offer) => offer.kind === kind && covers(offer.subject, subject));
  if (closed)
    return (
      `${text(subject)} is exported by ${from} to ${list([closed.to].flat())} only; ` +
      `add ${text(key)} to tenants.${from}.exports.${sharedFields[kind]}[${text(closed.subject)}].to`
    );
  const other = offered.find((offer) => covers(offer.subject, subject));
  if (other)
    return `${text(subject)} is exported by ${from} as a ${other.kind}; write it in ${sharedFields[other.kind]}`;
  const known = offered.filter((offer) => offer.kind === kind && (offer.to === "all" || offer.to.includes(key)));
  return (
    `${text(subject)} is no ${kind} that ${from} exports; export it there, or write one of: ` +
    list(known.map((offer) => offer.subject))
  );
}

/** What of a tenant uses subjects that are to be those of an import alone. */
function usesOf(tenant: TenantSpec, kind: Import["kind"]): { subject: string; what: string }[] {
  const ofUsers = Object.entries(withStandardParts(tenant).users).flatMap(([name, user]) =>
    [
      ...(user.publishes ?? []),
      ...(user.responds?.endpoints ?? []),
      ...((kind === "stream" ? user.requests : user.subscribes) ?? []),
    ].map((subject) => ({ subject, what: `user ${name} (${subject})` })),
  );
  const ofConsumers = Object.entries(tenant.consumers).flatMap(([name, consumer]) =>
    consumer.mode === "push"
      ? [{ subject: consumer.deliverSubject, what: `consumer ${name} (${consumer.deliverSubject})` }]
      : [],
  );
  return [...ofUsers, ...ofConsumers];
}

/** What users hear and ask of others, beside what their tenants import of them. */
const named = (context: ValidationContext) =>
  users(context).flatMap((scope) =>
    (["subscribes", "requests"] as const).flatMap((field) =>
      (scope.user[field] ?? []).map((subject, index) => ({
        ...scope,
        path: [...scope.path, field, index],
        subject,
        kind: field === "subscribes" ? ("stream" as const) : ("service" as const),
        sharing: importsOf(scope.tenant).filter(({ prefix }) => subject.startsWith(`${prefix}.`)),
      })),
    ),
  );

const isReserved = (subject: string): boolean => isOfServers(subject) || subject.startsWith(`${failoverToken}.`);

export const sharingRules: Rule[] = [
  rule({
    each: exported,
    when: ({ subject }) => isReserved(subject),
    message: ({ subject }) =>
      `${text(subject)} includes subjects of servers and clients themselves, which are never shared; ` +
      "write only what others need",
  }),
  ...partnerRules(exported),
  rule({
    each: (context) =>
      exported(context).map((scope, index, all) => ({
        ...scope,
        earlier: all.slice(0, index).find(({ key, subject }) => key === scope.key && overlaps(subject, scope.subject)),
      })),
    when: ({ earlier }) => earlier !== undefined,
    message: ({ earlier }) =>
      `overlaps the ${earlier!.kind} ${text(earlier!.subject)}, and which of the two servers then apply is not ` +
      "defined; export each subject once",
  }),
  rule({
    each: exported,
    when: ({ tenant, subject }) => importsOf(tenant).some((shared) => overlaps(shared.local, subject)),
    message: ({ tenant, subject }) => {
      const { from } = importsOf(tenant).find((shared) => overlaps(shared.local, subject))!;
      return (
        `${text(subject)} is imported from ${from}, who says to whom it goes, and handed on it could come back; ` +
        `let ${from} export it to whom it is for`
      );
    },
  }),
  rule({
    each: exported,
    when: ({ kind, subject, tenant }) =>
      kind === "service" && storedBy(tenant).some((one) => overlaps(one.subject, subject)),
    message: ({ subject, tenant }) =>
      `${text(subject)} is stored by ${storedBy(tenant).find((one) => overlaps(one.subject, subject))!.stream}, ` +
      "whose acknowledgement would be the first answer; use another subject",
  }),
  rule({
    each: exported,
    when: ({ kind, subject, tenant }) =>
      kind === "service" &&
      !Object.values(tenant.users).some(({ responds }) =>
        responds?.endpoints.some((endpoint) => overlaps(endpoint, subject)),
      ),
    message: ({ key }) => `no user of ${key} answers on it; write it in the endpoints of a user that responds`,
  }),
  rule({
    each: origins,
    when: ({ from }, { declared }) => !declared.tenants.includes(from),
    message: ({ from }, { declared }) => unknownName(from, "a tenant", declared.tenants),
  }),
  rule({
    each: origins,
    when: ({ key, from }) => key === from,
    message: ({ from }) => `${text(from)} is this tenant itself, whose users have its subjects anyway; remove it`,
  }),
  rule({
    each: origins,
    when: ({ spec }) => !spec.streams && !spec.services,
    message: () => "imports nothing; write streams, services or both",
  }),
  rule({
    each: imported,
    when: ({ key, shared, exporter, offered }) =>
      exporter !== undefined && shared.from !== key && !offered.some((offer) => isOffered(shared, key, offer)),
    message: ({ key, shared, offered }) => missing(shared, key, offered),
  }),
  rule({
    each: importsAfter,
    when: ({ earlier }) => earlier !== undefined,
    message: ({ local, earlier }) =>
      `is ${text(local)} here, as is ${text(earlier!.shared.subject)} of ${earlier!.shared.from}; ` +
      "import each subject once, and give each tenant a prefix of its own",
  }),
  rule({
    each: imported,
    when: ({ local, tenant, shared }) =>
      shared.prefix === failoverToken || storedBy(tenant).some(({ subject }) => overlaps(subject, local)),
    message: ({ local, tenant, key }) => {
      const stream = storedBy(tenant).find(({ subject }) => overlaps(subject, local))?.stream;
      return stream
        ? `is ${text(local)} here, which stream ${stream} of ${key} stores; write another prefix`
        : `has the prefix of streams that have failed over, "${failoverToken}"; write another one`;
    },
  }),
  rule({
    each: imported,
    when: ({ local, tenant, shared }) => usesOf(tenant, shared.kind).some(({ subject }) => overlaps(subject, local)),
    message: ({ local, tenant, shared }) => {
      const uses = usesOf(tenant, shared.kind).filter(({ subject }) => overlaps(subject, local));
      return (
        `is ${text(local)} here, which is used by ${list([...new Set(uses.map(({ what }) => what))])}: ` +
        "its messages and those of the other account could not be told apart; write another prefix"
      );
    },
  }),
  rule({
    each: named,
    when: ({ sharing, subject, kind }) =>
      sharing.length > 0 && !sharing.some((shared) => shared.kind === kind && overlaps(shared.local, subject)),
    message: ({ sharing, subject, kind }) =>
      `${text(subject)} is no ${kind} that is imported from ${sharing[0]!.from}; import it, or write one of: ` +
      list(sharing.filter((shared) => shared.kind === kind).map(({ local }) => local)),
  }),
];

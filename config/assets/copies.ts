import type { StreamSpec, TenantSpec } from "../schema/tenant";
import type { Export, Import } from "./sharing";

/*
 * Streams that are copied to another account: what tenants say, what JetStream is told, and what servers let pass for
 * it. Pure.
 */

/** A mirror or a source as a tenant declares it. */
type Origin = Exclude<NonNullable<StreamSpec["sources"]>[number], string>;

/** Subjects between accounts begin so; no user may name them (config/reserved-subjects.ts). */
export const acrossAccounts = { api: "$JS.ACCOUNTS", deliver: "$JS.COPIES" } as const;

/** A copy of a stream of another tenant. */
export interface Copy {
  /** The tenant whose stream is copied, and that stream. */
  from: string;
  origin: string;
  /** The stream that it becomes, or a part of. */
  stream: string;
  /** What it says of it, and where: below the stream, `["mirror"]` or `["sources", 0]`. */
  spec: Origin;
  at: PropertyKey[];
}

/** What a tenant copies of others, in the order declared. */
export const copiesOf = ({ streams }: Pick<TenantSpec, "streams">): Copy[] =>
  Object.entries(streams).flatMap(([stream, { mirror, sources = [] }]) =>
    [
      ...(mirror ? [{ spec: mirror as Origin, at: ["mirror"] as PropertyKey[] }] : []),
      ...sources.map((source, index) => ({
        spec: typeof source === "string" ? { name: source } : source,
        at: ["sources", index],
      })),
    ].flatMap(({ spec, at }) =>
      spec.tenant === undefined ? [] : [{ from: spec.tenant, origin: spec.name, stream, spec, at }],
    ),
  );

/** A mirror or source as JetStream knows it: `external` in place of the tenant. */
function ofServers<O extends Partial<Origin>>({ tenant, ...origin }: O, account: string): Omit<O, "tenant"> {
  if (tenant === undefined) return origin;
  const external = { api: `${acrossAccounts.api}.${tenant}.API`, deliver: `${acrossAccounts.deliver}.${account}` };
  return { ...origin, external };
}

/** The two fields of a stream of an account that say what it copies, as JetStream knows them. */
export const copying = ({ mirror, sources }: Pick<StreamSpec, "mirror" | "sources">, account: string) => ({
  ...(mirror && { mirror: ofServers(mirror, account) }),
  ...(sources && {
    sources: sources.map((source) => (typeof source === "string" ? source : ofServers(source, account))),
  }),
});

/** The tenant whose stream a mirror or source copies; undefined for one of its own account, or of a domain. */
export function copiedTenant({ external }: { external?: { api: string } }): string | undefined {
  const [, , tenant, ...rest] = external?.api.split(".") ?? [];
  return external?.api.startsWith(`${acrossAccounts.api}.`) && rest.join() === "API" ? tenant : undefined;
}

/** Subjects of the messages that are copied; undefined: all. */
export const copiedSubjects = ({ filterSubject, subjectTransforms }: Origin): string[] | undefined =>
  filterSubject === undefined ? subjectTransforms && subjectTransforms.map(({ src = ">" }) => src) : [filterSubject];

/**
 * The requests by which servers make the consumer of a copy: with one filter that stands in the request, and which
 * servers compare with what it says; without, or with several, the consumer may have any.
 */
function requestOf({ origin, spec }: Copy): string {
  const subjects = copiedSubjects(spec);
  const one = subjects?.length === 1 && subjects[0] !== ">" ? `.*.${subjects[0]}` : "";
  return `CONSUMER.CREATE.${origin}${one}`;
}

/**
 * What accounts have to let pass for copies, by account: the request for the consumer of one stream, its flow control,
 * and the messages, which only servers ask for and hear. The servers' newer form of flow control is off by default.
 */
export function copyExchanges(
  tenants: Record<string, TenantSpec>,
): Record<string, { exports: Export[]; imports: Import[] }> {
  const exchanges = Object.values(tenants).flatMap((tenant) =>
    copiesOf(tenant)
      .filter(({ from }) => from in tenants)
      .flatMap((copy): (Import & { to: string })[] => {
        const { from, origin } = copy;
        const to = tenant.name;
        const request = requestOf(copy);
        const flowControl = `$JS.FC.${origin}.>`;
        const messages = `${acrossAccounts.deliver}.${to}.>`;
        return [
          {
            ...{ to, from, kind: "service", subject: `$JS.API.${request}` },
            local: `${acrossAccounts.api}.${from}.API.${request}`,
          },
          { to, from, kind: "service", subject: flowControl, local: flowControl },
          { to, from, kind: "stream", subject: messages, local: messages },
        ];
      }),
  );
  const unique = <T>(all: T[]): T[] => [...new Map(all.map((one) => [JSON.stringify(one), one])).values()];
  return Object.fromEntries(
    Object.values(tenants).map(({ name }) => [
      name,
      {
        exports: [
          ...Map.groupBy(
            exchanges.filter(({ from }) => from === name),
            ({ kind, subject }) => `${kind} ${subject}`,
          ).values(),
        ].map((alike): Export => {
          const [{ kind, subject }] = alike as [(typeof alike)[number]];
          return { kind, subject, to: [...new Set(alike.map(({ to }) => to))] };
        }),
        imports: unique(
          exchanges
            .filter(({ to }) => to === name)
            .map(({ kind, subject, from, local }): Import => ({ kind, subject, from, local })),
        ),
      },
    ]),
  );
}

import type { TenantSpec } from "../schema/tenant";
import { toMilliseconds } from "../units";
import { overlaps } from "../subjects";
import { withLanes } from "./lanes";

/*
 * What tenants share: subjects of one account that clients of another may hear, or ask on. Pure.
 */

/** `stream`: messages that others hear. `service`: subjects on which they ask. */
export type SharedKind = "stream" | "service";

/** Where tenants say it. */
export const sharedFields = { stream: "streams", service: "services" } as const satisfies Record<SharedKind, string>;
const kinds = Object.keys(sharedFields) as SharedKind[];

/** Time that a service has for an answer, unless it says otherwise. */
export const defaultExpires = "5s";

/** A subject that an account exports. */
export interface Export {
  kind: SharedKind;
  subject: string;
  /** Accounts that may import it; `all`: any. */
  to: string[] | "all";
  /** Of a service: time after which servers forget whom an answer would go to. */
  expiresMs?: number;
}

/** A subject of another account that an account imports. */
export interface Import {
  kind: SharedKind;
  subject: string;
  from: string;
  /** The subject by which the account that imports it knows it. */
  local: string;
}

/** One that a tenant declares. */
export interface DeclaredImport extends Import {
  /** What stands before the subject, with a dot, in the account that imports it. */
  prefix: string;
}

/** What a tenant exports, its lanes and routes included, in the order declared: streams, then services. */
export function exportsOf(declared: TenantSpec): Export[] {
  const tenant = withLanes(declared);
  return kinds.flatMap((kind) =>
    Object.entries(tenant.exports?.[sharedFields[kind]] ?? {}).map(([subject, { to }]) => ({
      kind,
      subject,
      to,
      ...(kind === "service" && { expiresMs: longestAnswer(tenant, subject) }),
    })),
  );
}

/** The time that the slowest user has that answers on a subject. */
const longestAnswer = ({ users }: TenantSpec, subject: string): number =>
  Math.max(
    toMilliseconds(defaultExpires),
    ...Object.values(users).flatMap(({ responds }) =>
      responds?.endpoints.some((endpoint) => overlaps(endpoint, subject))
        ? [toMilliseconds(responds.expires ?? defaultExpires)]
        : [],
    ),
  );

/** What a tenant imports, in the order declared. */
export const importsOf = ({ imports = {} }: Pick<TenantSpec, "imports">): DeclaredImport[] =>
  Object.entries(imports).flatMap(([from, { prefix = from, ...subjects }]) =>
    kinds.flatMap((kind) =>
      (subjects[sharedFields[kind]] ?? []).map((subject) => ({
        ...{ kind, subject, from, prefix, local: `${prefix}.${subject}` },
      })),
    ),
  );

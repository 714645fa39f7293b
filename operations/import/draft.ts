import type { Tenants } from "../../config/assets/asset";
import { withBuckets } from "../../config/assets/buckets";
import type { TenantKeyValue, TenantObjectStore } from "../../config/schema/bucket";
import type { Environment } from "../../config/schema/settings";
import type { ConsumerSpec, StreamSpec, TenantSpec } from "../../config/schema/tenant";

/** What has to be looked at, and where: `streams.ORDERS.maxAge`, or its name. */
export interface Remark {
  at: string;
  message: string;
}

type MirrorSpec = NonNullable<StreamSpec["mirrors"]>[string];
type StreamDraft = Partial<Omit<StreamSpec, "mirrors">> & { mirrors?: Record<string, Partial<MirrorSpec>> };

/** What a tenant declares and its streams do not show, beside its users: it stays as it is declared. */
export const kept = ["deadLetters", "limits", "exports", "imports", "mappings"] as const;

type Kept = Pick<TenantSpec, "description" | (typeof kept)[number]>;

/** A `TenantSpec` as servers show it: what has to be decided is absent, and no schema has checked it. */
export interface Draft extends Pick<TenantSpec, "name" | "home" | "users">, Kept {
  streams: Record<string, StreamDraft>;
  keyValues?: Record<string, Partial<TenantKeyValue>>;
  objectStores?: Record<string, Partial<TenantObjectStore>>;
  consumers: Record<string, Partial<ConsumerSpec>>;
}

/**
 * The draft as the tenant that it becomes, to make assets of it before schema and rules have checked it: they report
 * what is missing or wrong in it.
 */
export const asTenant = (draft: Draft): TenantSpec => withBuckets(draft as TenantSpec);

/** A tenant as it is to be written. */
export interface ImportedTenant {
  tenant: Draft;
  /** What a tenant must declare and the account does not show, and what the rules refuse. */
  toDecide: Remark[];
  /** What exists and a tenant cannot declare. It stays as it is, and no stack reconciles it. */
  leftOut: Remark[];
  /** What the first `up` would change nevertheless. */
  changes: Remark[];
}

/** Where an account belongs. */
export interface Place {
  account: string;
  /** The stack that will own all of it, as in the mark: `supercluster/local-jetstream`. */
  owner: string;
  environment: Environment;
  /** The account's tenant as it is declared so far. */
  declared?: Pick<TenantSpec, "users"> & Kept;
  /** All tenants: what they share is checked with it. Default: none. */
  tenants?: Tenants;
}

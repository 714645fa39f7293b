import type { Args } from "../../jetstream/wire";
import type { Environment } from "../../config/schema/settings";
import type { TenantSpec } from "../../config/schema/tenant";

/** Something that a person has to look at, and where: `streams.ORDERS.maxAge`, or what it is called. */
export interface Remark {
  at: string;
  message: string;
}

/** A `TenantSpec`, but for what is to be decided. */
export interface Draft extends Pick<TenantSpec, "name" | "description" | "home" | "users"> {
  streams: Record<string, Args>;
  consumers: Record<string, Args>;
}

/** A tenant as it is to be written. */
export interface ImportedTenant {
  tenant: Draft;
  /** What a tenant has to say and the account does not, and what a tenant may not be like. */
  toDecide: Remark[];
  /** What is there and no tenant can say. It stays as it is, and nobody reconciles it. */
  leftOut: Remark[];
  /** What the first `up` would change all the same. */
  changes: Remark[];
}

/** What an account's place is. */
export interface Place {
  account: string;
  /** The stack that will own all of it, as in the mark: `supercluster/local-jetstream`. */
  owner: string;
  environment: Environment;
  /** The account's tenant as it is declared so far: who uses it is written on no server. */
  declared?: Pick<TenantSpec, "description" | "users">;
}

import { mirrorName } from "../assets/standard";
import { withStandardParts } from "../assets/standard-parts";
import type { ConsumerSpec, StreamSpec, TenantSpec, UserSpec } from "../schema/tenant";
import type { ValidationContext } from "./context";
import type { Scope } from "./rule";

/** What rules of several files apply to. A scope that one file alone uses stands in that file. */

export interface TenantScope extends Scope {
  key: string;
  tenant: TenantSpec;
}
export interface StreamScope extends TenantScope {
  name: string;
  stream: StreamSpec;
  /** Region of the stream: its own, or its tenant's. */
  home: string;
}
export interface ConsumerScope extends TenantScope {
  name: string;
  consumer: ConsumerSpec;
}
export interface UserScope extends TenantScope {
  name: string;
  user: UserSpec;
}

export const tenants = ({ tenants }: ValidationContext): TenantScope[] =>
  Object.entries(tenants).map(([key, tenant]) => ({ path: ["tenants", key], key, tenant }));

export const streams = (context: ValidationContext): StreamScope[] =>
  tenants(context).flatMap(({ path, key, tenant }) =>
    Object.entries(tenant.streams).map(([name, stream]) => ({
      path: [...path, "streams", name],
      key,
      tenant,
      name,
      stream,
      home: stream.home ?? tenant.home,
    })),
  );

/** `name` is the origin's, `mirror` the mirror's own. */
export const mirrors = (context: ValidationContext) =>
  streams(context).flatMap((scope) =>
    Object.entries(scope.stream.mirrors ?? {}).map(([region, limits]) => ({
      ...scope,
      path: [...scope.path, "mirrors", region],
      region,
      limits,
      mirror: mirrorName(scope.name, region),
    })),
  );

export const consumers = (context: ValidationContext): ConsumerScope[] =>
  tenants(context).flatMap(({ path, key, tenant }) =>
    Object.entries(tenant.consumers).map(([name, consumer]) => ({
      path: [...path, "consumers", name],
      key,
      tenant,
      name,
      consumer,
    })),
  );

export const users = (context: ValidationContext): UserScope[] =>
  tenants(context).flatMap(({ path, key, tenant }) =>
    Object.entries(tenant.users).map(([name, user]) => ({ path: [...path, "users", name], key, tenant, name, user })),
  );

/** Subjects of streams of an account, by stream, its canary and dead letters included. */
export const storedBy = (tenant: TenantSpec): { stream: string; subject: string }[] =>
  Object.entries(withStandardParts(tenant).streams).flatMap(([stream, { subjects }]) =>
    subjects.map((subject) => ({ stream, subject })),
  );

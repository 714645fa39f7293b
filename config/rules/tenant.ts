import { assetsOf } from "../assets/assets";
import { isLeaving } from "../assets/leaving";
import { systemAccount } from "../assets/standard";
import type { TenantSpec } from "../schema/tenant";
import type { ValidationContext } from "./context";
import { list, text, unknownRegion } from "./messages";
import { type Rule, rule } from "./rule";
import { tenants } from "./scopes";

/** Jetstream stacks that a tenant is assigned to, once for each time it is listed. */
const stacksOf = ({ environment }: ValidationContext, tenant: string): string[] =>
  Object.entries(environment.jetstream).flatMap(([stack, names]) =>
    names.filter((name) => name === tenant).map(() => stack),
  );

/** Tenants with a limit of their own, and what that has to allow. */
const limited = (context: ValidationContext, limit: "streams" | "consumers") =>
  tenants(context).flatMap(({ path, key, tenant }) => {
    const most = tenant.limits?.[limit];
    return most === undefined ? [] : [{ path: [...path, "limits", limit], key, tenant, most }];
  });

/** Streams and mirrors of a tenant, and its canary. */
const countOfStreams = ({ environment }: ValidationContext, tenant: TenantSpec): number =>
  assetsOf(environment, { [tenant.name]: tenant }).streams.length;

/** The streams that want more consumers than a limit allows: by their durables, or by their own `maxConsumers`. */
const crowded = ({ environment }: ValidationContext, tenant: TenantSpec, most: number): string[] => {
  const { streams, consumers } = assetsOf(environment, { [tenant.name]: tenant });
  return streams
    .filter(
      ({ name, spec }) =>
        (spec.maxConsumers ?? 0) > most || consumers.filter(({ stream }) => stream === name).length > most,
    )
    .map(({ name }) => name);
};

export const tenantRules: Rule[] = [
  rule({
    each: tenants,
    at: ["name"],
    when: ({ key, tenant }) => key !== tenant.name,
    message: ({ key, tenant }) => `${text(tenant.name)} differs from the tenant's key; write ${text(key)}`,
  }),
  rule({
    each: tenants,
    when: ({ tenant }) => tenant.name === systemAccount.name,
    message: () => `"${systemAccount.name}" is the servers' own account; rename the tenant`,
  }),
  rule({
    each: tenants,
    at: ["allowDataLoss"],
    when: ({ tenant }) => tenant.allowDataLoss !== undefined && !isLeaving(tenant),
    message: () => 'applies only to a tenant that is leaving; write state: "leaving" too, or leave it out',
  }),
  rule({
    each: tenants,
    when: ({ key }, context) => stacksOf(context, key).length === 0,
    message: (_, { name, environment }) =>
      "is in no jetstream stack, so no stack would reconcile it; " +
      `add it to one of environments.${name}.jetstream (${list(Object.keys(environment.jetstream))})`,
  }),
  rule({
    each: tenants,
    when: ({ key }, context) => stacksOf(context, key).length > 1,
    message: ({ key }, context) =>
      `is in more than one place of environments.${context.name}.jetstream (${list(stacksOf(context, key))}), ` +
      "and two stacks would undo each other's changes; keep one",
  }),
  rule({
    each: tenants,
    at: ["home"],
    when: ({ tenant }, { environment }) => !environment.regions.includes(tenant.home),
    message: ({ tenant }, { environment }) => unknownRegion(tenant.home, environment),
  }),
  rule({
    each: (context) => limited(context, "streams"),
    when: ({ tenant, most }, context) => countOfStreams(context, tenant) > most,
    message: ({ tenant, most }, context) =>
      `${most} is less than the ${countOfStreams(context, tenant)} streams that exist, mirrors and the canary ` +
      `included (10027); write ${countOfStreams(context, tenant)} or more`,
  }),
  rule({
    each: (context) => limited(context, "consumers"),
    when: ({ tenant, most }, context) => crowded(context, tenant, most).length > 0,
    message: ({ tenant, most }, context) =>
      `${most} is less than the durables or the maxConsumers of ${list(crowded(context, tenant, most))} (10026); ` +
      "raise it, or leave it out",
  }),
];

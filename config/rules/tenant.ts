import { isLeaving } from "../assets/leaving";
import { systemAccount } from "../assets/standard";
import type { ValidationContext } from "./context";
import { list, text, unknownRegion } from "./messages";
import { type Rule, rule } from "./rule";
import { tenants } from "./scopes";

/** Jetstream stacks that a tenant is assigned to, once for each time it is listed. */
const stacksOf = ({ environment }: ValidationContext, tenant: string): string[] =>
  Object.entries(environment.jetstream).flatMap(([stack, names]) =>
    names.filter((name) => name === tenant).map(() => stack),
  );

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
];

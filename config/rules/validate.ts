import * as z from "zod";
import type { Tenants } from "../assets/asset";
import type { Failovers } from "../schema/failover";
import { failoverProblems } from "../rules/failover";
import { token } from "../schema/values";
import { InvalidInput, suggestKnown, joinPath, parse, type Problem } from "../problems";
import { problemsOf } from "./rules";
import {
  type Environment,
  environment as environmentSchema,
  environments,
  type StackSettings,
  stack as stackSchema,
} from "../schema/settings";
import { part } from "../stacks";
import { mirrorName } from "../assets/standard";
import { tenantSpec } from "../schema/tenant";

/** Settings and tenants as people wrote them -> typed, or one `InvalidInput` with every mistake. Nothing is done before. */

export interface ValidSettings {
  environments: Record<string, Environment>;
  /** What the stack is, and the environment it is part of. */
  stack: StackSettings;
  environment: Environment;
}

const tenantsSchema = z.record(token, tenantSpec);

/** The environments of Pulumi.yaml, and with it `supercluster:stack` of a stack's own file. */
export function validateSettings(rawEnvironments: unknown): Pick<ValidSettings, "environments">;
export function validateSettings(rawEnvironments: unknown, rawStack: unknown): ValidSettings;
export function validateSettings(...[rawEnvironments, rawStack]: [unknown, unknown?]): Partial<ValidSettings> {
  const all = parse(environments, rawEnvironments, "environments");
  if (rawStack === undefined) {
    refuse(all.problems);
    return { environments: all.value! };
  }
  const own = parse(stackSchema, rawStack, "stack");
  const environment = own.value && environmentOf(rawEnvironments, own.value.environment);
  refuse([
    ...all.problems,
    ...own.problems,
    ...(own.value ? stackProblems(own.value, environment, Object.keys(all.value ?? {})) : []),
  ]);
  return { environments: all.value!, stack: own.value!, environment: environment! };
}

/** Names of lost regions, `supercluster:degraded` of a stack's file; left out, none is. */
export function validateDegraded(raw: unknown, { regions }: Pick<Environment, "regions">): string[] {
  refuse(degradedProblems(raw, regions, "degraded"));
  return (raw ?? []) as string[];
}

export function degradedProblems(raw: unknown, regions: readonly string[], path: string): Problem[] {
  const { value = [], problems } = parse(z.array(token).optional(), raw, path);
  const unknown = value
    .map((name, index) => ({ name, path: joinPath(path, index) }))
    .filter(({ name }) => !regions.includes(name));
  return [
    ...problems,
    ...unknown.map(({ name, path: at }) => ({
      path: at,
      message: `${JSON.stringify(name)} is no region of the environment; ${suggestKnown(name, regions)}`,
    })),
    ...(value.length > 0 && value.length * 2 >= regions.length
      ? [
          {
            path,
            message: `${value.length} of ${regions.length} regions: without a majority there is no meta leader, and nothing can be changed`,
          },
        ]
      : []),
  ];
}

/** Streams that failed over to a mirror, `supercluster:failover` of a jetstream stack's file; left out, none did. */
export function validateFailovers(
  raw: unknown,
  stack: StackSettings,
  { jetstream }: Pick<Environment, "jetstream">,
  tenants: Tenants,
): Failovers {
  const own = stack.kind === "jetstream" ? (jetstream[part(stack)] ?? []) : [];
  refuse(failoverProblems(raw, ofAccounts(tenants, own), "failover"));
  return (raw ?? {}) as Failovers;
}

/** The tenants that one jetstream stack reconciles. */
export const ofAccounts = (tenants: Tenants, accounts: readonly string[]): Tenants =>
  Object.fromEntries(Object.entries(tenants).filter(([account]) => accounts.includes(account)));

/** All tenants of an environment: each by its schema, then all of them and the environment by the rules. */
export function validateTenants(
  rawTenants: unknown,
  environment: Environment,
  environmentName = "<environment>",
): Tenants {
  refuse(tenantProblems(rawTenants, environment, environmentName), "tenants");
  return tenantsSchema.parse(rawTenants);
}

/** Everything a deployment of an environment starts from, with the mistakes of settings and tenants in one list. */
export function validateDeployment(
  rawEnvironments: unknown,
  name: string,
  rawTenants: unknown,
): { environment: Environment; tenants: Tenants } {
  const { problems } = parse(environments, rawEnvironments, "environments");
  const environment = environmentOf(rawEnvironments, name);
  const unknown =
    isObject(rawEnvironments) && !(name in rawEnvironments)
      ? [unknownEnvironment("environments", name, Object.keys(rawEnvironments))]
      : [];
  const ofTenants = environment
    ? tenantProblems(rawTenants, environment, name)
    : parse(tenantsSchema, rawTenants, "tenants").problems;
  refuse([...problems, ...unknown, ...ofTenants], "settings and tenants");
  return { environment: environment!, tenants: tenantsSchema.parse(rawTenants) };
}

function refuse(problems: Problem[], what?: string): void {
  if (problems.length) throw new InvalidInput(problems, what);
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** One environment, if it is well; mistakes of the others do not hide its own. */
function environmentOf(rawEnvironments: unknown, name: string): Environment | undefined {
  return isObject(rawEnvironments) ? environmentSchema.safeParse(rawEnvironments[name]).data : undefined;
}

const unknownEnvironment = (path: string, name: string, known: string[]): Problem => ({
  path,
  message: `${JSON.stringify(name)} is no environment; ${suggestKnown(name, known)}`,
});

function stackProblems(stack: StackSettings, environment: Environment | undefined, known: string[]): Problem[] {
  if (!environment)
    return known.length && !known.includes(stack.environment)
      ? [unknownEnvironment("stack.environment", stack.environment, known)]
      : [];
  if (stack.kind === "region" && !environment.regions.includes(stack.region)) {
    const message = `${JSON.stringify(stack.region)} is no region of environment "${stack.environment}"; ${suggestKnown(stack.region, environment.regions)}`;
    return [{ path: "stack.region", message }];
  }
  if (stack.kind === "jetstream") {
    const name = stack.team ? `jetstream--${stack.team}` : "jetstream";
    const stacks = Object.keys(environment.jetstream);
    if (!stacks.includes(name)) {
      const message = `"${name}" is not in environments.${stack.environment}.jetstream, so no tenant is its own; add it there. Known: ${stacks.join(", ")}`;
      return [{ path: stack.team ? "stack.team" : "stack.kind", message }];
    }
  }
  return [];
}

/** Schema problems, and the rules' about whatever has passed its schema: a typo in one stream hides no mistake in another. */
function tenantProblems(rawTenants: unknown, environment: Environment, name: string): Problem[] {
  const { problems } = parse(tenantsSchema, rawTenants, "tenants");
  if (!isObject(rawTenants)) return problems;
  const names = (tenant: string, field: "streams" | "consumers" | "users") =>
    Object.keys(fieldOf(rawTenants[tenant], field));
  return [
    ...problems,
    ...problemsOf({
      name,
      environment,
      tenants: sound(rawTenants),
      declared: {
        tenants: Object.keys(rawTenants),
        streams: (tenant) =>
          names(tenant, "streams").flatMap((stream) => [
            stream,
            ...Object.keys(fieldOf(fieldOf(fieldOf(rawTenants[tenant], "streams"), stream), "mirrors")).map((region) =>
              mirrorName(stream, region),
            ),
          ]),
        consumers: (tenant) => names(tenant, "consumers"),
        users: (tenant) => names(tenant, "users"),
      },
    }),
  ];
}

function fieldOf(value: unknown, field: string): Record<string, unknown> {
  const inner = isObject(value) ? value[field] : undefined;
  return isObject(inner) ? inner : {};
}

/** The tenants without the streams, consumers and users that have problems of their own. */
function sound(rawTenants: Record<string, unknown>): Tenants {
  return Object.fromEntries(
    Object.entries(rawTenants).flatMap(([key, raw]) => {
      const tenant = tenantSpec.safeParse(withoutUnsound(raw)).data;
      return tenant ? [[key, tenant]] : [];
    }),
  );
}

function withoutUnsound(raw: unknown): unknown {
  if (!isObject(raw)) return raw;
  const issues = tenantSpec.safeParse(raw).error?.issues ?? [];
  const unsound = new Set(
    issues.flatMap(({ path: [field, name] }) => (name === undefined ? [] : [joinPath(field!, name)])),
  );
  const unknown = new Set(
    issues.flatMap((issue) => (issue.code === "unrecognized_keys" && !issue.path.length ? issue.keys : [])),
  );
  return Object.fromEntries(
    Object.entries(raw)
      .filter(([field]) => !unknown.has(field))
      .map(([field, value]) => [
        field,
        isObject(value)
          ? Object.fromEntries(Object.entries(value).filter(([name]) => !unsound.has(joinPath(field, name))))
          : value,
      ]),
  );
}

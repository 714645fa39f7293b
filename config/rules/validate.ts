import * as z from "zod";
import { plural } from "../plural";
import type { Tenants } from "../assets/asset";
import { withBuckets } from "../assets/buckets";
import { withProbe } from "../assets/probe";
import { mirrorName } from "../assets/standard";
import { isObject } from "../objects";
import { InvalidInput, joinPath, parse, type Problem, unknownName } from "../problems";
import { bucketKinds } from "../schema/bucket";
import { type Failovers, failovers } from "../schema/failover";
import { type Rotations, rotations } from "../schema/passwords";
import {
  type Environment,
  environment as environmentSchema,
  environments,
  type StackSettings,
  stack as stackSchema,
} from "../schema/settings";
import { tenantSpec } from "../schema/tenant";
import { token } from "../schema/values";
import { part } from "../stacks";
import { problemsBetween } from "./environments";
import { failoverProblems } from "./failover";
import { passwordProblems } from "./passwords";
import { problemsOf } from "./rules";

/**
 * The entry points: settings and tenants as they were written in, typed values out. Each throws one `InvalidInput` with
 * every mistake, and has no effects.
 */

export interface ValidSettings {
  environments: Record<string, Environment>;
  /** What the stack is, and the environment it is part of. */
  stack: StackSettings;
  environment: Environment;
}

const tenantSchema = tenantSpec.transform((tenant) => withBuckets(tenant));
const tenantsSchema = z.record(token, tenantSchema);

/** The environments of Pulumi.yaml, and with it `supercluster:stack` of a stack's own file. */
export function validateSettings(rawEnvironments: unknown): Pick<ValidSettings, "environments">;
export function validateSettings(rawEnvironments: unknown, rawStack: unknown): ValidSettings;
export function validateSettings(...[rawEnvironments, rawStack]: [unknown, unknown?]): Partial<ValidSettings> {
  const all = parseEnvironments(rawEnvironments);
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

/** Names of lost regions: `supercluster:degraded` of a stack's file. Default: none. */
export function validateDegraded(raw: unknown, { regions }: Pick<Environment, "regions">): string[] {
  refuse(degradedProblems(raw, regions, "degraded"));
  return degradedSchema.parse(raw) ?? [];
}

const degradedSchema = z.array(token).optional();

/** Every mistake in the names of lost regions; `path` is where they stand. */
export function degradedProblems(raw: unknown, regions: readonly string[], path: string): Problem[] {
  const { value = [], problems } = parse(degradedSchema, raw, path);
  const unknown = value
    .map((name, index) => ({ name, path: joinPath(path, index) }))
    .filter(({ name }) => !regions.includes(name));
  return [
    ...problems,
    ...unknown.map(({ name, path: at }) => ({
      path: at,
      message: unknownName(name, "a region of the environment", regions),
    })),
    ...(value.length > 0 && value.length * 2 >= regions.length
      ? [
          {
            path,
            message:
              `names ${value.length} of ${plural(regions.length, "region")}, ` +
              "and without a majority there is no meta leader, so nothing could be changed; name fewer than half",
          },
        ]
      : []),
  ];
}

/** Streams that failed over to a mirror: `supercluster:failover` of a jetstream stack's file. Default: none. */
export function validateFailovers(
  raw: unknown,
  stack: StackSettings,
  { jetstream }: Pick<Environment, "jetstream">,
  tenants: Tenants,
): Failovers {
  const own = stack.kind === "jetstream" ? (jetstream[part(stack)] ?? []) : [];
  refuse(failoverProblems(raw, ofAccounts(tenants, own), "failover"));
  return failovers.parse(raw ?? {});
}

/** Passwords that were rotated: `supercluster:passwords` of the identity stack's file. Default: none was. */
export function validateRotations(raw: unknown, stack: StackSettings, tenants: Tenants): Rotations {
  if (raw !== undefined && stack.kind !== "identity")
    refuse([{ path: "passwords", message: "belongs to the file of the identity stack; move it there" }]);
  refuse(passwordProblems(raw, tenants, "passwords"));
  return rotations.parse(raw ?? {});
}

/** The tenants that one jetstream stack reconciles. */
export const ofAccounts = (tenants: Tenants, accounts: readonly string[]): Tenants =>
  Object.fromEntries(Object.entries(tenants).filter(([account]) => accounts.includes(account)));

/** All tenants of an environment: each by its schema, then all of them and the environment by the rules. */
export function validateTenants(
  declared: unknown,
  environment: Environment,
  environmentName = "<environment>",
): Tenants {
  const rawTenants = withProbe(declared, environment);
  refuse(tenantProblems(rawTenants, environment, environmentName), "tenants");
  return tenantsSchema.parse(rawTenants);
}

/** Everything a deployment of an environment starts from, with the mistakes of settings and tenants in one list. */
export function validateDeployment(
  rawEnvironments: unknown,
  name: string,
  declared: unknown,
): { environment: Environment; tenants: Tenants } {
  const { problems } = parseEnvironments(rawEnvironments);
  const environment = environmentOf(rawEnvironments, name);
  const rawTenants = environment ? withProbe(declared, environment) : declared;
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

/** Each environment by its schema, then all that passed it together. */
function parseEnvironments(raw: unknown): ReturnType<typeof parse<Record<string, Environment>>> {
  const { value, problems } = parse(environments, raw, "environments");
  const valid = Object.keys(isObject(raw) ? raw : {}).flatMap((name) => {
    const environment = environmentOf(raw, name);
    return environment ? [[name, environment] as const] : [];
  });
  return { value, problems: [...problems, ...problemsBetween(Object.fromEntries(valid))] };
}

function refuse(problems: Problem[], what?: string): void {
  if (problems.length) throw new InvalidInput(problems, what);
}

/** One environment, if it is valid; mistakes of the others do not hide its own. */
function environmentOf(rawEnvironments: unknown, name: string): Environment | undefined {
  return isObject(rawEnvironments) ? environmentSchema.safeParse(rawEnvironments[name]).data : undefined;
}

const unknownEnvironment = (path: string, name: string, known: string[]): Problem => ({
  path,
  message: unknownName(name, "an environment", known),
});

function stackProblems(stack: StackSettings, environment: Environment | undefined, known: string[]): Problem[] {
  if (!environment)
    return known.length && !known.includes(stack.environment)
      ? [unknownEnvironment("stack.environment", stack.environment, known)]
      : [];
  if (stack.kind === "region" && !environment.regions.includes(stack.region)) {
    const message = unknownName(stack.region, `a region of environment "${stack.environment}"`, environment.regions);
    return [{ path: "stack.region", message }];
  }
  if (stack.kind === "jetstream") {
    const name = stack.team ? `jetstream--${stack.team}` : "jetstream";
    const stacks = Object.keys(environment.jetstream);
    if (!stacks.includes(name)) {
      const message =
        `"${name}" is not in environments.${stack.environment}.jetstream, so it has no tenants; ` +
        `add it there. Known: ${stacks.join(", ")}`;
      return [{ path: stack.team ? "stack.team" : "stack.kind", message }];
    }
  }
  return [];
}

/**
 * Problems of the schema, then of the rules about all that passed it: a typo in one stream hides no mistake in another.
 */
function tenantProblems(rawTenants: unknown, environment: Environment, name: string): Problem[] {
  const { problems } = parse(tenantsSchema, rawTenants, "tenants");
  if (!isObject(rawTenants)) return problems;
  const names = (tenant: string, field: "consumers" | "users") => Object.keys(fieldOf(rawTenants[tenant], field));
  return [
    ...problems,
    ...problemsOf({
      name,
      environment,
      tenants: validTenants(rawTenants),
      declared: {
        tenants: Object.keys(rawTenants),
        streams: (tenant) =>
          Object.entries(prefixes).flatMap(([field, prefix]) =>
            Object.entries(fieldOf(rawTenants[tenant], field)).flatMap(([name, spec]) => [
              prefix + name,
              ...Object.keys(fieldOf(spec, "mirrors")).map((region) => mirrorName(prefix + name, region)),
            ]),
          ),
        consumers: (tenant) => names(tenant, "consumers"),
        users: (tenant) => names(tenant, "users"),
      },
    }),
  ];
}

/** Fields of a tenant that become streams, with what the streams' names begin with. */
const prefixes = {
  streams: "",
  keyValues: bucketKinds.keyValues.prefix,
  objectStores: bucketKinds.objectStores.prefix,
};

function fieldOf(value: unknown, field: string): Record<string, unknown> {
  const inner = isObject(value) ? value[field] : undefined;
  return isObject(inner) ? inner : {};
}

/** The tenants, without the streams, consumers and users that have problems of their own. */
function validTenants(rawTenants: Record<string, unknown>): Tenants {
  return Object.fromEntries(
    Object.entries(rawTenants).flatMap(([key, raw]) => {
      const tenant = tenantSchema.safeParse(withoutInvalid(raw)).data;
      return tenant ? [[key, tenant]] : [];
    }),
  );
}

function withoutInvalid(raw: unknown): unknown {
  if (!isObject(raw)) return raw;
  const issues = tenantSpec.safeParse(raw).error?.issues ?? [];
  const invalid = new Set(
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
          ? Object.fromEntries(Object.entries(value).filter(([name]) => !invalid.has(joinPath(field, name))))
          : value,
      ]),
  );
}

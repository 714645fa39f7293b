import { backup } from "../assets/backups";
import { calloutAccount } from "../assets/standard";
import { clusterIdOf, namespaceOf, workersNamespaceOf } from "../topology";
import { unknownName } from "../problems";
import { isDnsLabel } from "../schema/values";
import type { ValidationContext } from "./context";
import { list, text } from "./messages";
import { type Rule, rule } from "./rule";

/** An environment on Kubernetes that runs workers, with the tenants that have some. */
const environments = ({ name, environment, tenants }: ValidationContext) => {
  if (environment.target !== "kubernetes" || !environment.kubernetes.workers) return [];
  const { workers } = environment.kubernetes;
  const owners = [
    ...Object.keys(tenants).filter((tenant) => tenants[tenant]!.workers),
    ...(environment.authCallout ? [calloutAccount.name] : []),
  ];
  const jobs = environment.kubernetes.backups;
  return [{ path: ["environments", name, "kubernetes", "workers"], environment, workers, owners, jobs }];
};

type Scope = ReturnType<typeof environments>[number];

/** Every namespace of workers and of servers, with the cluster that it is in. */
const places = ({ environment, owners, jobs }: Scope) =>
  environment.regions.flatMap((region) => {
    const cluster = clusterIdOf(environment, region) ?? region;
    const all = [...owners, ...(jobs?.region === region ? [backup] : [])];
    const ofWorkers = all.map((tenant) => workersNamespaceOf(environment, region, tenant)!);
    return [namespaceOf(environment, region), ...ofWorkers].map((namespace) => ({ cluster, namespace }));
  });

const shared = (scope: Scope): string[] => {
  const keys = places(scope).map(({ cluster, namespace }) => JSON.stringify([cluster, namespace]));
  return places(scope).flatMap(({ namespace }, index) => (keys.indexOf(keys[index]!) < index ? [namespace] : []));
};

const tooLong = (scope: Scope): string[] => [
  ...new Set(places(scope).flatMap(({ namespace }) => (isDnsLabel(namespace) ? [] : [namespace]))),
];

const configured = (context: ValidationContext) =>
  environments(context).flatMap((scope) =>
    Object.keys(scope.workers.environment).map((tenant) => ({
      ...scope,
      path: [...scope.path, "environment", tenant],
      tenant,
    })),
  );

/** Rules about an environment that runs workers on Kubernetes. */
export const kubernetesWorkerRules: Rule[] = [
  rule({
    each: environments,
    at: ["namespace"],
    when: (scope) => shared(scope).length > 0,
    message: (scope) =>
      `${text(scope.workers.namespace)} gives the same namespace twice in one cluster (${list(shared(scope))}); ` +
      'write "workers-<tenant>-<region>"',
  }),
  rule({
    each: environments,
    at: ["namespace"],
    when: (scope) => tooLong(scope).length > 0,
    message: (scope) =>
      `${text(scope.workers.namespace)} gives names of more than 63 characters (${list(tooLong(scope))}); ` +
      "write a shorter one",
  }),
  rule({
    each: configured,
    when: ({ tenant, owners }, { declared }) => !declared.tenants.includes(tenant) && !owners.includes(tenant),
    message: ({ tenant }, { declared }) => unknownName(tenant, "a tenant", declared.tenants),
  }),
  rule({
    each: configured,
    when: ({ tenant, owners }, { declared }) => declared.tenants.includes(tenant) && !owners.includes(tenant),
    message: ({ tenant, owners }) =>
      `${text(tenant)} declares no workers, so these variables would have no effect; remove them. ` +
      `Tenants with workers: ${list(owners)}`,
  }),
];

import { calloutAccount } from "../assets/standard";
import { joinPath, type Problem } from "../problems";
import type { Environment, KubernetesEnvironment, LocalEnvironment } from "../schema/settings";
import { clusterIdOf, namespaceOf, portBlocksOf, storageClassName, workersNamespaceOf } from "../topology";
import { text } from "./messages";

/** An environment and its name. */
type Named<E extends Environment> = E & { name: string };

/**
 * What two environments would both take: ports of this machine, addresses, a namespace. The later one of the two is the
 * one reported. Pure.
 */
export function problemsBetween(environments: Readonly<Record<string, Environment>>): Problem[] {
  const all = Object.entries(environments).map(([name, environment]) => ({ ...environment, name }));
  const local = all.filter((one): one is Named<LocalEnvironment> => one.target === "local");
  const kubernetes = all.filter((one): one is Named<KubernetesEnvironment> => one.target === "kubernetes");
  return [
    ...pairs(local).flatMap(([earlier, later]) => portProblems(earlier, later, local)),
    ...pairs(kubernetes).flatMap(([earlier, later]) => [
      ...domainProblems(earlier, later),
      ...namespaceProblems(earlier, later),
      ...storageClassProblems(earlier, later),
    ]),
  ];
}

const pairs = <T>(all: T[]): [T, T][] =>
  all.flatMap((later, index) => all.slice(0, index).map((earlier): [T, T] => [earlier, later]));

const problem = (environment: { name: string }, at: string[], message: string): Problem => ({
  path: joinPath("environments", environment.name, ...at),
  message,
});

function portProblems(
  earlier: Named<LocalEnvironment>,
  later: Named<LocalEnvironment>,
  all: LocalEnvironment[],
): Problem[] {
  const others = all.filter((one) => one !== later).flatMap(portBlocksOf);
  const free = Math.max(...others.map(({ last }) => last)) + 1;
  return portBlocksOf(later).flatMap(({ setting, first, last }) =>
    portBlocksOf(earlier)
      .filter((taken) => first <= taken.last && taken.first <= last)
      .map((taken) =>
        problem(
          later,
          [setting],
          `${first} to ${last} are also ports of environment ${text(earlier.name)} ` +
            `(${taken.first} to ${taken.last}), so only one of the two could run; write e.g. ${free}`,
        ),
      ),
  );
}

function domainProblems(earlier: Named<KubernetesEnvironment>, later: Named<KubernetesEnvironment>): Problem[] {
  const shared = later.regions.filter((region) => earlier.regions.includes(region));
  if (earlier.domain !== later.domain || shared.length === 0) return [];
  return [
    problem(
      later,
      ["domain"],
      `${text(later.domain)} is also the domain of environment ${text(earlier.name)}, and nats.${shared[0]!}.` +
        `${later.domain} would be the address of both; write e.g. ${text(`${later.name}.${later.domain}`)}`,
    ),
  ];
}

function namespaceProblems(earlier: Named<KubernetesEnvironment>, later: Named<KubernetesEnvironment>): Problem[] {
  const taken = new Set(namespaces(earlier).map(({ key }) => key));
  return namespaces(later)
    .filter(({ key }) => taken.has(key))
    .map(({ region, at, namespace, instead }) =>
      problem(
        later,
        ["kubernetes", ...at],
        `${text(namespace)} of the cluster of ${region} is also used by environment ` +
          `${text(earlier.name)}; write e.g. ${text(instead)}, or another cluster`,
      ),
    );
}

/** Every namespace of servers, and of the workers that tenants may have, where its cluster is known. */
const namespaces = (one: Named<KubernetesEnvironment>) =>
  one.regions.flatMap((region) => {
    const cluster = clusterIdOf(one, region);
    if (cluster === undefined) return [];
    const servers = { at: ["namespace"], namespace: namespaceOf(one, region), instead: `nats-${one.name}` };
    const workers = [...Object.values(one.jetstream).flat(), ...(one.authCallout ? [calloutAccount.name] : [])]
      .flatMap((tenant) => workersNamespaceOf(one, region, tenant) ?? [])
      .map((namespace) => ({
        ...{ at: ["workers", "namespace"], namespace, instead: `workers-<tenant>-${one.name}` },
      }));
    return [servers, ...workers].map((place) => ({
      ...{ ...place, region, key: JSON.stringify([cluster, place.namespace]) },
    }));
  });

function storageClassProblems(earlier: Named<KubernetesEnvironment>, later: Named<KubernetesEnvironment>): Problem[] {
  const made = (one: Named<KubernetesEnvironment>) =>
    "existing" in one.kubernetes.volume.storageClass
      ? []
      : one.regions.map((region) => JSON.stringify([clusterIdOf(one, region), storageClassName(one, region)]));
  const taken = made(earlier);
  if (!made(later).some((each) => taken.includes(each))) return [];
  return [
    problem(
      later,
      ["kubernetes", "volume", "storageClass"],
      `${text(storageClassName(later, "<region>"))} would also be created by environment ${text(earlier.name)} ` +
        `in the same cluster; write { name: ${text(`nats-${later.name}-<region>`)} }`,
    ),
  ];
}

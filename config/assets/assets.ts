import { mirroredFields } from "./buckets";
import { copiesOf, copying } from "./copies";
import { failedOver } from "./failover";
import type { Failovers } from "../schema/failover";
import type { Environment } from "../schema/settings";
import { serversIn } from "../sizes";
import { shareOf } from "./shared-limits";
import { mirrorName } from "./standard";
import { withStandardParts } from "./standard-parts";
import { destinationSubject } from "../subject-transform";
import { overlaps } from "../subjects";
import type { TenantSpec } from "../schema/tenant";
import type { ConsumerAsset, StreamAsset, Tenants } from "./asset";

/** Streams and durables. */
interface Assets {
  streams: StreamAsset[];
  consumers: ConsumerAsset[];
}

const noFailovers: Failovers = {};

/** Of the last few settings: they do not change once they are read, and checks ask for their assets again and again. */
let known: { of: readonly [Environment, Tenants, Failovers]; assets: Assets }[] = [];
const knownAtMost = 4;

/**
 * Everything the tenants need in JetStream, their canaries and failovers included: origins before mirrors, in the order
 * declared. The same objects for the same settings.
 */
export function assetsOf(environment: Environment, tenants: Tenants, failovers: Failovers = noFailovers): Assets {
  const of = [environment, tenants, failovers] as const;
  const found = known.find((one) => one.of.every((part, index) => part === of[index]));
  if (found) return found.assets;
  const all = Object.values(tenants);
  const assets = failedOver(
    {
      streams: all.flatMap((tenant) => streamsOf(environment, tenant)),
      consumers: all.flatMap((tenant) => consumersOf(environment, tenant)),
    },
    failovers,
  );
  known = [{ of, assets }, ...known].slice(0, knownAtMost);
  return assets;
}

function streamsOf(environment: Environment, declared: TenantSpec): StreamAsset[] {
  const tenant = withStandardParts(declared);
  const origins: StreamAsset[] = [];
  const copies: StreamAsset[] = [];
  const across = Map.groupBy(copiesOf(tenant), ({ stream }) => stream);
  for (const [name, { home = tenant.home, mirrors = {}, ...declaredSpec }] of Object.entries(tenant.streams)) {
    const spec = { ...declaredSpec, ...copying(declaredSpec, tenant.name) };
    // A local supercluster may be smaller than what its streams ask for; elsewhere that is a mistake
    // (config/rules/stream.ts), but not of what is derived: no tenant declares it.
    const capped = environment.target === "local" || !(name in declared.streams);
    const replicasIn = (region: string) =>
      capped ? (Math.min(spec.replicas, serversIn(environment, region)) as typeof spec.replicas) : spec.replicas;
    const copied = across.get(name)?.map(({ from, origin }) => ({ account: from, name: origin }));
    origins.push({
      ...{ account: tenant.name, name, region: home, spec: { ...spec, replicas: replicasIn(home) } },
      ...(copied && { copies: copied }),
    });
    for (const [region, limits] of Object.entries(mirrors)) {
      copies.push({
        account: tenant.name,
        name: mirrorName(name, region),
        region,
        mirrorOf: name,
        spec: {
          description: `Mirror of ${name} in ${home}`,
          subjects: [],
          retention: "limits",
          storage: spec.storage,
          replicas: replicasIn(region),
          // A mirror that refused messages at its limit would stop there for good.
          discard: "old",
          // Servers want a mirror to answer reads exactly if its origin does (error 10157).
          ...(spec.allowDirect && { mirrorDirect: true }),
          ...mirroredFields(tenant, name, declaredSpec),
          ...limits,
        },
      });
    }
  }
  return [...origins, ...copies];
}

function consumersOf(environment: Environment, declared: TenantSpec): ConsumerAsset[] {
  const tenant = withStandardParts(declared);
  const subjects = subjectsByStream(tenant);
  const regions = new Map(streamsOf(environment, declared).map(({ name, region }) => [name, region]));
  // As few as its stream then has.
  const withReplicas = (stream: string, spec: ConsumerAsset["spec"]) =>
    environment.target === "local" && spec.replicas
      ? {
          ...spec,
          replicas: Math.min(
            spec.replicas,
            serversIn(environment, regions.get(stream) ?? tenant.home),
          ) as typeof spec.replicas,
        }
      : spec;
  return Object.entries(tenant.consumers).flatMap(([name, { streams, filterSubjects = [], ...spec }]) =>
    streams.map((stream) => ({
      account: tenant.name,
      stream,
      name,
      spec: withReplicas(stream, shareOf(spec, streams.length)),
      filterSubjects: filterSubjects.filter((filter) =>
        subjects.get(stream)?.some((subject) => overlaps(filter, subject)),
      ),
    })),
  );
}

/** What each stream can hold, by its name: also what it renames, or collects; a mirror holds its origin's subjects. */
export function subjectsByStream(tenant: Pick<TenantSpec, "streams">): Map<string, string[]> {
  return new Map(
    Object.entries(tenant.streams).flatMap(
      ([name, { subjects, mirror, sources, subjectTransform, mirrors = {} }]): [string, string[]][] => {
        const held =
          sources || mirror
            ? [">"]
            : [...subjects, ...(subjectTransform ? [destinationSubject(subjectTransform.dest)] : [])];
        return [name, ...Object.keys(mirrors).map((region) => mirrorName(name, region))].map((stream) => [
          stream,
          held,
        ]);
      },
    ),
  );
}

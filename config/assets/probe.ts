import {
  advisoryPrefix,
  givenUpKinds,
  givenUpSubject,
  probeDurable,
  probeStream,
  probeSubject,
} from "../../workers/messaging/contract";
import { isObject } from "../objects";
import type { Environment } from "../schema/settings";
import type { TenantSpec } from "../schema/tenant";
import { withStandardParts } from "./standard-parts";
import { userOf } from "./workers";

/*
 * The probe measures what servers do not report (docs/monitoring.md). It is a tenant like others, which follows from
 * the environment: a stream in each region, and a worker in each that publishes to all of them. Pure.
 */

/** Name of the tenant, of its worker and its user, and of the folder of workers/ with the program. */
export const probe = "probe";

/**
 * Tenants as they were written, and the probe where one of the environment's jetstream stacks names it; a tenant of
 * that name that was written counts instead.
 */
export function withProbe(rawTenants: unknown, environment: Environment): unknown {
  const isNamed = Object.values(environment.jetstream).some((names) => names.includes(probe));
  if (!isNamed || !isObject(rawTenants) || probe in rawTenants) return rawTenants;
  return { ...rawTenants, [probe]: probeTenant(environment) };
}

function probeTenant({ regions, probe: { state } = {} }: Environment): TenantSpec {
  // Any of them: what it has of its own names its region.
  const [home] = regions as [string, ...string[]];
  return {
    name: probe,
    description: "Measures how long messages take from region to region",
    ...(state && { state }),
    home,
    streams: Object.fromEntries(
      regions.map((region) => [
        probeStream(region),
        {
          description: `Written by the probes of all regions, read by that of ${region}, by nothing else`,
          home: region,
          subjects: [probeSubject(region)],
          retention: "limits",
          // As the streams whose messages it stands for.
          storage: "file",
          replicas: 3,
          maxAge: "10m",
          maxBytes: "8MiB",
          discard: "old",
          deletionPolicy: "delete",
        } as const,
      ]),
    ),
    consumers: {
      [probeDurable]: {
        mode: "pull",
        streams: regions.map((region) => probeStream(region)),
        ackPolicy: "explicit",
        ackWait: "10s",
        maxDeliver: 3,
        deliverPolicy: "new",
        deletionPolicy: "delete",
      },
    },
    users: {
      [probe]: {
        publishes: regions.map((region) => probeSubject(region)),
        subscribes: givenUpKinds.map((kind) => `${advisoryPrefix("*")}.${givenUpSubject(kind)}`),
        consumes: [probeDurable],
      },
    },
    workers: {
      [probe]: {
        durables: [probeDurable],
        regions: [...regions],
        environment: { PROBE_REGIONS: regions.join(",") },
        resources: { cpu: "50m", memory: "192MiB" },
      },
    },
  };
}

/** Whether a user of a tenant also gets the login with which the probe asks servers about themselves. */
export function asksServers(declared: TenantSpec, user: string): boolean {
  const tenant = withStandardParts(declared);
  return Object.entries(tenant.workers ?? {}).some(
    ([name, worker]) => (worker.system ?? tenant.name) === probe && userOf(tenant, name, worker) === user,
  );
}

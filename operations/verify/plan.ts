import type { ConsumerAsset } from "../../config/assets/asset";
import { assetsOf } from "../../config/assets/assets";
import { mappingOf } from "../../config/assets/mappings";
import { withLanes } from "../../config/assets/lanes";
import { failoverKey } from "../../config/schema/failover";
import { covers } from "../../config/subjects";
import type { TenantSpec } from "../../config/schema/tenant";
import type { CheckedEnvironment } from "../settings/checked-environment";
import { subjectInAll } from "./concrete-subject";

/** How messages are sent through one stream and all its durables, by the tenant's own users. */
export interface StreamPlan {
  account: string;
  stream: string;
  /** Region where the messages are published, and the region where they are consumed. */
  from: string;
  to: string;
  messages: { subject: string; publisher: string }[];
  durables: DurablePlan[];
}

export interface DurablePlan {
  consumer: ConsumerAsset;
  /** User that consumes from it. */
  user: string;
  /** Number of the published messages that it delivers. */
  messages: number;
}

/** A durable that cannot be proved, and why. */
export interface Unprovable {
  consumer: ConsumerAsset;
  reason: string;
}

/**
 * Two regions for a proof. With three or more, neither is the home region, so that messages pass gateways both to the
 * stream and from it. Pure.
 */
export function regionsOfProof(regions: readonly string[], home: string): { from: string; to: string } {
  const start = Math.max(regions.indexOf(home), 0);
  return { from: regions[(start + 1) % regions.length]!, to: regions[(start + 2) % regions.length]! };
}

/** The proofs through a tenant's own streams, and the durables that have none. Pure. */
export function planOf(
  {
    environment,
    failovers = {},
  }: Pick<CheckedEnvironment, "environment"> & Partial<Pick<CheckedEnvironment, "failovers">>,
  declared: TenantSpec,
): { streams: StreamPlan[]; unprovable: Unprovable[] } {
  // Each lane has a durable, and subjects, of its own.
  const tenant = withLanes(declared);
  const own = assetsOf(environment, { [tenant.name]: declared }).consumers.filter(
    ({ name }) => name in tenant.consumers,
  );
  const unprovable: Unprovable[] = [];
  const streams = Object.entries(tenant.streams).flatMap(([stream, { subjects, home = tenant.home }]): StreamPlan[] => {
    const messages = new Map<string, string>();
    const durables: Omit<DurablePlan, "messages">[] = [];
    for (const consumer of own.filter((candidate) => candidate.stream === stream)) {
      const user = Object.entries(tenant.users).find(([, { consumes = [] }]) => consumes.includes(consumer.name))?.[0];
      const message = messageFor(tenant, subjects, consumer);
      const failover = failovers[failoverKey(tenant.name, stream)];
      if (failover) unprovable.push({ consumer, reason: `its stream has failed over to ${failover.to}` });
      else if (!user) unprovable.push({ consumer, reason: "no user consumes it" });
      else if (!message) unprovable.push({ consumer, reason: "no user publishes to its subjects" });
      else if (mappingOf(tenant, message.subject))
        unprovable.push({ consumer, reason: `messages of ${mappingOf(tenant, message.subject)} are mapped to others` });
      else {
        durables.push({ consumer, user });
        if (![...messages.keys()].some((subject) => takes(consumer, subject)))
          messages.set(message.subject, message.publisher);
      }
    }
    if (durables.length === 0) return [];
    return [
      {
        account: tenant.name,
        stream,
        ...regionsOfProof(environment.regions, home),
        messages: [...messages].map(([subject, publisher]) => ({ subject, publisher })),
        durables: durables.map((durable) => ({
          ...durable,
          messages: [...messages.keys()].filter((subject) => takes(durable.consumer, subject)).length,
        })),
      },
    ];
  });
  return { streams, unprovable };
}

function messageFor(
  tenant: TenantSpec,
  subjects: string[],
  { filterSubjects }: ConsumerAsset,
): { subject: string; publisher: string } | undefined {
  const wanted = filterSubjects.length ? filterSubjects : subjects;
  for (const [publisher, { publishes = [] }] of Object.entries(tenant.users)) {
    const subject = subjectInAll(publishes, subjects, wanted);
    if (subject) return { subject, publisher };
  }
  return undefined;
}

/** Whether a durable delivers what is published to a subject. */
export const takes = ({ filterSubjects }: ConsumerAsset, subject: string): boolean =>
  filterSubjects.length === 0 || filterSubjects.some((filter) => covers(filter, subject));

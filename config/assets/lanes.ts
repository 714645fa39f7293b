import { slotsLabel } from "../../workers/messaging/contract";
import type { ConsumerSpec, TenantSpec, UserSpec } from "../schema/tenant";

/**
 * Lanes by priority and routes by customer: wherever a tenant writes a subject that has them, these subjects stand for
 * it. Pure: a tenant in, a tenant out.
 */

/** The lane of messages without one: those on the subject itself belong to it. */
export const normalLane = "normal";

/** Label of a lane's durable: the consumer that it is a lane of. */
const consumerLabel = "lanes.consumer";

/** The consumer that declares a durable: of a lane's, the one that has the lanes. */
export const consumerOf = (durable: string, spec: Pick<ConsumerSpec, "metadata"> | undefined): string =>
  spec?.metadata?.[consumerLabel] ?? durable;

/** Subject of a lane: `sms.send.high`. */
const laneSubject = (subject: string, lane: string): string => `${subject}.${lane}`;

/** Durable of a lane; that of the normal one has the consumer's own name. */
export const laneDurable = (consumer: string, lane: string): string =>
  lane === normalLane ? consumer : `${consumer}-${lane}`;

type Declared = Pick<TenantSpec, "lanes" | "routes">;

/** The subject, and the one with a customer's token behind it if the tenant routes it. */
const routed = ({ routes = [] }: Declared, subject: string, to: string): string[] =>
  routes.includes(subject) ? [to, `${to}.*`] : [to];

/** What stands for a subject in one of its lanes. Without lanes there is the normal one only. */
function inLane(declared: Declared, subject: string, lane: string): string[] {
  const lanes = declared.lanes?.[subject];
  if (!lanes) return lane === normalLane ? routed(declared, subject, subject) : [];
  const own = lane in lanes ? routed(declared, subject, laneSubject(subject, lane)) : [];
  // With a customer's token, a lane's name would be one.
  return lane === normalLane ? [subject, ...own] : own;
}

/** All that stands for a subject; the subject alone if it has neither lanes nor a route. */
export const subjectsFor = (declared: Declared, subject: string): string[] =>
  [normalLane, ...Object.keys(declared.lanes?.[subject] ?? {}).filter((lane) => lane !== normalLane)].flatMap((lane) =>
    inLane(declared, subject, lane),
  );

/** The lanes of a consumer, with their slots: those of the subjects that it names. None, if these have none. */
export function lanesOf({ lanes = {} }: Declared, { filterSubjects = [] }: ConsumerSpec): Record<string, number> {
  return Object.assign({}, ...filterSubjects.map((filter) => lanes[filter] ?? {})) as Record<string, number>;
}

/** The tenant with every subject, durable and right that its lanes and routes stand for, and without these. */
export function withLanes(tenant: TenantSpec): TenantSpec {
  const { lanes, routes, ...rest } = tenant;
  if (!lanes && !routes) return tenant;
  const widened = (subjects: string[]) => subjects.flatMap((subject) => subjectsFor(tenant, subject));
  return {
    ...rest,
    streams: mapped(tenant.streams, (stream) => ({ ...stream, subjects: widened(stream.subjects) })),
    consumers: Object.fromEntries(
      Object.entries(tenant.consumers).flatMap(([name, consumer]) => durablesOf(tenant, name, consumer)),
    ),
    users: mapped(tenant.users, (user): UserSpec => ({
      ...user,
      ...(user.publishes && { publishes: widened(user.publishes) }),
      ...(user.consumes && { consumes: user.consumes.flatMap((name) => namesOf(tenant, name)) }),
    })),
    ...(tenant.exports?.streams && {
      exports: {
        ...tenant.exports,
        streams: Object.fromEntries(
          Object.entries(tenant.exports.streams).flatMap(([subject, spec]) =>
            subjectsFor(tenant, subject).map((one) => [one, spec]),
          ),
        ),
      },
    }),
  };
}

const mapped = <T>(record: Record<string, T>, change: (value: T) => T): Record<string, T> =>
  Object.fromEntries(Object.entries(record).map(([name, value]) => [name, change(value)]));

/** A consumer's durables: one, or one for each lane. */
function durablesOf(tenant: TenantSpec, name: string, consumer: ConsumerSpec): [string, ConsumerSpec][] {
  const { filterSubjects } = consumer;
  if (!filterSubjects) return [[name, consumer]];
  const lanes = lanesOf(tenant, consumer);
  const filtered = (lane: string) => filterSubjects.flatMap((subject) => inLane(tenant, subject, lane));
  if (Object.keys(lanes).length === 0) return [[name, { ...consumer, filterSubjects: filtered(normalLane) }]];
  return Object.entries(lanes).map(([lane, slots]) => [
    laneDurable(name, lane),
    {
      ...consumer,
      filterSubjects: filtered(lane),
      metadata: { ...consumer.metadata, [consumerLabel]: name, [slotsLabel]: String(slots) },
    },
  ]);
}

/** Names of a consumer's durables. */
function namesOf(tenant: TenantSpec, name: string): string[] {
  const consumer = tenant.consumers[name];
  return consumer ? durablesOf(tenant, name, consumer).map(([durable]) => durable) : [name];
}

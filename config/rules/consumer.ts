import { subjectsByStream } from "../assets/assets";
import { destinationSubject, isRenamedAway } from "../subject-transform";
import { withLanes } from "../assets/lanes";
import { shareOf, sumOf } from "../assets/shared-limits";
import { canary, mirrorName } from "../assets/standard";
import { unknownName } from "../problems";
import { defaultAckPending } from "../schema/consumer";
import type { ConsumerSpec, StreamSpec, TenantSpec, UserSpec } from "../schema/tenant";
import { covers, overlaps } from "../subjects";
import { limitInNumber, toMilliseconds } from "../units";
import { type ConsumerArguments, consumerArgumentRules } from "./arguments/consumer";
import type { ValidationContext } from "./context";
import { list, text } from "./messages";
import { argumentRulesOnEach, type Rule, rule, type Scope } from "./rule";
import { consumers } from "./scopes";

const consumerArguments = (context: ValidationContext): (Scope & { args: ConsumerArguments })[] =>
  consumers(context).map(({ path, name, consumer }) => ({ path, args: { ...consumer, name } }));

const pushConsumers = (context: ValidationContext) =>
  consumers(context).flatMap(({ consumer, ...scope }) => (consumer.mode === "push" ? [{ ...scope, consumer }] : []));

/**
 * A consumer on one of its streams, with its share of the limits. Subjects are absent where the stream is unknown or
 * has mistakes of its own.
 */
const durables = (context: ValidationContext) =>
  consumers(context).flatMap((scope) => {
    const known = subjectsByStream(withLanes(scope.tenant));
    const consumer = shareOf(scope.consumer, scope.consumer.streams.length);
    return consumer.streams.map((stream, index) => ({
      ...scope,
      consumer,
      path: [...scope.path, "streams", index],
      index,
      stream,
      spec: scope.tenant.streams[stream],
      origin: originOf(scope.tenant, stream),
      limits: limitsOf(scope.tenant, stream),
      subjects: known.get(stream),
    }));
  });

/** A stream by its name or that of one of its mirrors, which hold the same. */
const originOf = ({ streams }: TenantSpec, name: string): StreamSpec | undefined =>
  streams[name] ??
  Object.entries(streams).find(([origin, { mirrors = {} }]) =>
    Object.keys(mirrors).some((region) => mirrorName(origin, region) === name),
  )?.[1];

/** Limits that a stream or mirror of a tenant sets for its durables. */
function limitsOf(
  tenant: TenantSpec,
  name: string,
): Pick<StreamSpec, "replicas" | "retention" | "consumerLimits"> | undefined {
  const origin = originOf(tenant, name);
  return name in tenant.streams ? origin : origin && { replicas: origin.replicas, retention: "limits" };
}

/** Durables of one work queue, each with the earlier one that takes the same messages. */
const queueDurables = (context: ValidationContext) =>
  durables(context)
    .filter(({ spec }) => spec?.retention === "workqueue")
    .map((scope, index, all) => ({
      ...scope,
      rival: all
        .slice(0, index)
        .find(
          ({ key, stream, name, consumer }) =>
            key === scope.key && stream === scope.stream && name !== scope.name && collide(consumer, scope.consumer),
        ),
    }));

const collide = (a: ConsumerSpec, b: ConsumerSpec): boolean =>
  (a.filterSubjects ?? [">"]).some((left) => (b.filterSubjects ?? [">"]).some((right) => overlaps(left, right)));

const filters = (context: ValidationContext) =>
  consumers(context).flatMap((scope) => {
    const known = subjectsByStream(withLanes(scope.tenant));
    return (scope.consumer.filterSubjects ?? []).map((filter, index) => ({
      ...scope,
      path: [...scope.path, "filterSubjects", index],
      filter,
      streams: scope.consumer.streams.map((stream) => known.get(stream)),
    }));
  });

const mayReceive = ({ consumes = [], subscribes = [], allow }: UserSpec, durable: string, subject: string): boolean =>
  consumes.includes(durable) ||
  [...subscribes, ...(allow?.subscribe ?? [])].some((allowed) => covers(allowed, subject));

/**
 * Rules that relate a consumer to its streams and users; those about its arguments alone are in arguments/consumer.ts.
 */
export const consumerRules: Rule[] = [
  ...argumentRulesOnEach(consumerArgumentRules, consumerArguments),
  rule({
    each: consumers,
    when: ({ name }) => name === canary.durable,
    message: () => `"${canary.durable}" is the name of every account's own canary durable; rename this one`,
  }),
  rule({
    each: durables,
    when: ({ key, stream, subjects }, { declared }) => !subjects && !declared.streams(key).includes(stream),
    message: ({ key, stream }, { declared }) => unknownName(stream, `a stream of ${key}`, declared.streams(key)),
  }),
  rule({
    each: durables,
    when: ({ consumer, index, stream }) => consumer.streams.indexOf(stream) < index,
    message: ({ stream }) => `${text(stream)} is listed twice, and a durable is created once on each; list it once`,
  }),
  rule({
    each: durables,
    // For a consumer of one stream the next rule reports it, filter by filter.
    when: ({ consumer, subjects }) =>
      !!subjects &&
      consumer.streams.length > 1 &&
      !!consumer.filterSubjects &&
      !consumer.filterSubjects.some((filter) => subjects.some((subject) => overlaps(filter, subject))),
    message: ({ consumer, stream, subjects }) =>
      `${text(stream)} (${list(subjects!)}) is matched by none of the filters (${list(consumer.filterSubjects!)}), ` +
      "so nothing would be delivered from it; add a filter, or remove the stream",
  }),
  rule({
    each: durables,
    when: ({ consumer, origin, subjects }) => {
      const own = (consumer.filterSubjects ?? []).filter((filter) => subjects?.some((held) => overlaps(filter, held)));
      return origin !== undefined && own.length > 0 && own.every((filter) => isRenamedAway(origin, filter));
    },
    message: ({ consumer, stream, origin }) =>
      `${text(stream)} stores what matches the filters (${list(consumer.filterSubjects!)}) under ` +
      `${text(destinationSubject(origin!.subjectTransform!.dest))} (subjectTransform), ` +
      "so nothing would be delivered; add that as a filter, " +
      "and keep the old ones until what was stored before is consumed",
  }),
  rule({
    each: filters,
    when: ({ filter, streams }) =>
      streams.every((subjects) => subjects !== undefined) &&
      !streams.some((subjects) => subjects.some((subject) => overlaps(filter, subject))),
    message: ({ filter, consumer }) =>
      `${text(filter)} matches no subject of ${list(consumer.streams)}; remove it, or add the stream that holds it`,
  }),
  rule({
    each: durables,
    when: ({ consumer, limits }) => (consumer.replicas ?? 0) > (limits?.replicas ?? Infinity),
    message: ({ consumer, stream, limits }) =>
      `${stream} has ${limits!.replicas} replicas, this durable asks for ${consumer.replicas} (10126); ` +
      `write ${limits!.replicas} or less, or leave replicas out`,
  }),
  rule({
    each: durables,
    when: ({ consumer, limits }) =>
      limits !== undefined && limits.retention !== "limits" && (consumer.replicas ?? limits.replicas) < limits.replicas,
    message: ({ consumer, stream, limits }) =>
      `${stream} has ${limits!.replicas} replicas and retention ${text(limits!.retention)}, ` +
      `so its durables need as many, not ${consumer.replicas} (10134); leave replicas out`,
  }),
  rule({
    each: durables,
    when: ({ consumer, limits }) =>
      limitInNumber(consumer.maxAckPending ?? defaultAckPending) >
        (limits?.consumerLimits?.maxAckPending ?? Infinity) && consumer.ackPolicy !== "none",
    message: ({ consumer, stream, limits }) =>
      `${stream} allows its durables a maxAckPending of ${limits!.consumerLimits!.maxAckPending}, ` +
      `this one has ${consumer.maxAckPending ?? `the default, ${defaultAckPending}`} (10121); ` +
      `write ${sumOf(limits!.consumerLimits!, consumer.streams.length).maxAckPending} or less`,
  }),
  rule({
    each: durables,
    when: ({ consumer, limits }) =>
      limits?.consumerLimits?.inactiveThreshold !== undefined &&
      (consumer.inactiveThreshold === undefined ||
        toMilliseconds(consumer.inactiveThreshold) > toMilliseconds(limits.consumerLimits.inactiveThreshold)),
    message: ({ consumer, stream, limits }) =>
      `${stream} allows its durables an inactiveThreshold of ${limits!.consumerLimits!.inactiveThreshold}, ` +
      `this one has ${consumer.inactiveThreshold ? `${consumer.inactiveThreshold} (10153)` : "none (10157)"}; ` +
      `write inactiveThreshold: ${text(limits!.consumerLimits!.inactiveThreshold)} or less`,
  }),
  ...(
    [
      { field: "ackPolicy", accepted: ["explicit", "flow_control"], errors: "10098, 10084" },
      { field: "deliverPolicy", accepted: ["all"], errors: "10101" },
    ] as const
  ).map(({ field, accepted, errors }) =>
    rule({
      each: queueDurables,
      when: ({ consumer }) => !accepted.some((value) => value === consumer[field]),
      message: ({ stream, consumer }) =>
        `${stream} is a work queue, which accepts only ${field} ${text(accepted[0])}, ` +
        `not ${text(consumer[field])} (${errors})`,
    }),
  ),
  rule({
    each: queueDurables,
    when: ({ rival }) => rival !== undefined,
    message: ({ stream, rival }) =>
      `${stream} is a work queue, and ${rival!.name} takes the same messages (10099, 10100); ` +
      "give the two filters that do not overlap",
  }),
  rule({
    each: pushConsumers,
    at: ["deliverSubject"],
    when: ({ consumer, tenant }) =>
      consumer.streams.some((name) =>
        tenant.streams[name]?.subjects.some((subject) => overlaps(subject, consumer.deliverSubject)),
      ),
    message: ({ consumer }) =>
      `${text(consumer.deliverSubject)} is a subject of its own stream, which would store what it delivers (10081); ` +
      "deliver to another",
  }),
  rule({
    each: pushConsumers,
    at: ["deliverSubject"],
    when: ({ key, name, consumer, tenant }, { declared }) =>
      declared
        .users(key)
        .every((user) => tenant.users[user] && !mayReceive(tenant.users[user], name, consumer.deliverSubject)),
    message: ({ name, consumer }) =>
      `${text(consumer.deliverSubject)} is not allowed to any user, so no message would arrive; ` +
      `name ${name} in a user's "consumes"`,
  }),
];

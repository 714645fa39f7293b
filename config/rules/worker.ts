import { withStandardParts } from "../assets/standard-parts";
import { durablesOf, healthPort, longestHandler, objectNameOf, userOf } from "../assets/workers";
import { unknownName } from "../problems";
import { defaultAckPending } from "../schema/consumer";
import { thousandthsOf } from "../schema/kubernetes-values";
import { isDnsLabel } from "../schema/values";
import { fromNanoseconds, toMilliseconds, unlimited } from "../units";
import type { ValidationContext } from "./context";
import { text, unknownRegion } from "./messages";
import { type Rule, rule } from "./rule";
import { tenants } from "./scopes";

const workers = (context: ValidationContext) =>
  tenants(context).flatMap(({ path, key, tenant: declared }) => {
    // With the users and durables that every tenant has, or that follow from its dead letters.
    const tenant = withStandardParts(declared);
    return Object.entries(tenant.workers ?? {}).map(([name, worker]) => {
      const { replicas = 1, maximum = replicas, regions = [tenant.home] } = worker;
      return {
        ...{ path: [...path, "workers", name], key, tenant, name, worker, replicas, maximum, regions },
        user: userOf(tenant, name, worker),
        durables: durablesOf(tenant, name, worker),
        known: {
          users: [...context.declared.users(key), ...added(declared.users, tenant.users)],
          durables: [...context.declared.consumers(key), ...added(declared.consumers, tenant.consumers)],
        },
      };
    });
  });

const added = (before: object, after: object): string[] => Object.keys(after).filter((name) => !(name in before));

/** Each worker with each of its durables that is there. */
const readers = (context: ValidationContext) =>
  workers(context).flatMap((scope) =>
    scope.durables.flatMap((durable, index) => {
      const consumer = scope.tenant.consumers[durable];
      const own = scope.worker.durables ? ["durables", index] : [];
      return consumer ? [{ ...scope, path: [...scope.path, ...own], worker: scope.path, durable, consumer }] : [];
    }),
  );

const named = (context: ValidationContext) =>
  workers(context).flatMap((scope) =>
    (scope.worker.durables ?? []).map((durable, index) => ({
      ...scope,
      path: [...scope.path, "durables", index],
      durable,
    })),
  );

const placed = (context: ValidationContext) =>
  workers(context).flatMap((scope) =>
    (scope.worker.regions ?? []).map((region, index, all) => ({
      ...scope,
      path: [...scope.path, "regions", index],
      region,
      isTwice: all.indexOf(region) < index,
    })),
  );

/** Each worker with an earlier one whose objects would have the same name. */
const twins = (context: ValidationContext) =>
  workers(context).map((scope, index, all) => ({
    ...scope,
    twin: all
      .slice(0, index)
      .find(({ key, name }) => key === scope.key && objectNameOf(name) === objectNameOf(scope.name))?.name,
  }));

const pullInstead = "or read a pull durable under a new name";

/** Rules about what runs a tenant's messages. */
export const workerRules: Rule[] = [
  rule({
    each: workers,
    when: ({ user }) => user === undefined,
    message: ({ name, tenant }) =>
      `no user has this name or consumes a durable ${text(name)}; ` +
      `write user: one of ${Object.keys(tenant.users).join(", ")}`,
  }),
  rule({
    each: workers,
    at: ["user"],
    when: ({ worker, known }) => worker.user !== undefined && !known.users.includes(worker.user),
    message: ({ worker, key, known }) => unknownName(worker.user!, `a user of ${key}`, known.users),
  }),
  rule({
    each: named,
    when: ({ durable, known }) => !known.durables.includes(durable),
    message: ({ key, durable, known }) => unknownName(durable, `a durable of ${key}`, known.durables),
  }),
  rule({
    each: readers,
    when: ({ tenant, user, durable }) => {
      const known = user === undefined ? undefined : tenant.users[user];
      return known !== undefined && !known.consumes?.includes(durable);
    },
    message: ({ user, durable, key }) =>
      `user ${text(user)} may not read durable ${text(durable)}; ` +
      `add it to tenants.${key}.users.${user}.consumes, or write another user`,
  }),
  rule({
    each: placed,
    when: ({ region }, { environment }) => !environment.regions.includes(region),
    message: ({ region }, { environment }) => unknownRegion(region, environment),
  }),
  rule({
    each: placed,
    when: ({ isTwice }) => isTwice,
    message: ({ region }) => `${text(region)} is there twice; write it once`,
  }),
  rule({
    each: workers,
    at: ["maximum"],
    when: ({ replicas, maximum }) => maximum < replicas,
    message: ({ replicas, maximum }) => `${maximum} is less than replicas, ${replicas}; write as much or more`,
  }),
  rule({
    each: workers,
    at: ["maximum"],
    when: ({ replicas, maximum, durables }) => maximum > replicas && durables.length === 0,
    message: ({ replicas }) =>
      "has no effect without a durable, by whose waiting messages workers are added; " +
      `leave it out, and write how many run in replicas (${replicas} now)`,
  }),
  rule({
    each: readers,
    when: ({ consumer, maximum, regions }) => consumer.mode === "push" && maximum * regions.length > 1,
    message: ({ durable, maximum, regions }) =>
      `reads the push durable ${text(durable)} with ${maximum * regions.length} replicas, ` +
      `and each would get every message; write one replica in one region, ${pullInstead}`,
  }),
  rule({
    each: readers,
    when: ({ consumer }) =>
      consumer.mode === "push" &&
      consumer.deliverGroup !== undefined &&
      (consumer.flowControl === true || consumer.idleHeartbeat !== undefined),
    message: ({ durable }) =>
      `reads the push durable ${text(durable)}, which has a deliverGroup with flowControl or idleHeartbeat: ` +
      "one member of a group gets all heartbeats, and the others count them as missed; " +
      `leave deliverGroup out of it, ${pullInstead}`,
  }),
  rule({
    each: readers,
    when: ({ consumer, maximum, regions }) => {
      const { mode, maxAckPending = defaultAckPending, ackPolicy } = consumer;
      const isLimited = mode === "pull" && ackPolicy !== "none" && maxAckPending !== unlimited;
      return isLimited && maximum * regions.length > maxAckPending;
    },
    message: ({ durable, consumer, maximum, regions }) =>
      `has up to ${maximum * regions.length} replicas in all, but maxAckPending of durable ${text(durable)} lets ` +
      `${consumer.maxAckPending ?? defaultAckPending} messages be handled at the same time; ` +
      "write fewer replicas, or a higher maxAckPending",
  }),
  rule({
    each: workers,
    at: ["grace"],
    when: ({ worker, tenant, durables }) =>
      worker.grace !== undefined && toMilliseconds(worker.grace) < (longestHandler(tenant, durables) ?? 0),
    message: ({ worker, tenant, durables }) => {
      const longest = fromNanoseconds(longestHandler(tenant, durables)! * 1_000_000);
      return (
        `${text(worker.grace)} is shorter than a durable waits for an acknowledgement (${longest}), so a worker that ` +
        `stops would be killed while it handles a message; write ${text(longest)} or more, or leave it out`
      );
    },
  }),
  rule({
    each: workers,
    at: ["resources", "cpuLimit"],
    when: ({ worker: { resources: { cpu = "100m", cpuLimit } = {} } }) =>
      cpuLimit !== undefined && thousandthsOf(cpuLimit) < thousandthsOf(cpu),
    message: ({ worker: { resources: { cpu = "100m", cpuLimit } = {} } }) =>
      `${text(cpuLimit)} is less than cpu, ${text(cpu)}, and Kubernetes refuses pods whose limit is below their ` +
      "request; write as much or more, or leave it out",
  }),
  rule({
    each: workers,
    at: ["port"],
    when: ({ worker }) => worker.port === healthPort,
    message: () => `${healthPort} is the port of its health and metrics; write another`,
  }),
  rule({
    each: workers,
    when: ({ name }) => !isDnsLabel(objectNameOf(name)),
    message: ({ name }) =>
      `${text(objectNameOf(name))} cannot be the name of its Deployment; ` +
      "write another name with letters, digits and dashes, at most 63, and its durable in durables",
  }),
  rule({
    each: twins,
    when: ({ twin }) => twin !== undefined,
    message: ({ name, twin }) =>
      `its Deployment would be called ${objectNameOf(name)}, as that of ${text(twin)}; rename one of them`,
  }),
];

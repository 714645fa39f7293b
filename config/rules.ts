import { assetsOf, type StreamAsset, subjectsByStream, type Tenants } from "./assets";
import { insteadOf, joinPath, type Problem } from "./problems";
import type { Environment } from "./settings";
import { canary, loginOf, mirrorName, provisioner, systemAccount, withStandardParts } from "./standard";
import { covers, overlaps } from "./subjects";
import type { ConsumerSpec, StreamSpec, TenantSpec, UserSpec } from "./tenant";
import { fromBytes, toBytes, toMilliseconds } from "./units";

/**
 * What a schema cannot say, because it is about more than one field. One row a rule: to what it applies (`each`), when it is
 * broken, and what to write instead. A number in brackets is the error that JetStream itself would answer with; rows
 * without one are mistakes that it accepts in silence. A new rule is a row more.
 */

/** What the rules look at: everything that has passed the schemas. */
export interface World {
  /** Key in `environments`. */
  name: string;
  environment: Environment;
  tenants: Tenants;
  /** Names of everything that was declared, also of what has not passed its schema: to say "unknown" of nothing else. */
  declared: { tenants: readonly string[]; streams(tenant: string): readonly string[]; consumers(tenant: string): readonly string[] };
}

interface Scope {
  path: PropertyKey[];
}

/** One way to break an input: the world's problems of this kind. */
export type Rule = (world: World) => Problem[];

function rule<S extends Scope>(row: {
  each: (world: World) => S[];
  /** Field of the scope that the problem is in; the scope itself if none. */
  at?: PropertyKey[];
  when: (scope: S, world: World) => boolean;
  message: (scope: S, world: World) => string;
}): Rule {
  return (world) =>
    row
      .each(world)
      .filter((scope) => row.when(scope, world))
      .map((scope) => ({ path: joinPath(...scope.path, ...(row.at ?? [])), message: row.message(scope, world) }));
}

// --- what rules apply to -------------------------------------------------------------------------------------------

interface TenantScope extends Scope {
  key: string;
  tenant: TenantSpec;
}
interface StreamScope extends TenantScope {
  name: string;
  stream: StreamSpec;
  home: string;
}
interface ConsumerScope extends TenantScope {
  name: string;
  consumer: ConsumerSpec;
}
interface UserScope extends TenantScope {
  name: string;
  user: UserSpec;
}

const theEnvironment = ({ name, environment }: World) => [{ path: ["environments", name], ...environment }];

const tenants = ({ tenants }: World): TenantScope[] => Object.entries(tenants).map(([key, tenant]) => ({ path: ["tenants", key], key, tenant }));

/** A tenant's place in the map of jetstream stacks. */
const assignments = ({ name, environment }: World) =>
  Object.entries(environment.jetstream).flatMap(([stack, names]) =>
    names.map((tenant, index) => ({ path: ["environments", name, "jetstream", stack, index], stack, tenant })),
  );

const streams = (world: World): StreamScope[] =>
  tenants(world).flatMap(({ path, key, tenant }) =>
    Object.entries(tenant.streams).map(([name, stream]) => ({
      path: [...path, "streams", name],
      key,
      tenant,
      name,
      stream,
      home: stream.home ?? tenant.home,
    })),
  );

const mirrors = (world: World) =>
  streams(world).flatMap((scope) =>
    Object.entries(scope.stream.mirrors ?? {}).map(([region, limits]) => ({
      ...scope,
      path: [...scope.path, "mirrors", region],
      region,
      limits,
      mirror: mirrorName(scope.name, region),
    })),
  );

/** Limits of streams and of mirrors alike. */
const limits = (world: World) => [
  ...streams(world).map(({ path, stream }) => ({ path, maxAge: stream.maxAge, maxBytes: stream.maxBytes, storage: stream.storage })),
  ...mirrors(world).map(({ path, stream, limits }) => ({ path, maxAge: limits.maxAge, maxBytes: limits.maxBytes, storage: stream.storage })),
];

/** Subjects of streams; those of the canary come first, so that whoever overlaps it hears of it. */
const subjects = (world: World) =>
  tenants(world).flatMap(({ path, tenant }) =>
    Object.entries({ ...withStandardParts({ ...tenant, streams: {} }).streams, ...tenant.streams }).flatMap(([name, stream]) =>
      stream.subjects.map((subject, index) => ({ path: [...path, "streams", name, "subjects", index], account: tenant.name, name, subject })),
    ),
  );

/** Every subject with those that stand before it in its account. */
const subjectsAfter = (world: World) =>
  subjects(world).map((scope, index, all) => ({
    ...scope,
    earlier: all.slice(0, index).find(({ account, subject }) => account === scope.account && overlaps(subject, scope.subject)),
  }));

const consumers = (world: World): ConsumerScope[] =>
  tenants(world).flatMap(({ path, key, tenant }) =>
    Object.entries(tenant.consumers).map(([name, consumer]) => ({ path: [...path, "consumers", name], key, tenant, name, consumer })),
  );

const pushConsumers = (world: World) =>
  consumers(world).flatMap(({ consumer, ...scope }) => (consumer.mode === "push" ? [{ ...scope, consumer }] : []));

/** A consumer on one of its streams. Subjects are absent where the stream is unknown or has mistakes of its own. */
const durables = (world: World) =>
  consumers(world).flatMap((scope) => {
    const known = subjectsByStream(scope.tenant);
    return scope.consumer.streams.map((stream, index) => ({
      ...scope,
      path: [...scope.path, "streams", index],
      index,
      stream,
      spec: scope.tenant.streams[stream],
      subjects: known.get(stream),
    }));
  });

/** Durables of one work queue, each with those declared before it. */
const queueDurables = (world: World) =>
  durables(world)
    .filter(({ spec }) => spec?.retention === "workqueue")
    .map((scope, index, all) => ({
      ...scope,
      rival: all
        .slice(0, index)
        .find(({ key, stream, name, consumer }) => key === scope.key && stream === scope.stream && name !== scope.name && collide(consumer, scope.consumer)),
    }));

const filters = (world: World) =>
  consumers(world).flatMap((scope) => {
    const known = subjectsByStream(scope.tenant);
    const all = scope.consumer.filterSubjects ?? [];
    return all.map((filter, index) => ({
      ...scope,
      path: [...scope.path, "filterSubjects", index],
      filter,
      earlier: all.slice(0, index),
      streams: scope.consumer.streams.map((stream) => known.get(stream)),
    }));
  });

const users = (world: World): UserScope[] =>
  tenants(world).flatMap(({ path, key, tenant }) =>
    Object.entries(tenant.users).map(([name, user]) => ({ path: [...path, "users", name], key, tenant, name, user })),
  );

/** Every login of the servers, in their order, with the one before it that is spelt the same. */
const logins = (world: World) =>
  [
    { path: ["accounts", systemAccount.name], account: systemAccount.name as string, user: systemAccount.user as string },
    ...tenants(world).flatMap(({ path, tenant }) =>
      [provisioner, canary.user, ...Object.keys(tenant.users)].map((user) => ({
        path: user in tenant.users ? [...path, "users", user] : path,
        account: tenant.name,
        user,
      })),
    ),
  ].map((scope, index, all) => ({
    ...scope,
    twin: all
      .slice(0, index)
      .find(({ account, user }) => account !== scope.account && loginOf(account, user) === loginOf(scope.account, scope.user)),
  }));

const consumed = (world: World) =>
  users(world).flatMap((scope) =>
    (scope.user.consumes ?? []).map((durable, index) => ({ ...scope, path: [...scope.path, "consumes", index], durable })),
  );

/** Subjects that users name, by the field they stand in. */
const userSubjects = (fields: readonly ("publishes" | "subscribes" | "requests")[]) => (world: World) =>
  users(world).flatMap((scope) =>
    fields.flatMap((field) => (scope.user[field] ?? []).map((subject, index) => ({ ...scope, path: [...scope.path, field, index], subject }))),
  );

const explicitlyAllowed = (world: World) =>
  users(world).flatMap((scope) =>
    (["publish", "subscribe"] as const).flatMap((field) =>
      (scope.user.allow?.[field] ?? []).map((subject, index) => ({ ...scope, path: [...scope.path, "allow", field, index], subject })),
    ),
  );

/** What one server of a region has to reserve, by kind of storage. */
const reservations = (world: World) => {
  const { streams } = assetsOf(world.environment, world.tenants);
  return world.environment.regions.flatMap((region) =>
    (["file", "memory"] as const).map((storage) => ({
      path: ["environments", world.name, "storage", storage],
      region,
      storage,
      bytes: perServer(streams, region, storage, world.environment.servers),
    })),
  );
};

// --- helpers of the rows ---------------------------------------------------------------------------------------------

const list = (names: readonly string[]): string => (names.length ? names.join(", ") : "none");
const text = (value: unknown): string => JSON.stringify(value);
const firstToken = (subject: string): string => subject.split(".", 1)[0]!;
const isInbox = (subject: string): boolean => firstToken(subject).startsWith("_INBOX");
const isWild = (subject: string): boolean => /^[*>]/.test(subject);

/** The servers' own subjects, and the parts of them that a stream may capture: advisories. */
const systemSubjects = ["$JS.>", "$JSC.>", "$NRG.>", "$SYS.>"];
const capturable = ["$JS.EVENT.>", "$SYS.ACCOUNT.>"];

const collide = (a: ConsumerSpec, b: ConsumerSpec): boolean =>
  (a.filterSubjects ?? [">"]).some((left) => (b.filterSubjects ?? [">"]).some((right) => overlaps(left, right)));

const regionsOfTenantStacks = ({ environment }: World, tenant: string): string[] =>
  Object.entries(environment.jetstream).flatMap(([stack, names]) => names.filter((name) => name === tenant).map(() => stack));

function perServer(streams: StreamAsset[], region: string, storage: string, servers: number): number {
  const all = streams.filter((stream) => stream.region === region && stream.spec.storage === storage);
  return all.reduce((sum, { spec }) => sum + toBytes(spec.maxBytes) * spec.replicas, 0) / servers;
}

const storageErrors = { file: 10047, memory: 10028 } as const;
const shortest = 100;
const lastPort = 65535;
const portsOfRegion = 20;

// --- the rules -------------------------------------------------------------------------------------------------------

const environmentRules: Rule[] = [
  rule({
    each: theEnvironment,
    at: ["regions"],
    when: ({ regions }) => new Set(regions).size < regions.length,
    message: ({ regions }) => `${list(regions.filter((region, index) => regions.indexOf(region) < index))} is listed twice; a region is one cluster`,
  }),
  rule({
    each: theEnvironment,
    at: ["servers"],
    when: ({ regions, servers }) => regions.length * servers < 2,
    message: () => "one server alone elects no JetStream leader (it waits for a second); write 3, or add a region",
  }),
  rule({
    each: theEnvironment,
    at: ["lameDuck", "duration"],
    when: ({ lameDuck }) => toMilliseconds(lameDuck.duration) < 30_000,
    message: ({ lameDuck }) => `${text(lameDuck.duration)} is under the servers' minimum; write "30s" or more`,
  }),
  rule({
    each: theEnvironment,
    at: ["lameDuck", "gracePeriod"],
    when: ({ lameDuck }) => toMilliseconds(lameDuck.gracePeriod) >= toMilliseconds(lameDuck.duration),
    message: ({ lameDuck }) => `${text(lameDuck.gracePeriod)} is not shorter than lameDuck.duration (${lameDuck.duration}); servers refuse to start`,
  }),
  rule({
    each: theEnvironment,
    at: ["maxPayload"],
    when: ({ maxPayload }) => toBytes(maxPayload) > toBytes("64MiB") || toBytes(maxPayload) === 0,
    message: ({ maxPayload }) => `${text(maxPayload)}: servers take up to 64MiB and warn above 8MiB`,
  }),
  rule({
    each: theEnvironment,
    at: ["basePort"],
    when: (environment) => environment.target === "local" && environment.basePort + environment.regions.length * portsOfRegion - 1 > lastPort,
    message: ({ regions }) => `${regions.length} regions of ${portsOfRegion} ports end above ${lastPort}; write ${lastPort + 1 - regions.length * portsOfRegion} or less`,
  }),
  rule({
    each: assignments,
    when: ({ tenant }, { declared }) => !declared.tenants.includes(tenant),
    message: ({ tenant }, { declared }) => `${text(tenant)} is no tenant; ${insteadOf(tenant, declared.tenants)}`,
  }),
  rule({
    each: reservations,
    when: ({ storage, bytes }, { environment }) => bytes > toBytes(environment.storage[storage]),
    message: ({ region, storage, bytes }, { environment }) =>
      `${text(environment.storage[storage])} a server is less than the ${readable(bytes)} that the streams and mirrors of ${region} reserve on each (${storageErrors[storage]}); raise it, or lower their maxBytes`,
  }),
];

const tenantRules: Rule[] = [
  rule({
    each: tenants,
    at: ["name"],
    when: ({ key, tenant }) => key !== tenant.name,
    message: ({ key, tenant }) => `${text(tenant.name)} is not the key it stands under; write ${text(key)}`,
  }),
  rule({
    each: tenants,
    when: ({ tenant }) => tenant.name === systemAccount.name,
    message: () => `"${systemAccount.name}" is the servers' own account; name the tenant otherwise`,
  }),
  rule({
    each: tenants,
    when: ({ key }, world) => regionsOfTenantStacks(world, key).length === 0,
    message: ({ key }, { name, environment }) =>
      `is in no jetstream stack; add it to one of environments.${name}.jetstream (${list(Object.keys(environment.jetstream))}), or nobody reconciles ${key}`,
  }),
  rule({
    each: tenants,
    when: ({ key }, world) => regionsOfTenantStacks(world, key).length > 1,
    message: ({ key }, world) =>
      `is in more than one place of environments.${world.name}.jetstream (${list(regionsOfTenantStacks(world, key))}); two stacks would undo each other's work`,
  }),
  rule({
    each: tenants,
    at: ["home"],
    when: ({ tenant }, { environment }) => !environment.regions.includes(tenant.home),
    message: ({ tenant }, { environment }) => `${text(tenant.home)} is no region of the environment; ${insteadOf(tenant.home, environment.regions)}`,
  }),
];

const streamRules: Rule[] = [
  rule({
    each: streams,
    when: ({ name }) => name === canary.stream,
    message: () => `"${canary.stream}" is the name of every account's own proof stream; name it otherwise`,
  }),
  rule({
    each: streams,
    at: ["home"],
    when: ({ stream }, { environment }) => stream.home !== undefined && !environment.regions.includes(stream.home),
    message: ({ home }, { environment }) => `${text(home)} is no region of the environment; ${insteadOf(home, environment.regions)}`,
  }),
  rule({
    each: limits,
    at: ["maxAge"],
    when: ({ maxAge }) => toMilliseconds(maxAge) < shortest,
    message: ({ maxAge }) => `${text(maxAge)} is under 100ms (10052); was another unit meant?`,
  }),
  rule({
    each: limits,
    at: ["maxBytes"],
    when: ({ maxBytes }) => toBytes(maxBytes) === 0,
    message: ({ maxBytes }) => `${text(maxBytes)} means no limit to JetStream; write how much it may hold`,
  }),
  rule({
    each: limits,
    at: ["maxBytes"],
    when: ({ maxBytes, storage }, { environment }) => toBytes(maxBytes) > toBytes(environment.storage[storage]),
    message: ({ maxBytes, storage }, { environment }) => `${text(maxBytes)} is more than a server has (${environment.storage[storage]} of ${storage}) (${storageErrors[storage]})`,
  }),
  rule({
    each: streams,
    at: ["duplicateWindow"],
    when: ({ stream }) => stream.duplicateWindow !== undefined && toMilliseconds(stream.duplicateWindow) > toMilliseconds(stream.maxAge),
    message: ({ stream }) => `${text(stream.duplicateWindow)} is longer than maxAge (${stream.maxAge}) (10052); write ${text(stream.maxAge)} or less`,
  }),
  rule({
    each: streams,
    at: ["duplicateWindow"],
    when: ({ stream }) => stream.duplicateWindow !== undefined && toMilliseconds(stream.duplicateWindow) < shortest,
    message: ({ stream }) => `${text(stream.duplicateWindow)} is under 100ms (10052); leave it out for the default`,
  }),
  rule({
    each: streams,
    at: ["replicas"],
    when: ({ stream }, { environment }) => environment.target === "kubernetes" && stream.replicas > environment.servers,
    message: ({ stream }, { environment }) =>
      `${stream.replicas} are more than a region's ${environment.servers} servers (10005): replicas never span regions; write ${environment.servers}, or raise servers`,
  }),
  rule({
    each: subjects,
    when: ({ subject }) =>
      isInbox(subject) || (systemSubjects.some((system) => overlaps(system, subject)) && !capturable.some((outer) => covers(outer, subject))),
    message: ({ subject }) => `${text(subject)} takes in subjects of the servers or inboxes ($JS, $SYS, _INBOX) (10052); name the first token of your own`,
  }),
  rule({
    each: subjectsAfter,
    when: ({ earlier }) => earlier !== undefined,
    message: ({ subject, earlier, name }) =>
      earlier!.name === name
        ? `${text(subject)} overlaps ${text(earlier!.subject)} of the same stream (10052); leave one out`
        : `${text(subject)} overlaps ${text(earlier!.subject)} of stream ${earlier!.name} (10065); a subject belongs to one stream of its account`,
  }),
];

const mirrorRules: Rule[] = [
  rule({
    each: mirrors,
    when: ({ region }, { environment }) => !environment.regions.includes(region),
    message: ({ region }, { environment }) => `${text(region)} is no region of the environment; ${insteadOf(region, environment.regions)}`,
  }),
  rule({
    each: mirrors,
    when: ({ region, home }) => region === home,
    message: ({ home, name }) => `${name} is at home in ${home} itself; a mirror is a copy in another region`,
  }),
  rule({
    each: mirrors,
    when: ({ stream }) => stream.retention === "workqueue",
    message: ({ name }) => `a mirror takes messages out of a work queue as its workers do; ${name} would be emptied. Leave it out`,
  }),
  rule({
    each: mirrors,
    when: ({ stream }) => stream.retention === "interest",
    message: ({ name }) => `a mirror is interest: ${name} would keep every message until it is copied; make it retention "limits", or leave the mirror out`,
  }),
  rule({
    each: mirrors,
    when: ({ mirror, tenant }) => mirror in tenant.streams,
    message: ({ mirror }) => `the mirror's name is ${mirror}, which is a stream already (10058); rename that one`,
  }),
  rule({
    each: mirrors,
    when: (scope, world) => mirrors(world).some(({ key, mirror, name }) => key === scope.key && mirror === scope.mirror && name < scope.name),
    message: ({ mirror }) => `another stream's mirror is called ${mirror} too (10058); rename one of the two streams`,
  }),
];

const consumerRules: Rule[] = [
  rule({
    each: consumers,
    when: ({ name }) => name === canary.durable,
    message: () => `"${canary.durable}" is the name of every account's own proof durable; name it otherwise`,
  }),
  rule({
    each: durables,
    when: ({ key, stream, subjects }, { declared }) => !subjects && !declared.streams(key).includes(stream),
    message: ({ key, stream }, { declared }) => `${text(stream)} is no stream of ${key}; ${insteadOf(stream, declared.streams(key))}`,
  }),
  rule({
    each: durables,
    when: ({ consumer, index, stream }) => consumer.streams.indexOf(stream) < index,
    message: ({ stream }) => `${text(stream)} is listed twice; a durable is made once on each`,
  }),
  rule({
    each: durables,
    // Of a consumer of one stream the next rule says it, filter by filter.
    when: ({ consumer, subjects }) =>
      !!subjects && consumer.streams.length > 1 && !!consumer.filterSubjects && !consumer.filterSubjects.some((filter) => subjects.some((subject) => overlaps(filter, subject))),
    message: ({ consumer, stream, subjects }) =>
      `none of the filters (${list(consumer.filterSubjects!)}) is about ${stream} (${list(subjects!)}): it would deliver nothing; add one, or leave the stream out`,
  }),
  rule({
    each: filters,
    when: ({ filter, streams }) =>
      streams.every((subjects) => subjects !== undefined) && !streams.some((subjects) => subjects.some((subject) => overlaps(filter, subject))),
    message: ({ filter, consumer }) => `${text(filter)} matches nothing of ${list(consumer.streams)}; leave it out, or name the stream that holds it`,
  }),
  rule({
    each: filters,
    when: ({ filter, earlier }) => earlier.some((other) => covers(other, filter) || covers(filter, other)),
    message: ({ filter, earlier }) =>
      `${text(filter)} and ${text(earlier.find((other) => covers(other, filter) || covers(filter, other)))} overlap (10138); the wider one is enough`,
  }),
  rule({
    each: consumers,
    at: ["maxDeliver"],
    when: ({ consumer }) => (consumer.backoff?.length ?? 0) > (consumer.maxDeliver ?? Infinity),
    message: ({ consumer }) => `${consumer.maxDeliver} is less than the ${consumer.backoff!.length} waits of backoff (10116); write ${consumer.backoff!.length + 1}, or leave it out`,
  }),
  rule({
    each: consumers,
    at: ["ackWait"],
    when: ({ consumer }) =>
      !!consumer.backoff && consumer.ackWait !== undefined && toMilliseconds(consumer.ackWait) !== toMilliseconds(consumer.backoff[0]!),
    message: ({ consumer }) => `${text(consumer.ackWait)} is replaced by backoff[0] (${consumer.backoff![0]}), silently; write ${text(consumer.backoff![0])}, or leave it out`,
  }),
  rule({
    each: consumers,
    at: ["ackPolicy"],
    when: ({ consumer }) => consumer.ackPolicy === "none" && !!(consumer.maxDeliver || consumer.backoff || consumer.ackWait || consumer.maxAckPending),
    message: () => `"none" means that nothing is redelivered: maxDeliver, backoff, ackWait and maxAckPending would do nothing (10082); write "explicit"`,
  }),
  rule({
    each: consumers,
    at: ["filterSubjects"],
    when: ({ consumer }) => consumer.deliverPolicy === "last_per_subject" && !consumer.filterSubjects,
    message: () => `deliverPolicy "last_per_subject" needs it (10094); write ["<subject>.>"]`,
  }),
  rule({
    each: queueDurables,
    when: ({ consumer }) => consumer.ackPolicy !== "explicit",
    message: ({ stream, consumer }) => `${stream} is a work queue and takes only ackPolicy "explicit", not ${text(consumer.ackPolicy)} (10098, 10084)`,
  }),
  rule({
    each: queueDurables,
    when: ({ consumer }) => consumer.deliverPolicy !== "all",
    message: ({ stream, consumer }) => `${stream} is a work queue and takes only deliverPolicy "all", not ${text(consumer.deliverPolicy)} (10101)`,
  }),
  rule({
    each: queueDurables,
    when: ({ rival }) => rival !== undefined,
    message: ({ stream, rival }) => `${stream} is a work queue and ${rival!.name} takes the same messages (10099, 10100); give both filters that don't overlap`,
  }),
  rule({
    each: pushConsumers,
    at: ["flowControl"],
    when: ({ consumer }) => consumer.flowControl === true && consumer.idleHeartbeat === undefined,
    message: () => `needs idleHeartbeat (10108); write e.g. idleHeartbeat: "5s"`,
  }),
  rule({
    each: pushConsumers,
    at: ["idleHeartbeat"],
    when: ({ consumer }) => consumer.idleHeartbeat !== undefined && toMilliseconds(consumer.idleHeartbeat) < shortest,
    message: ({ consumer }) => `${text(consumer.idleHeartbeat)} is under 100ms (10083); was another unit meant?`,
  }),
  rule({
    each: pushConsumers,
    at: ["deliverSubject"],
    when: ({ consumer }) => /[*>]/.test(consumer.deliverSubject),
    message: ({ consumer }) => `${text(consumer.deliverSubject)} has a wildcard (10079); messages are sent to one subject`,
  }),
  rule({
    each: pushConsumers,
    at: ["deliverSubject"],
    when: ({ consumer, tenant }) => consumer.streams.some((name) => tenant.streams[name]?.subjects.some((subject) => overlaps(subject, consumer.deliverSubject))),
    message: ({ consumer }) => `${text(consumer.deliverSubject)} is a subject of its own stream, which would store what it delivers (10081); deliver to another`,
  }),
];

const userRules: Rule[] = [
  rule({
    each: users,
    when: ({ name }) => name === provisioner || name === canary.user,
    message: ({ name }) => `every account has a user "${name}" of its own; name it otherwise`,
  }),
  rule({
    each: logins,
    when: ({ twin }) => twin !== undefined,
    message: ({ account, user, twin }) =>
      `logs in as "${loginOf(account, user)}", as user "${twin!.user}" of account "${twin!.account}" does; rename one of them`,
  }),
  rule({
    each: consumed,
    when: ({ key, durable }, { declared }) => !declared.consumers(key).includes(durable),
    message: ({ key, durable }, { declared }) => `${text(durable)} is no durable of ${key}; ${insteadOf(durable, declared.consumers(key))}`,
  }),
  rule({
    each: userSubjects(["publishes", "subscribes", "requests"]),
    when: ({ subject }) => /^(\$JS|\$JSC|\$NRG|\$SYS|_INBOX)/.test(subject),
    message: ({ subject }) => `${text(subject)} is derived, never declared; name the durable in "consumes", or the exact subject in "allow"`,
  }),
  rule({
    each: (world) => [...userSubjects(["publishes", "subscribes", "requests"])(world), ...explicitlyAllowed(world)],
    when: ({ subject }) => isWild(subject) || covers(subject, "$JS.API.>") || covers(subject, "$SYS.>"),
    message: ({ subject }) => `${text(subject)} takes in JetStream's whole API or everybody's inboxes; name what is needed`,
  }),
  rule({
    each: userSubjects(["requests"]),
    when: ({ subject, tenant }) => Object.values(tenant.streams).some(({ subjects }) => subjects.some((other) => overlaps(subject, other))),
    message: ({ subject }) => `${text(subject)} is stored by a stream, whose acknowledgement would be the first answer; ask on another subject, or use "publishes"`,
  }),
];

/** Bytes for a person: exact where a unit fits, rounded up to MiB elsewhere. */
function readable(bytes: number): string {
  return fromBytes(Math.ceil(bytes / toBytes("1MiB")) * toBytes("1MiB"));
}

/** All rules, in the order their problems are told. */
export const rules: readonly Rule[] = [...environmentRules, ...tenantRules, ...streamRules, ...mirrorRules, ...consumerRules, ...userRules];

/** Every problem of a world. */
export const problemsOf = (world: World): Problem[] => rules.flatMap((each) => each(world));

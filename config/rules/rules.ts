import { type ArgumentRule, findingsOf, list, text } from "./argument-rule";
import { zonesOf } from "../schema/aws";
import type { StreamAsset, Tenants } from "../assets/asset";
import { assetsOf, subjectsByStream } from "../assets/assets";
import { type ConsumerArguments, consumerRules as rulesOfOneConsumer } from "./consumer";
import { withRoomForFailover } from "../assets/failover";
import { memoryOfServer, usableOfVolume } from "./server-overhead";
import type { Kubernetes } from "../schema/kubernetes";
import { isLeaving } from "../assets/leaving";
import { suggestKnown, joinPath, type Problem } from "../problems";
import type { Environment } from "../schema/settings";
import { canary, loginOf, mirrorName, provisioner, systemAccount, withStandardParts } from "../assets/standard";
import type { StreamArguments } from "./stream-argument";
import { streamRules as rulesOfOneStream } from "./stream";
import { covers, overlaps } from "../subjects";
import type { ConsumerSpec, StreamSpec, TenantSpec, UserSpec } from "../schema/tenant";
import { fromBytes, toBytes, toMilliseconds } from "../units";

/**
 * What a schema cannot say, because it is about more than one field. One row a rule: to what it applies (`each`), when it is
 * broken, and what to write instead. A number in brackets is the error that JetStream itself would answer with; rows
 * without one are mistakes that it accepts in silence. A new rule is a row more. What is about one stream or one consumer
 * alone stands in config/rules/stream.ts and config/rules/consumer.ts, and is applied to all of them here.
 */

/** What the rules look at: everything that has passed the schemas. */
export interface ValidationContext {
  /** Key in `environments`. */
  name: string;
  environment: Environment;
  tenants: Tenants;
  /** Names of everything that was declared, also of what has not passed its schema: to say "unknown" of nothing else. */
  declared: {
    tenants: readonly string[];
    streams(tenant: string): readonly string[];
    consumers(tenant: string): readonly string[];
    users(tenant: string): readonly string[];
  };
}

interface Scope {
  path: PropertyKey[];
}

/** One way to break an input: the context's problems of this kind. */
export type Rule = (context: ValidationContext) => Problem[];

function rule<S extends Scope>(row: {
  each: (context: ValidationContext) => S[];
  /** Field of the scope that the problem is in; the scope itself if none. */
  at?: PropertyKey[];
  when: (scope: S, context: ValidationContext) => boolean;
  message: (scope: S, context: ValidationContext) => string;
}): Rule {
  return (context) =>
    row
      .each(context)
      .filter((scope) => row.when(scope, context))
      .map((scope) => ({ path: joinPath(...scope.path, ...(row.at ?? [])), message: row.message(scope, context) }));
}

/** Rules about one stream or one consumer, on each that there is. */
function onEach<Args>(
  rules: readonly ArgumentRule<Args>[],
  each: (context: ValidationContext) => (Scope & { args: Args })[],
): Rule[] {
  return rules.map(
    (one) => (context) =>
      each(context).flatMap(({ path, args }) =>
        findingsOf([one], args).map(({ at, message }) => ({ path: joinPath(...path, ...at), message })),
      ),
  );
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

const theEnvironment = ({ name, environment }: ValidationContext) => [{ path: ["environments", name], ...environment }];

const theAuthorities = ({ name, environment: { authorities } }: ValidationContext) =>
  Object.entries(authorities).map(([whose, authority]) => ({
    path: ["environments", name, "authorities", whose],
    authority,
  }));

const tenants = ({ tenants }: ValidationContext): TenantScope[] =>
  Object.entries(tenants).map(([key, tenant]) => ({ path: ["tenants", key], key, tenant }));

const onKubernetes = ({ name, environment }: ValidationContext) =>
  environment.target === "kubernetes" ? [{ path: ["environments", name], ...environment }] : [];

const regionsOnKubernetes = (context: ValidationContext) =>
  onKubernetes(context).flatMap(({ path, regions, kubernetes, aws }) =>
    regions.map((region) => ({
      path: [...path, "kubernetes", "clusters", region],
      region,
      access: kubernetes.access,
      cluster: kubernetes.clusters[region],
      awsCluster: aws?.regions[region]?.cluster,
    })),
  );

const sharesNamespace = (regions: readonly string[], { clusters, namespace }: Kubernetes): boolean => {
  const places = regions.flatMap((region) =>
    clusters[region] ? [JSON.stringify([clusters[region], namespace.replaceAll("<region>", region)])] : [],
  );
  return new Set(places).size < places.length;
};

/** What each region uses of AWS. */
const awsRegions = (context: ValidationContext) =>
  onKubernetes(context).flatMap(({ path, kubernetes, aws, servers }) =>
    Object.entries(aws?.regions ?? {}).map(([region, settings]) => ({
      path: [...path, "aws", "regions", region],
      region,
      settings,
      kubernetes,
      servers,
    })),
  );

/** Clusters that are made on AWS, each with the region before it that has the same network. */
const newClusters = (context: ValidationContext) =>
  awsRegions(context)
    .flatMap((scope) =>
      scope.settings.cluster?.create
        ? [{ ...scope, path: [...scope.path, "cluster", "create"], create: scope.settings.cluster.create }]
        : [],
    )
    .map((scope, index, all) => ({
      ...scope,
      twin: all.slice(0, index).find(({ create }) => create.cidr === scope.create.cidr)?.region,
    }));

/** A tenant's place in the map of jetstream stacks. */
const assignments = ({ name, environment }: ValidationContext) =>
  Object.entries(environment.jetstream).flatMap(([stack, names]) =>
    names.map((tenant, index) => ({ path: ["environments", name, "jetstream", stack, index], stack, tenant })),
  );

const streams = (context: ValidationContext): StreamScope[] =>
  tenants(context).flatMap(({ path, key, tenant }) =>
    Object.entries(tenant.streams).map(([name, stream]) => ({
      path: [...path, "streams", name],
      key,
      tenant,
      name,
      stream,
      home: stream.home ?? tenant.home,
    })),
  );

const mirrors = (context: ValidationContext) =>
  streams(context).flatMap((scope) =>
    Object.entries(scope.stream.mirrors ?? {}).map(([region, limits]) => ({
      ...scope,
      path: [...scope.path, "mirrors", region],
      region,
      limits,
      mirror: mirrorName(scope.name, region),
    })),
  );

/** Limits of streams and of mirrors alike. */
const limits = (context: ValidationContext) => [
  ...streams(context).map(({ path, stream }) => ({ path, maxBytes: stream.maxBytes, storage: stream.storage })),
  ...mirrors(context).map(({ path, stream, limits }) => ({ path, maxBytes: limits.maxBytes, storage: stream.storage })),
];

/** Arguments of every stream and mirror, as they are declared. */
const streamArguments = (context: ValidationContext): (Scope & { args: StreamArguments })[] => [
  ...streams(context).map(({ path, name, stream }) => ({ path, args: { ...stream, name } })),
  ...mirrors(context).map(({ path, name, mirror, limits }) => ({
    path,
    args: { ...limits, name: mirror, mirror: name },
  })),
];

/** A stream that another one copies; `returns` if what it takes back would be let in again. */
interface Origin {
  name: string;
  returns: boolean;
}

/** What each stream of a tenant copies, mirrors included: of this account only. */
const originsByStream = ({ streams }: TenantSpec): Map<string, Origin[]> =>
  new Map(
    Object.entries(streams).flatMap(([name, { subjects, sources = [], mirrors = {} }]): [string, Origin[]][] => [
      [
        name,
        sources
          .map((source) => (typeof source === "string" ? { name: source } : source))
          .filter(({ external }) => !external)
          // As the server judges it: two streams may each take the other's own subjects.
          .map(({ name: origin, filterSubject }) => ({
            name: origin,
            returns: !filterSubject || subjects.some((subject) => overlaps(subject, filterSubject)),
          })),
      ],
      ...Object.keys(mirrors).map((region): [string, Origin[]] => [
        mirrorName(name, region),
        [{ name, returns: true }],
      ]),
    ]),
  );

/** Sources of this account, with the subjects of their streams where those are known. */
const sources = (context: ValidationContext) =>
  streams(context).flatMap((scope) => {
    const [known, origins] = [subjectsByStream(scope.tenant), originsByStream(scope.tenant)];
    return (scope.stream.sources ?? [])
      .map((source, index) => ({
        ...scope,
        path: [...scope.path, "sources", index],
        origin: typeof source === "string" ? { name: source } : source,
        origins,
      }))
      .filter(({ origin }) => !origin.external)
      .map((source) => ({ ...source, subjects: known.get(source.origin.name) }));
  });

/** Subjects of streams; those of the canary come first, so that whoever overlaps it hears of it. */
const subjects = (context: ValidationContext) =>
  tenants(context).flatMap(({ path, tenant }) =>
    Object.entries({ ...withStandardParts({ ...tenant, streams: {} }).streams, ...tenant.streams }).flatMap(
      ([name, stream]) =>
        stream.subjects.map((subject, index) => ({
          path: [...path, "streams", name, "subjects", index],
          account: tenant.name,
          name,
          subject,
        })),
    ),
  );

/** Every subject with the one before it, of another stream of its account, that it overlaps. */
const subjectsAfter = (context: ValidationContext) =>
  subjects(context).map((scope, index, all) => ({
    ...scope,
    earlier: all
      .slice(0, index)
      .find(
        ({ account, name, subject }) =>
          account === scope.account && name !== scope.name && overlaps(subject, scope.subject),
      ),
  }));

const consumers = (context: ValidationContext): ConsumerScope[] =>
  tenants(context).flatMap(({ path, key, tenant }) =>
    Object.entries(tenant.consumers).map(([name, consumer]) => ({
      path: [...path, "consumers", name],
      key,
      tenant,
      name,
      consumer,
    })),
  );

const consumerArguments = (context: ValidationContext): (Scope & { args: ConsumerArguments })[] =>
  consumers(context).map(({ path, name, consumer }) => ({ path, args: { ...consumer, name } }));

const pushConsumers = (context: ValidationContext) =>
  consumers(context).flatMap(({ consumer, ...scope }) => (consumer.mode === "push" ? [{ ...scope, consumer }] : []));

/** A consumer on one of its streams. Subjects are absent where the stream is unknown or has mistakes of its own. */
const durables = (context: ValidationContext) =>
  consumers(context).flatMap((scope) => {
    const known = subjectsByStream(scope.tenant);
    return scope.consumer.streams.map((stream, index) => ({
      ...scope,
      path: [...scope.path, "streams", index],
      index,
      stream,
      spec: scope.tenant.streams[stream],
      limits: limitsOf(scope.tenant, stream),
      subjects: known.get(stream),
    }));
  });

/** Durables of one work queue, each with those declared before it. */
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

const filters = (context: ValidationContext) =>
  consumers(context).flatMap((scope) => {
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

const users = (context: ValidationContext): UserScope[] =>
  tenants(context).flatMap(({ path, key, tenant }) =>
    Object.entries(tenant.users).map(([name, user]) => ({ path: [...path, "users", name], key, tenant, name, user })),
  );

/** Every login of the servers, in their order, with the one before it that is spelt the same. */
const logins = (context: ValidationContext) =>
  [
    {
      path: ["accounts", systemAccount.name],
      account: systemAccount.name as string,
      user: systemAccount.user as string,
    },
    ...tenants(context).flatMap(({ path, tenant }) =>
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
      .find(
        ({ account, user }) =>
          account !== scope.account && loginOf(account, user) === loginOf(scope.account, scope.user),
      ),
  }));

const consumed = (context: ValidationContext) =>
  users(context).flatMap((scope) =>
    (scope.user.consumes ?? []).map((durable, index) => ({
      ...scope,
      path: [...scope.path, "consumes", index],
      durable,
    })),
  );

/** Subjects that users name, by the field they stand in. */
const userSubjects = (fields: readonly ("publishes" | "subscribes" | "requests")[]) => (context: ValidationContext) =>
  users(context).flatMap((scope) =>
    fields.flatMap((field) =>
      (scope.user[field] ?? []).map((subject, index) => ({ ...scope, path: [...scope.path, field, index], subject })),
    ),
  );

const explicitlyAllowed = (context: ValidationContext) =>
  users(context).flatMap((scope) =>
    (["publish", "subscribe"] as const).flatMap((field) =>
      (scope.user.allow?.[field] ?? []).map((subject, index) => ({
        ...scope,
        path: [...scope.path, "allow", field, index],
        subject,
      })),
    ),
  );

/** What one server of a region has to reserve, by kind of storage. */
const reservations = (context: ValidationContext) => {
  const streams = withRoomForFailover(assetsOf(context.environment, context.tenants).streams);
  return context.environment.regions.flatMap((region) =>
    (["file", "memory"] as const).map((storage) => ({
      path: ["environments", context.name, "storage", storage],
      region,
      storage,
      bytes: perServer(streams, region, storage, context.environment.servers),
    })),
  );
};

// --- helpers of the rows ---------------------------------------------------------------------------------------------

const isWild = (subject: string): boolean => /^[*>]/.test(subject);

const durablesOf = ({ consumers }: TenantSpec, stream: string): string[] =>
  Object.entries(consumers).flatMap(([name, { streams }]) => (streams.includes(stream) ? [name] : []));

/** What a stream or mirror of a tenant asks of its durables. */
const limitsOf = (
  { streams }: TenantSpec,
  name: string,
): Pick<StreamSpec, "replicas" | "retention" | "consumerLimits"> | undefined =>
  streams[name] ??
  Object.entries(streams).flatMap(([origin, { mirrors = {}, replicas }]) =>
    Object.keys(mirrors).some((region) => mirrorName(origin, region) === name)
      ? [{ replicas, retention: "limits" as const }]
      : [],
  )[0];

/** Whether what is in one stream comes from the other, over any number of copies. */
function reaches(origins: Map<string, Origin[]>, from: string, to: string, seen = new Set<string>()): boolean {
  if (seen.has(from)) return false;
  seen.add(from);
  return (origins.get(from) ?? []).some(({ name, returns }) =>
    name === to ? returns : reaches(origins, name, to, seen),
  );
}

const mayReceive = ({ consumes = [], subscribes = [], allow }: UserSpec, durable: string, subject: string): boolean =>
  consumes.includes(durable) ||
  [...subscribes, ...(allow?.subscribe ?? [])].some((allowed) => covers(allowed, subject));

/** Messages that the server lets a durable have unacknowledged if it does not say. */
const defaultAckPending = 1000;

const collide = (a: ConsumerSpec, b: ConsumerSpec): boolean =>
  (a.filterSubjects ?? [">"]).some((left) => (b.filterSubjects ?? [">"]).some((right) => overlaps(left, right)));

const regionsOfTenantStacks = ({ environment }: ValidationContext, tenant: string): string[] =>
  Object.entries(environment.jetstream).flatMap(([stack, names]) =>
    names.filter((name) => name === tenant).map(() => stack),
  );

function perServer(streams: StreamAsset[], region: string, storage: string, servers: number): number {
  const all = streams.filter((stream) => stream.region === region && stream.spec.storage === storage);
  return all.reduce((sum, { spec }) => sum + toBytes(spec.maxBytes) * spec.replicas, 0) / servers;
}

/** Also what somebody sees who takes a region out before its streams. */
const notARegion = (name: string, { regions }: Environment): string =>
  `${text(name)} is no region of the environment; ${suggestKnown(name, regions)}. If it is to leave: streams and mirrors go first, while it is in regions (docs/runbooks/remove-a-region.md)`;

const storageErrors = { file: 10047, memory: 10028 } as const;
const lastPort = 65535;
const portsOfRegion = 20;

// --- the rules -------------------------------------------------------------------------------------------------------

const environmentRules: Rule[] = [
  rule({
    each: theEnvironment,
    at: ["regions"],
    when: ({ regions }) => new Set(regions).size < regions.length,
    message: ({ regions }) =>
      `${list(regions.filter((region, index) => regions.indexOf(region) < index))} is listed twice; a region is one cluster`,
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
    message: ({ lameDuck }) =>
      `${text(lameDuck.gracePeriod)} is not shorter than lameDuck.duration (${lameDuck.duration}); servers refuse to start`,
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
    when: (environment) =>
      environment.target === "local" &&
      environment.basePort + environment.regions.length * portsOfRegion - 1 > lastPort,
    message: ({ regions }) =>
      `${regions.length} regions of ${portsOfRegion} ports end above ${lastPort}; write ${lastPort + 1 - regions.length * portsOfRegion} or less`,
  }),
  rule({
    each: theAuthorities,
    at: ["signing"],
    when: ({ authority: { trusted, signing } }) => !trusted.includes(signing),
    message: ({ authority: { trusted, signing } }) =>
      `nobody would accept what generation ${signing} signs; write one of trusted (${trusted.join(", ")}), or add it there first`,
  }),
  rule({
    each: theAuthorities,
    at: ["trusted"],
    when: ({ authority: { trusted } }) => new Set(trusted).size < trusted.length,
    message: ({ authority: { trusted } }) => `${trusted.join(", ")} has a generation twice; write each once`,
  }),
  rule({
    each: regionsOnKubernetes,
    when: ({ cluster, awsCluster }) => !cluster && !awsCluster,
    message: ({ region }) => `no cluster is named for ${region}; write { context: "<of your kubeconfig>" }`,
  }),
  rule({
    each: regionsOnKubernetes,
    when: ({ cluster, awsCluster, access }) => access === "portForward" && awsCluster !== undefined && !cluster,
    message: () =>
      'kubernetes.access "portForward" goes by a kubeconfig\'s context; write { context: ... } instead of aws.regions.<region>.cluster, or access: "loadBalancer"',
  }),
  rule({
    each: onKubernetes,
    at: ["storage", "file"],
    when: ({ storage, kubernetes }) => toBytes(storage.file) > toBytes(kubernetes.volume.size) * usableOfVolume,
    message: ({ storage, kubernetes }) =>
      `${text(storage.file)} does not fit into kubernetes.volume.size ${text(kubernetes.volume.size)}: a formatted disk has a twentieth less, and a full one stops the server; write at most ${Math.floor((toBytes(kubernetes.volume.size) * usableOfVolume) / 1024 ** 2)}MiB`,
  }),
  rule({
    each: onKubernetes,
    at: ["storage", "memory"],
    when: ({ storage, kubernetes }) =>
      toBytes(storage.memory) + toBytes(memoryOfServer) > toBytes(kubernetes.resources.memory),
    message: ({ storage, kubernetes }) =>
      `${text(storage.memory)} and ${memoryOfServer} for the server itself are more than kubernetes.resources.memory ${text(kubernetes.resources.memory)}; raise that, or write less`,
  }),
  rule({
    each: onKubernetes,
    at: ["regions"],
    when: ({ regions, kubernetes }) => regions.length > 1 && sharesNamespace(regions, kubernetes),
    message: ({ kubernetes }) =>
      `two of them are in the same cluster, and in the same namespace ${text(kubernetes.namespace)}; write kubernetes.namespace: "nats-<region>"`,
  }),
  rule({
    each: onKubernetes,
    at: ["kubernetes", "loadBalancers", "dns"],
    when: ({ kubernetes, regions, aws }) =>
      kubernetes.loadBalancers.dns === "route53" && regions.some((region) => !aws?.regions[region]?.hostedZone),
    message: ({ regions, aws }) =>
      `"route53" needs aws.regions.<region>.hostedZone of every region; missing: ${list(regions.filter((region) => !aws?.regions[region]?.hostedZone))}`,
  }),
  rule({
    each: onKubernetes,
    at: ["kubernetes", "volume", "storageClass"],
    when: ({ kubernetes, aws }) =>
      typeof kubernetes.volume.storageClass === "string" &&
      Object.values(aws?.regions ?? {}).some(({ cluster }) => cluster?.create),
    message: ({ kubernetes }) =>
      `${text(kubernetes.volume.storageClass)} is not there in a cluster that is made (aws.regions.<region>.cluster.create); write {} to make a class too`,
  }),
  rule({
    each: awsRegions,
    when: ({ region }, { environment }) => !environment.regions.includes(region),
    message: ({ region }, { environment }) =>
      `${text(region)} is no region of the environment; ${suggestKnown(region, environment.regions)}`,
  }),
  rule({
    each: awsRegions,
    at: ["cluster"],
    when: ({ region, settings, kubernetes }) =>
      settings.cluster !== undefined && kubernetes.clusters[region] !== undefined,
    message: ({ region }) => `kubernetes.clusters.${region} names a cluster for it too; take one of them out`,
  }),
  rule({
    each: awsRegions,
    at: ["hostedZone"],
    when: ({ settings, kubernetes }) => settings.hostedZone !== undefined && kubernetes.loadBalancers.dns !== "route53",
    message: ({ settings, kubernetes }) =>
      `${text(settings.hostedZone)} is for kubernetes.loadBalancers.dns "route53", which is ${text(kubernetes.loadBalancers.dns)}; change that, or take this out`,
  }),
  rule({
    each: awsRegions,
    at: ["securityGroups"],
    when: ({ settings, kubernetes }) => settings.securityGroups && kubernetes.loadBalancers.sourceRanges.length === 0,
    message: () =>
      'let in kubernetes.loadBalancers.sourceRanges, and there are none; write who may connect, e.g. ["10.0.0.0/8"]',
  }),
  rule({
    each: awsRegions,
    at: ["securityGroups"],
    when: ({ settings }) => settings.securityGroups && !settings.cluster,
    message: () => "need the cluster's network, and no cluster of AWS is named; write cluster: { name: ... }",
  }),
  rule({
    each: newClusters,
    at: ["zones"],
    when: ({ settings, create }) => zonesOf(settings, create).some((zone) => !zone.startsWith(settings.region)),
    message: ({ settings, create }) =>
      `${list(zonesOf(settings, create).filter((zone) => !zone.startsWith(settings.region)))} is no zone of ${settings.region}`,
  }),
  rule({
    each: newClusters,
    at: ["nodes", "perZone"],
    when: ({ create, servers }) => create.nodes.perZone * 3 < servers,
    message: ({ create, servers }) =>
      `${create.nodes.perZone} in each of three zones are fewer hosts than the ${servers} servers; write ${Math.ceil(servers / 3)}`,
  }),
  rule({
    each: newClusters,
    at: ["cidr"],
    when: ({ twin }) => twin !== undefined,
    message: ({ create, twin }) =>
      `${text(create.cidr)} is the network of ${twin} too, and equal ones can never be joined; write another`,
  }),
  rule({
    each: assignments,
    when: ({ tenant }, { declared }) => !declared.tenants.includes(tenant),
    message: ({ tenant }, { declared }) => `${text(tenant)} is no tenant; ${suggestKnown(tenant, declared.tenants)}`,
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
    at: ["allowDataLoss"],
    when: ({ tenant }) => tenant.allowDataLoss !== undefined && !isLeaving(tenant),
    message: () => 'is for a tenant that is leaving; write state: "leaving" too, or leave it out',
  }),
  rule({
    each: tenants,
    when: ({ key }, context) => regionsOfTenantStacks(context, key).length === 0,
    message: ({ key }, { name, environment }) =>
      `is in no jetstream stack; add it to one of environments.${name}.jetstream (${list(Object.keys(environment.jetstream))}), or nobody reconciles ${key}`,
  }),
  rule({
    each: tenants,
    when: ({ key }, context) => regionsOfTenantStacks(context, key).length > 1,
    message: ({ key }, context) =>
      `is in more than one place of environments.${context.name}.jetstream (${list(regionsOfTenantStacks(context, key))}); two stacks would undo each other's work`,
  }),
  rule({
    each: tenants,
    at: ["home"],
    when: ({ tenant }, { environment }) => !environment.regions.includes(tenant.home),
    message: ({ tenant }, { environment }) => notARegion(tenant.home, environment),
  }),
];

const streamRules: Rule[] = [
  ...onEach(rulesOfOneStream, streamArguments),
  rule({
    each: streams,
    when: ({ name }) => name === canary.stream,
    message: () => `"${canary.stream}" is the name of every account's own proof stream; name it otherwise`,
  }),
  rule({
    each: streams,
    at: ["home"],
    when: ({ stream }, { environment }) => stream.home !== undefined && !environment.regions.includes(stream.home),
    message: ({ home }, { environment }) => notARegion(home, environment),
  }),
  rule({
    each: streams,
    at: ["subjects"],
    when: ({ stream }) => stream.subjects.length === 0 && !stream.sources,
    message: ({ name }) =>
      `are none, and sources neither: JetStream would take "${name}" for its subject; write e.g. [${text(`${name.toLowerCase()}.>`)}]`,
  }),
  rule({
    each: limits,
    at: ["maxBytes"],
    when: ({ maxBytes, storage }, { environment }) => toBytes(maxBytes) > toBytes(environment.storage[storage]),
    message: ({ maxBytes, storage }, { environment }) =>
      `${text(maxBytes)} is more than a server has (${environment.storage[storage]} of ${storage}) (${storageErrors[storage]})`,
  }),
  rule({
    each: streams,
    at: ["replicas"],
    when: ({ stream }, { environment }) => environment.target === "kubernetes" && stream.replicas > environment.servers,
    message: ({ stream }, { environment }) =>
      `${stream.replicas} are more than a region's ${environment.servers} servers (10005): replicas never span regions; write ${environment.servers}, or raise servers`,
  }),
  rule({
    each: streams,
    at: ["replicas"],
    when: ({ stream }, { environment }) =>
      environment.target === "kubernetes" && stream.storage === "memory" && stream.replicas === 1,
    message: () => `1 in memory is lost with every restart of its server; write 3, or storage: "file"`,
  }),
  rule({
    each: streams,
    at: ["retention"],
    when: ({ key, name, stream, tenant }, { declared }) =>
      stream.retention === "interest" &&
      // Of a durable with mistakes of its own nobody knows what it reads.
      declared
        .consumers(key)
        .every((consumer) => tenant.consumers[consumer] && !tenant.consumers[consumer].streams.includes(name)),
    message: ({ name }) =>
      `"interest" keeps what durables wait for, and ${name} has none: it would drop every message; declare one, or write "limits"`,
  }),
  rule({
    each: streams,
    at: ["maxConsumers"],
    when: ({ name, stream, tenant }) => durablesOf(tenant, name).length > (stream.maxConsumers ?? Infinity),
    message: ({ name, stream, tenant }) =>
      `${stream.maxConsumers} are less than its durables ${list(durablesOf(tenant, name))} (10026); write ${durablesOf(tenant, name).length} or more`,
  }),
  rule({
    each: sources,
    when: ({ key, origin, subjects }, { declared }) => !subjects && !declared.streams(key).includes(origin.name),
    message: ({ key, origin }, { declared }) =>
      `${text(origin.name)} is no stream of ${key}; ${suggestKnown(origin.name, declared.streams(key))}`,
  }),
  rule({
    each: sources,
    at: ["filterSubject"],
    when: ({ origin, subjects }) =>
      origin.filterSubject !== undefined &&
      subjects !== undefined &&
      !subjects.some((subject) => overlaps(origin.filterSubject!, subject)),
    message: ({ origin, subjects }) =>
      `${text(origin.filterSubject)} matches nothing of ${origin.name}; write one of ${list(subjects!)}, or leave it out`,
  }),
  rule({
    each: sources,
    when: ({ name, origin, origins }) => origin.name !== name && reaches(origins, origin.name, name),
    message: ({ name, origin }) =>
      `${origin.name} copies ${name} in its turn, so messages would go round (10052); leave one of the two out`,
  }),
  rule({
    each: subjectsAfter,
    when: ({ earlier }) => earlier !== undefined,
    message: ({ subject, earlier }) =>
      `${text(subject)} overlaps ${text(earlier!.subject)} of stream ${earlier!.name} (10065); a subject belongs to one stream of its account`,
  }),
];

const mirrorRules: Rule[] = [
  rule({
    each: mirrors,
    when: ({ region }, { environment }) => !environment.regions.includes(region),
    message: ({ region }, { environment }) => notARegion(region, environment),
  }),
  rule({
    each: mirrors,
    when: ({ region, home }) => region === home,
    message: ({ home, name }) => `${name} is at home in ${home} itself; a mirror is a copy in another region`,
  }),
  rule({
    each: mirrors,
    when: ({ stream }) => stream.retention === "workqueue",
    message: ({ name }) =>
      `a mirror takes messages out of a work queue as its workers do; ${name} would be emptied. Leave it out`,
  }),
  rule({
    each: mirrors,
    when: ({ stream }) => stream.retention === "interest",
    message: ({ name }) =>
      `a mirror is interest: ${name} would keep every message until it is copied; make it retention "limits", or leave the mirror out`,
  }),
  rule({
    each: mirrors,
    when: ({ mirror, tenant }) => mirror in tenant.streams,
    message: ({ mirror }) => `the mirror's name is ${mirror}, which is a stream already (10058); rename that one`,
  }),
  rule({
    each: mirrors,
    when: (scope, context) =>
      mirrors(context).some(
        ({ key, mirror, name }) => key === scope.key && mirror === scope.mirror && name < scope.name,
      ),
    message: ({ mirror }) => `another stream's mirror is called ${mirror} too (10058); rename one of the two streams`,
  }),
];

const consumerRules: Rule[] = [
  ...onEach(rulesOfOneConsumer, consumerArguments),
  rule({
    each: consumers,
    when: ({ name }) => name === canary.durable,
    message: () => `"${canary.durable}" is the name of every account's own proof durable; name it otherwise`,
  }),
  rule({
    each: durables,
    when: ({ key, stream, subjects }, { declared }) => !subjects && !declared.streams(key).includes(stream),
    message: ({ key, stream }, { declared }) =>
      `${text(stream)} is no stream of ${key}; ${suggestKnown(stream, declared.streams(key))}`,
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
      !!subjects &&
      consumer.streams.length > 1 &&
      !!consumer.filterSubjects &&
      !consumer.filterSubjects.some((filter) => subjects.some((subject) => overlaps(filter, subject))),
    message: ({ consumer, stream, subjects }) =>
      `none of the filters (${list(consumer.filterSubjects!)}) is about ${stream} (${list(subjects!)}): it would deliver nothing; add one, or leave the stream out`,
  }),
  rule({
    each: filters,
    when: ({ filter, streams }) =>
      streams.every((subjects) => subjects !== undefined) &&
      !streams.some((subjects) => subjects.some((subject) => overlaps(filter, subject))),
    message: ({ filter, consumer }) =>
      `${text(filter)} matches nothing of ${list(consumer.streams)}; leave it out, or name the stream that holds it`,
  }),
  rule({
    each: durables,
    when: ({ consumer, limits }) => (consumer.replicas ?? 0) > (limits?.replicas ?? Infinity),
    message: ({ consumer, stream, limits }) =>
      `${stream} has ${limits!.replicas} replicas, this durable asks for ${consumer.replicas} (10126); write ${limits!.replicas} or less, or leave replicas out`,
  }),
  rule({
    each: durables,
    when: ({ consumer, limits }) =>
      limits !== undefined && limits.retention !== "limits" && (consumer.replicas ?? limits.replicas) < limits.replicas,
    message: ({ consumer, stream, limits }) =>
      `${stream} has ${limits!.replicas} replicas and retention ${text(limits!.retention)}: its durables need as many, not ${consumer.replicas} (10134); leave replicas out`,
  }),
  rule({
    each: durables,
    when: ({ consumer, limits }) =>
      (consumer.maxAckPending ?? defaultAckPending) > (limits?.consumerLimits?.maxAckPending ?? Infinity) &&
      consumer.ackPolicy !== "none",
    message: ({ consumer, stream, limits }) =>
      `${stream} lets durables have maxAckPending ${limits!.consumerLimits!.maxAckPending}, this one has ${consumer.maxAckPending ?? `the default, ${defaultAckPending}`} (10121); write ${limits!.consumerLimits!.maxAckPending} or less`,
  }),
  rule({
    each: durables,
    when: ({ consumer, limits }) =>
      limits?.consumerLimits?.inactiveThreshold !== undefined &&
      (consumer.inactiveThreshold === undefined ||
        toMilliseconds(consumer.inactiveThreshold) > toMilliseconds(limits.consumerLimits.inactiveThreshold)),
    message: ({ consumer, stream, limits }) =>
      `${stream} lets durables be unused for ${limits!.consumerLimits!.inactiveThreshold}, this one ${consumer.inactiveThreshold ? `for ${consumer.inactiveThreshold} (10153)` : "says nothing (10157)"}; write inactiveThreshold: ${text(limits!.consumerLimits!.inactiveThreshold)} or less`,
  }),
  rule({
    each: queueDurables,
    when: ({ consumer }) => consumer.ackPolicy !== "explicit" && consumer.ackPolicy !== "flow_control",
    message: ({ stream, consumer }) =>
      `${stream} is a work queue and takes only ackPolicy "explicit", not ${text(consumer.ackPolicy)} (10098, 10084)`,
  }),
  rule({
    each: queueDurables,
    when: ({ consumer }) => consumer.deliverPolicy !== "all",
    message: ({ stream, consumer }) =>
      `${stream} is a work queue and takes only deliverPolicy "all", not ${text(consumer.deliverPolicy)} (10101)`,
  }),
  rule({
    each: queueDurables,
    when: ({ rival }) => rival !== undefined,
    message: ({ stream, rival }) =>
      `${stream} is a work queue and ${rival!.name} takes the same messages (10099, 10100); give both filters that don't overlap`,
  }),
  rule({
    each: pushConsumers,
    at: ["deliverSubject"],
    when: ({ consumer, tenant }) =>
      consumer.streams.some((name) =>
        tenant.streams[name]?.subjects.some((subject) => overlaps(subject, consumer.deliverSubject)),
      ),
    message: ({ consumer }) =>
      `${text(consumer.deliverSubject)} is a subject of its own stream, which would store what it delivers (10081); deliver to another`,
  }),
  rule({
    each: pushConsumers,
    at: ["deliverSubject"],
    when: ({ key, name, consumer, tenant }, { declared }) =>
      declared
        .users(key)
        .every((user) => tenant.users[user] && !mayReceive(tenant.users[user], name, consumer.deliverSubject)),
    message: ({ name, consumer }) =>
      `no user may subscribe to ${text(consumer.deliverSubject)}: nobody would get a message; name ${name} in a user's "consumes"`,
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
    message: ({ key, durable }, { declared }) =>
      `${text(durable)} is no durable of ${key}; ${suggestKnown(durable, declared.consumers(key))}`,
  }),
  rule({
    each: userSubjects(["publishes", "subscribes", "requests"]),
    when: ({ subject }) => /^(\$JS|\$JSC|\$NRG|\$SYS|_INBOX)/.test(subject),
    message: ({ subject }) =>
      `${text(subject)} is derived, never declared; name the durable in "consumes", or the exact subject in "allow"`,
  }),
  rule({
    each: (context) => [
      ...userSubjects(["publishes", "subscribes", "requests"])(context),
      ...explicitlyAllowed(context),
    ],
    when: ({ subject }) => isWild(subject) || covers(subject, "$JS.API.>") || covers(subject, "$SYS.>"),
    message: ({ subject }) =>
      `${text(subject)} takes in JetStream's whole API or everybody's inboxes; name what is needed`,
  }),
  rule({
    each: userSubjects(["requests"]),
    when: ({ subject, tenant }) =>
      Object.values(tenant.streams).some(({ subjects }) => subjects.some((other) => overlaps(subject, other))),
    message: ({ subject }) =>
      `${text(subject)} is stored by a stream, whose acknowledgement would be the first answer; ask on another subject, or use "publishes"`,
  }),
];

/** Bytes for a person: exact where a unit fits, rounded up to MiB elsewhere. */
function readable(bytes: number): string {
  return fromBytes(Math.ceil(bytes / toBytes("1MiB")) * toBytes("1MiB"));
}

/** All rules, in the order their problems are told. */
export const rules: readonly Rule[] = [
  ...environmentRules,
  ...tenantRules,
  ...streamRules,
  ...mirrorRules,
  ...consumerRules,
  ...userRules,
];

/** Every problem of a context. */
export const problemsOf = (context: ValidationContext): Problem[] => rules.flatMap((each) => each(context));

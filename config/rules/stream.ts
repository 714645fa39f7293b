import { plural } from "../plural";
import { subjectsByStream } from "../assets/assets";
import { copying } from "../assets/copies";
import { destinationSubject, isRenamedAway } from "../subject-transform";
import { failoverToken } from "../../workers/messaging/contract";
import { canary, mirrorName } from "../assets/standard";
import { withStandardParts } from "../assets/standard-parts";
import { unknownName } from "../problems";
import type { StreamSpec, TenantSpec } from "../schema/tenant";
import { serversIn, storageIn } from "../sizes";
import { overlaps } from "../subjects";
import { toBytes, unlimited } from "../units";
import { streamArgumentRules } from "./arguments/stream";
import type { StreamArguments } from "./arguments/stream-rule";
import type { ValidationContext } from "./context";
import { insufficientStorage } from "./error-codes";
import { copyIsRefused, list, text, unknownRegion } from "./messages";
import { argumentRulesOnEach, type Rule, rule, type Scope } from "./rule";
import { mirrors, streams, tenants } from "./scopes";

/** Arguments of every stream and mirror, as they are declared. */
const streamArguments = (context: ValidationContext): (Scope & { args: StreamArguments })[] => [
  ...streams(context).map(({ path, tenant, name, stream }) => ({
    path,
    args: {
      ...{ ...stream, ...copying(stream, tenant.name), name },
      // A stream of a tenant always has a list; what a mirror has of its own in it is a rule of tenants.
      ...(stream.mirror && { subjects: stream.subjects.length ? stream.subjects : undefined }),
    },
  })),
  ...mirrors(context).map(({ path, name, mirror, limits }) => ({
    path,
    args: { ...limits, name: mirror, mirror: name },
  })),
];

/** Bytes of streams and of mirrors alike. */
const byteLimits = (context: ValidationContext) => [
  ...streams(context).map(({ path, stream, home }) => ({
    path,
    maxBytes: stream.maxBytes,
    storage: stream.storage,
    room: storageIn(context.environment, home)[stream.storage],
  })),
  ...mirrors(context).map(({ path, stream, region, limits }) => ({
    path,
    maxBytes: limits.maxBytes,
    storage: stream.storage,
    room: storageIn(context.environment, region)[stream.storage],
  })),
];

/** A stream that another one copies; `returns` if it would accept again what it takes back. */
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
          .filter(({ external, tenant }) => !external && tenant === undefined)
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

/** Whether what is in one stream comes from the other, over any number of copies. */
function reaches(origins: Map<string, Origin[]>, from: string, to: string, seen = new Set<string>()): boolean {
  if (seen.has(from)) return false;
  seen.add(from);
  return (origins.get(from) ?? []).some(({ name, returns }) =>
    name === to ? returns : reaches(origins, name, to, seen),
  );
}

type Source = Exclude<NonNullable<StreamSpec["sources"]>[number], string>;

/** What each stream collects from, or mirrors of another tenant. */
const everySource = (context: ValidationContext) =>
  streams(context).flatMap((scope) => [
    ...(scope.stream.mirror
      ? [{ ...scope, path: [...scope.path, "mirror"], origin: scope.stream.mirror as Source }]
      : []),
    ...(scope.stream.sources ?? []).map((source, index) => ({
      ...scope,
      path: [...scope.path, "sources", index],
      origin: typeof source === "string" ? { name: source } : source,
    })),
  ]);

/** What it collects, with the streams, and the subjects of these where they are known; of a domain nothing is. */
const sources = (context: ValidationContext) =>
  everySource(context)
    .filter(({ origin }) => !origin.external)
    .map((scope) => {
      const owner = scope.origin.tenant === undefined ? scope.tenant : context.tenants[scope.origin.tenant];
      return {
        ...scope,
        origins: originsByStream(scope.tenant),
        spec: owner?.streams[scope.origin.name],
        subjects: owner && subjectsByStream(owner).get(scope.origin.name),
      };
    });

/** Subjects of streams; those of the canary come first, so that the stream that overlaps them is the one reported. */
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

/** Every subject with the earlier one, of another stream of its account, that it overlaps. */
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

const durablesOf = ({ consumers }: TenantSpec, stream: string): string[] =>
  Object.entries(consumers).flatMap(([name, { streams }]) => (streams.includes(stream) ? [name] : []));

/**
 * Rules that relate a stream to its tenant and environment; those about its arguments alone are in arguments/stream.ts.
 */
export const streamRules: Rule[] = [
  ...argumentRulesOnEach(streamArgumentRules, streamArguments),
  rule({
    each: streams,
    when: ({ name }) => name === canary.stream,
    message: () => `"${canary.stream}" is the name of every account's own canary stream; rename this one`,
  }),
  rule({
    each: streams,
    at: ["home"],
    when: ({ stream }, { environment }) => stream.home !== undefined && !environment.regions.includes(stream.home),
    message: ({ home }, { environment }) => unknownRegion(home, environment),
  }),
  rule({
    each: streams,
    at: ["subjects"],
    when: ({ stream }) => stream.subjects.length === 0 && !stream.sources && !stream.mirror,
    message: ({ name }) =>
      `is empty: the stream has no subjects and no sources, so JetStream would take "${name}" as its subject; ` +
      `write e.g. [${text(`${name.toLowerCase()}.>`)}]`,
  }),
  rule({
    each: subjects,
    when: ({ subject }) => subject.split(".")[0] === failoverToken,
    message: ({ subject }) =>
      `${text(subject)} begins as the subjects of streams that failed over do; begin with another token than ` +
      text(failoverToken),
  }),
  rule({
    each: byteLimits,
    at: ["maxBytes"],
    when: ({ maxBytes, room }) => maxBytes !== unlimited && toBytes(maxBytes) > toBytes(room),
    message: ({ maxBytes, storage, room }) =>
      `${text(maxBytes)} is more than a server has (${room} of ${storage}) ` +
      `(${insufficientStorage[storage]}); write less, or raise the environment's storage.${storage}`,
  }),
  rule({
    each: streams,
    at: ["maxMsgSize"],
    when: ({ stream }, { environment }) =>
      stream.maxMsgSize !== undefined && toBytes(stream.maxMsgSize) > toBytes(environment.maxPayload),
    message: ({ stream }, { environment }) =>
      `${text(stream.maxMsgSize)} is more than servers accept of any message (maxPayload ${environment.maxPayload}); ` +
      `write ${text(environment.maxPayload)} or less, or raise maxPayload of the environment`,
  }),
  rule({
    each: streams,
    at: ["replicas"],
    when: ({ stream, home }, { environment }) =>
      environment.target === "kubernetes" && stream.replicas > serversIn(environment, home),
    message: ({ stream, home }, { environment }) =>
      `${stream.replicas} is more than the ${plural(serversIn(environment, home), "server")} of ${home} (10005), ` +
      `and replicas never span regions; write ${serversIn(environment, home)}, or raise servers`,
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
      // What a durable reads is unknown where it has mistakes of its own.
      declared
        .consumers(key)
        .every((consumer) => tenant.consumers[consumer] && !tenant.consumers[consumer].streams.includes(name)),
    message: ({ name }) =>
      `"interest" keeps only what durables wait for, and ${name} has none, so it would drop every message; ` +
      'declare one, or write "limits"',
  }),
  rule({
    each: streams,
    at: ["maxConsumers"],
    when: ({ name, stream, tenant }) => durablesOf(tenant, name).length > (stream.maxConsumers ?? Infinity),
    message: ({ name, stream, tenant }) =>
      `${stream.maxConsumers} is less than the number of its durables (${list(durablesOf(tenant, name))}) (10026); ` +
      `write ${durablesOf(tenant, name).length} or more`,
  }),
  rule({
    each: sources,
    when: ({ key, origin, subjects }, { declared }) =>
      origin.tenant === undefined && !subjects && !declared.streams(key).includes(origin.name),
    message: ({ key, origin }, { declared }) => unknownName(origin.name, `a stream of ${key}`, declared.streams(key)),
  }),
  rule({
    each: sources,
    at: ["filterSubject"],
    when: ({ origin, subjects }) =>
      origin.filterSubject !== undefined &&
      subjects !== undefined &&
      !subjects.some((subject) => overlaps(origin.filterSubject!, subject)),
    message: ({ origin, subjects }) =>
      `${text(origin.filterSubject)} matches no subject of ${origin.name}; ` +
      `write one of ${list(subjects!)}, or leave it out`,
  }),
  rule({
    each: sources,
    at: ["filterSubject"],
    when: ({ origin, spec }) =>
      spec !== undefined && origin.filterSubject !== undefined && isRenamedAway(spec, origin.filterSubject),
    message: ({ origin, spec }) =>
      `${text(origin.filterSubject)} is what ${origin.name} renames before it stores it (subjectTransform), ` +
      `so nothing would be collected; write ${text(destinationSubject(spec!.subjectTransform!.dest))}`,
  }),
  rule({
    each: sources,
    when: ({ stream, spec }) =>
      stream.maxMsgSize !== undefined &&
      spec?.maxMsgSize !== undefined &&
      toBytes(stream.maxMsgSize) < toBytes(spec.maxMsgSize),
    message: ({ stream, origin, spec }) =>
      `${text(origin.name)} holds messages of up to ${spec!.maxMsgSize}, more than this stream's maxMsgSize ` +
      `(${stream.maxMsgSize}) (10046); raise that, or lower the maxMsgSize of ${origin.name}`,
  }),
  rule({
    each: sources,
    when: ({ spec }) => spec?.consumerLimits?.maxAckPending !== undefined,
    message: ({ origin }) => copyIsRefused(origin.name),
  }),
  rule({
    each: everySource,
    at: ["external"],
    when: ({ origin }) => origin.external !== undefined,
    message: ({ origin }) =>
      `${text(origin.external!.api)} is not an API that this account imports, ` +
      "so the copy would wait for its origin without an error; " +
      "to copy a stream of another tenant, write its name as tenant (docs/sharing.md)",
  }),
  rule({
    each: sources,
    when: ({ name, origin, origins }) =>
      origin.tenant === undefined && origin.name !== name && reaches(origins, origin.name, name),
    message: ({ name, origin }) =>
      `${text(origin.name)} is itself copied from ${name}, so messages would loop (10052); remove one of the two`,
  }),
  rule({
    each: subjectsAfter,
    when: ({ earlier }) => earlier !== undefined,
    message: ({ subject, earlier }) =>
      `${text(subject)} overlaps ${text(earlier!.subject)} of stream ${earlier!.name} (10065), ` +
      "and a subject belongs to one stream of its account; narrow one of the two",
  }),
];

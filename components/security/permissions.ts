import { calloutSubject } from "../../workers/messaging/contract";
import type { ConsumerAsset } from "../../config/assets/asset";
import { type Mapped, withMapped } from "../../config/assets/mappings";
import type { Permissions } from "../../config/assets/region";
import { defaultExpires } from "../../config/assets/sharing";
import { withoutCovered } from "../../config/subjects";
import { toMilliseconds } from "../../config/units";
import { bucketKinds, keyValueStreamName, objectStoreStreamName } from "../../config/schema/bucket";
import type { BucketRight, UserSpec } from "../../config/schema/tenant";

/** Prefix of a user's answers; clients set it as `inboxPrefix`. */
export const inboxPrefixOf = (user: string): string => `_INBOX_${user}`;

interface Allowed {
  publish: string[];
  subscribe: string[];
}

/** Names of streams, by those of their mirrors. */
type Origins = ReadonlyMap<string, string>;

/**
 * What a user may do, from what it declares and the durables and mirrors of its own account. Nothing else.
 *
 * @param mapped what subjects of its account are mapped to, or would be by a failover
 * @param domain of JetStream, where leaf nodes may copy streams; undefined: servers listen for none
 */
export function permissionsOf(
  user: string,
  spec: UserSpec,
  consumers: readonly ConsumerAsset[],
  { origins = new Map(), mapped = [], domain }: { origins?: Origins; mapped?: readonly Mapped[]; domain?: string } = {},
): Permissions {
  const published = (subjects: readonly string[]) => withMapped(subjects, mapped);
  const copied = spec.copies && domain !== undefined ? copying(spec.copies, domain) : { publish: [], subscribe: [] };
  const durables = consumers.filter(({ name }) => spec.consumes?.includes(name)).map(consuming);
  const rules = permissions(
    {
      publish: published([
        ...(spec.publishes ?? []),
        ...(spec.requests ?? []),
        ...durables.flatMap(({ publish }) => publish),
        ...bucketRequests(spec, origins),
        ...copied.publish,
        ...(spec.allow?.publish ?? []),
      ]),
      subscribe: [
        `${inboxPrefixOf(user)}.>`,
        // Beside its own, so that no client that sets it is cut off where an inbox becomes shared.
        ...(spec.inbox === "shared" ? ["_INBOX.>"] : []),
        ...(spec.subscribes ?? []),
        ...(spec.responds ? responding(spec.responds) : []),
        ...durables.flatMap(({ subscribe }) => subscribe),
        ...copied.subscribe,
        ...(spec.allow?.subscribe ?? []),
      ],
    },
    { publish: published(spec.deny?.publish ?? []), subscribe: spec.deny?.subscribe ?? [] },
  );
  if (!spec.responds) return rules;
  return { ...rules, responses: { max: 1, expiresMs: toMilliseconds(spec.responds.expires ?? defaultExpires) } };
}

/**
 * What it takes to copy streams to a JetStream of another domain: its server makes a consumer of each, by the API's
 * subject with the domain, which servers check before they read it as their own. Answers to the server go to `$JSC.R`,
 * messages to the leaf's own inbox.
 */
const copying = (streams: readonly string[], domain: string): Allowed => ({
  publish: streams.flatMap((stream) => [
    `$JS.${domain}.API.CONSUMER.CREATE.${stream}`,
    `$JS.${domain}.API.CONSUMER.CREATE.${stream}.>`,
    `$JS.FC.${stream}.>`,
    `$JS.FC.*.*.${stream}.>`,
  ]),
  subscribe: streams.length > 0 ? ["$JSC.R.>"] : [],
});

/** What a service subscribes to: its endpoints, and requests to all services, to all of its name, and to itself. */
const responding = ({ service, endpoints }: NonNullable<UserSpec["responds"]>): string[] => [
  ...endpoints,
  ...["PING", "INFO", "STATS"].flatMap((verb) => {
    const request = `$SRV.${verb}`;
    return [request, `${request}.${service}`, `${request}.${service}.*`];
  }),
];

/**
 * What it takes to work on one durable. Acknowledgements and flow control have two forms:
 * `$JS.ACK.<domain>.<account>.S.C` is the newer.
 */
function consuming({ stream, name, spec }: ConsumerAsset): Allowed {
  const durable = `${stream}.${name}`;
  const answers = (kind: "ACK" | "FC") => [`$JS.${kind}.${durable}.>`, `$JS.${kind}.*.*.${durable}.>`];
  return {
    publish: [
      `$JS.API.CONSUMER.INFO.${durable}`,
      ...(spec.mode === "pull" ? [`$JS.API.CONSUMER.MSG.NEXT.${durable}`] : []),
      ...(spec.ackPolicy === "none" ? [] : answers("ACK")),
      // The server asks on the deliver subject, the client answers by publishing: no subscription on $JS.FC is needed.
      ...(spec.mode === "push" && spec.flowControl ? answers("FC") : []),
    ],
    subscribe: spec.mode === "push" ? [spec.deliverSubject] : [],
  };
}

/**
 * What it takes to use buckets, by the rights declared: the requests of the clients' own libraries. A watcher reads by
 * a consumer of its own, which it creates and deletes; its name cannot be known, so it may delete others' too. What
 * lists does the same: servers cannot tell the two apart.
 */
function bucketRequests({ keyValues = {}, objectStores = {} }: UserSpec, origins: Origins): string[] {
  const watching = (stream: string, entries: string) => [
    ...["CREATE", "INFO", "DELETE"].map((verb) => api(`CONSUMER.${verb}.${stream}.*`)),
    // Without a name where the client leaves it to the server; with the filter at the end where there is one.
    api(`CONSUMER.CREATE.${stream}`),
    api(`CONSUMER.CREATE.${stream}.*.${entries}`),
    `$JS.FC.${stream}.>`,
    `$JS.FC.*.*.${stream}.>`,
  ];
  const reading = (stream: string) => [
    api(`STREAM.MSG.GET.${stream}`),
    api(`DIRECT.GET.${stream}`),
    api(`DIRECT.GET.${stream}.>`),
  ];
  const purging = (stream: string) => [api(`STREAM.PURGE.${stream}`)];
  const keyValue = (bucket: string): Record<BucketRight, string[]> => {
    const stream = keyValueStreamName(bucket);
    // A mirror's entries have the subjects of its origin.
    const entries = `$KV.${(origins.get(stream) ?? stream).slice(bucketKinds.keyValues.prefix.length)}.>`;
    const watch = watching(stream, entries);
    return {
      get: reading(stream),
      put: [entries],
      watch,
      list: watch,
      // It looks for what is old by watching.
      purge: [...watch, ...purging(stream)],
    };
  };
  const objectStore = (bucket: string): Record<BucketRight, string[]> => {
    const stream = objectStoreStreamName(bucket);
    const watch = [...watching(stream, `$O.${bucket}.M.>`), api(`STREAM.MSG.GET.${stream}`)];
    return {
      // An object is read chunk by chunk, as a consumer does.
      get: [...reading(stream), ...watching(stream, `$O.${bucket}.C.*`)],
      // What replaces or deletes an object looks it up, and removes its chunks.
      put: [`$O.${bucket}.>`, ...reading(stream), ...purging(stream)],
      watch,
      list: watch,
      purge: [`$O.${bucket}.M.>`, ...reading(stream), ...purging(stream)],
    };
  };
  const requests = (
    granted: NonNullable<UserSpec["keyValues"]>,
    streamName: (bucket: string) => string,
    requestsOf: (bucket: string) => Record<BucketRight, string[]>,
  ) =>
    Object.entries(granted).flatMap(([bucket, rights]) => [
      api(`STREAM.INFO.${streamName(bucket)}`),
      ...[rights].flat().flatMap((right) => requestsOf(bucket)[right]),
    ]);
  return [
    ...requests(keyValues, keyValueStreamName, keyValue),
    // Clients look whether the account has JetStream before they open a store.
    ...(Object.keys(objectStores).length ? [api("INFO")] : []),
    ...requests(objectStores, objectStoreStreamName, objectStore),
  ];
}

/**
 * An account's administrator: makes, changes, reads about, copies and deletes streams and consumers. A user that may
 * create a consumer can read every message anyway. MSG.GET counts what a shorter age would cost; not PURGE and
 * MSG.DELETE: no change of a specification needs them. Advisories show which requests really changed something.
 */
export function provisionerPermissions(user: string): Permissions {
  return permissions({
    publish: [
      "$JS.API.INFO",
      ...["STREAM.CREATE.*", "STREAM.UPDATE.*", "STREAM.DELETE.*", "STREAM.INFO.*", "STREAM.LIST", "STREAM.NAMES"].map(
        api,
      ),
      // The first form ends with the consumer's name or with its filter, which has any number of tokens.
      ...["CONSUMER.CREATE.>", "CONSUMER.DURABLE.CREATE.*.*", "CONSUMER.DELETE.*.*", "CONSUMER.INFO.*.*"].map(api),
      ...["CONSUMER.LIST.*", "CONSUMER.NAMES.*", "CONSUMER.PAUSE.*.*", "CONSUMER.RESET.*.*"].map(api),
      ...["STREAM.MSG.GET.*", "STREAM.SNAPSHOT.*", "STREAM.RESTORE.*"].map(api),
      "$JS.SNAPSHOT.ACK.>",
      "$JS.SNAPSHOT.RESTORE.>",
    ],
    subscribe: [`${inboxPrefixOf(user)}.>`, "$JS.EVENT.ADVISORY.>"],
  });
}

/**
 * The operator in the system account: asks every server, moves meta leaders and peers. `nats server check connection`
 * writes to its own inbox.
 */
export function adminPermissions(user: string): Permissions {
  const inbox = `${inboxPrefixOf(user)}.>`;
  return permissions({ publish: ["$SYS.>", "$JS.API.>", inbox], subscribe: [inbox, "$SYS.>", "$JS.EVENT.>"] });
}

/** Copies every stream of its account, and can change nothing; it reads every message, as a backup must. */
export const backupPermissions = (user: string): Permissions =>
  permissions({
    publish: [api("STREAM.LIST"), api("STREAM.SNAPSHOT.*"), "$JS.SNAPSHOT.ACK.>"],
    subscribe: [`${inboxPrefixOf(user)}.>`],
  });

/**
 * The probe in the system account: asks servers how they are and what their accounts map and how many clients these
 * have, and hears of elections. It can change nothing.
 */
export const probePermissions = (user: string): Permissions =>
  permissions({
    publish: ["VARZ", "JSZ", "ACCOUNTZ"].map((what) => `$SYS.REQ.SERVER.PING.${what}`),
    subscribe: [
      `${inboxPrefixOf(user)}.>`,
      "$JS.EVENT.ADVISORY.DOMAIN.LEADER_ELECTED",
      ...["STREAM", "CONSUMER"].flatMap((what) =>
        ["LEADER_ELECTED", "QUORUM_LOST"].map((event) => `$JS.EVENT.ADVISORY.${what}.${event}.>`),
      ),
    ],
  });

/** The auth callout's service: hears what servers ask, and answers each question once. */
export const calloutPermissions = (user: string): Permissions => ({
  ...permissions({ publish: [], subscribe: [`${inboxPrefixOf(user)}.>`, calloutSubject] }),
  responses: { max: 1, expiresMs: 10_000 },
});

const api = (request: string): string => `$JS.API.${request}`;

function permissions(allow: Allowed, deny: Allowed = { publish: [], subscribe: [] }): Permissions {
  const rules = (kind: keyof Allowed) => {
    const allowed = withoutCovered(allow[kind]);
    // To the server an empty allow list means everything.
    return { allow: allowed, deny: allowed.length ? withoutCovered(deny[kind]) : [">"] };
  };
  return { publish: rules("publish"), subscribe: rules("subscribe") };
}

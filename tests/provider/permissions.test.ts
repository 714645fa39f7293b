import assert from "node:assert/strict";
import {
  jetstream as jetstreamOf,
  jetstreamManager as jetstreamManagerOf,
  type JetStreamOptions,
} from "@nats-io/jetstream";
import { type KV, Kvm } from "@nats-io/kv";
import { Objm } from "@nats-io/obj";
import { Svcm } from "@nats-io/services";
import { createInbox, type NatsConnection, PermissionViolationError, RequestError } from "@nats-io/transport-node";
import { accountsOf } from "../../components/security/accounts";
import type { ConsumerAsset } from "../../config/assets/asset";
import { assetsOf } from "../../config/assets/assets";
import { withBuckets } from "../../config/assets/buckets";
import { deadLetterNames } from "../../workers/messaging/contract";
import { provisioner, systemAccount } from "../../config/assets/standard";
import { withStandardParts } from "../../config/assets/standard-parts";
import { validateTenants } from "../../config/rules/validate";
import { pollUntil } from "../../config/poll-until";
import { snapshotUntil } from "../../operations/supercluster/snapshot";
import { covers } from "../../config/subjects";
import type { TenantSpec } from "../../config/schema/tenant";
import { bucketPlansOf, proveBucket } from "../../operations/verify/buckets";
import type { Connections } from "../../operations/verify/connections";
import { copyPlansOf, proveCopy } from "../../operations/verify/copies";
import { buckets as bucketsExample } from "../../docs/examples/tenants/buckets";
import { store } from "../../docs/examples/tenants/canary-release";
import { post, warehouse } from "../../docs/examples/tenants/copies";
import { billing, shop } from "../../docs/examples/tenants/sharing";
import { tenants as systems } from "../../tenants";
import { accountsText, ask, createAssets, createStream, localEnvironment } from "../support/accounts";
import { requestMs, serversMs, waitMs } from "../support/limits";
import { requestUntilHeard } from "../support/messages";
import { startSupercluster, type Supercluster } from "../support/nats";

const jetstream = (nc: NatsConnection, options: JetStreamOptions = {}) =>
  jetstreamOf(nc, { timeout: requestMs, ...options });
const jetstreamManager = (nc: NatsConnection, options: JetStreamOptions) =>
  jetstreamManagerOf(nc, { timeout: requestMs, ...options });

const inHome = {
  retention: "limits",
  storage: "memory",
  replicas: 1,
  maxAge: "unlimited",
  maxBytes: "1MiB",
  discard: "new",
} as const;

/** Users with rights on buckets, and one with a wildcard in front. */
const buckets: TenantSpec = {
  ...bucketsExample,
  users: { ...bucketsExample.users, device: { publishes: ["*.telemetry.up"], subscribes: ["*.telemetry.down"] } },
};

/** A service and who asks it, and a work queue with dead letters. */
const services: TenantSpec = {
  name: "services",
  home: "iad",
  streams: { JOBS: { ...inHome, subjects: ["jobs"], retention: "workqueue" } },
  consumers: {
    worker: {
      mode: "pull",
      streams: ["JOBS"],
      ackPolicy: "explicit",
      deliverPolicy: "all",
      ackWait: "5s",
      attempts: 2,
    },
  },
  users: {
    pricer: { responds: { service: "prices", endpoints: ["prices.get"], expires: "5s" } },
    asker: { publishes: ["jobs"], requests: ["prices.get", "$SRV.PING.prices"] },
    worker: { consumes: ["worker"] },
  },
  deadLetters: { maxBytes: "1MiB" },
};

/** Imports what every tenant may, and has a user that may do what its account cannot. */
const press: TenantSpec = {
  name: "press",
  home: "iad",
  streams: {},
  consumers: {},
  users: {
    editor: {
      subscribes: ["shop.orders.news"],
      requests: ["shop.price.list", "store.cart.price"],
      allow: {
        publish: ["shop.price.get", "orders.news"],
        subscribe: ["shop.orders.placed.*", "orders.news"],
      },
    },
  },
  imports: {
    shop: { streams: ["orders.news"], services: ["price.list"] },
    store: { services: ["cart.price"] },
  },
};

/** May ask and hear whatever passes between accounts, which no user that is declared may. */
const intruder: TenantSpec["users"] = {
  intruder: { allow: { publish: ["$JS.ACCOUNTS.>"], subscribe: ["$JS.COPIES.>"] } },
};

// Two, because a server all alone elects no meta leader.
const domain = "global";
const environment = localEnvironment({ regions: ["iad", "ams"], servers: 1, jetstreamDomain: domain });
const sharing = { shop, billing, press, store, post, warehouse };
const validated = validateTenants(sharing, {
  ...environment,
  jetstream: { jetstream: ["probe", ...Object.keys(sharing)] },
});
const withIntruder = ({ users, ...tenant }: TenantSpec): TenantSpec => ({
  ...tenant,
  users: { ...users, ...intruder },
});
const tenants = {
  ...systems,
  ...{ buckets: withBuckets(buckets), services },
  ...validated,
  ...{ press: withIntruder(validated.press!), warehouse: withIntruder(validated.warehouse!) },
};
const accounts = accountsOf(environment, tenants);
const assets = assetsOf(environment, tenants);
// Mirrors are for permissions what their origins are.
const streams = assets.streams.filter(({ mirrorOf }) => !mirrorOf);

const users = accounts.flatMap((account) => account.users.map((user) => ({ account: account.name, ...user })));
type User = (typeof users)[number];

/** Requests of JetStream, and the same for clients that name its domain. */
const requests = (subjects: string[]): string[] =>
  subjects.flatMap((request) => [`$JS.API.${request}`, `$JS.${domain}.API.${request}`]);

/** The server maps the second form to the first before it checks permissions. */
const asChecked = (subject: string): string => subject.replace(`$JS.${domain}.API.`, "$JS.API.");

const letterStreams: string[] = Object.values(deadLetterNames);

/** In one region the server checks what a part of the messages is mapped to. */
const asWritten = (line: string): string => line.replace("cart.next.", "cart.add.");

/** A subject that a pattern matches. */
const example = (pattern: string): string => pattern.replaceAll("*", "x").replace(/>$/, "x.y");

const ofStreams = (account: string): string[] =>
  streams.filter((stream) => stream.account === account).flatMap(({ spec }) => spec.subjects.map(example));
/** Streams of dead letters capture the same subjects in every account that has them. */
const ofTenantsBut = (account: string): string[] =>
  streams
    .filter((stream) => stream.account !== account && !letterStreams.includes(stream.name))
    .flatMap(({ spec }) => spec.subjects.map(example));
const hasSharedInbox = ({ permissions }: User): boolean => permissions.subscribe.allow.includes("_INBOX.>");
const inboxesBut = (user: User): string[] => [
  ...users
    .filter((other) => other.account === user.account && other.name !== user.name)
    .map(({ inboxPrefix }) => `${inboxPrefix}.x`),
  ...(hasSharedInbox(user) ? [] : ["_INBOX.x"]),
];

const administration = requests([
  "STREAM.CREATE.X",
  "STREAM.UPDATE.SMS",
  "STREAM.DELETE.SMS",
  "STREAM.INFO.SMS",
  "STREAM.LIST",
  "STREAM.NAMES",
  "INFO",
  "CONSUMER.CREATE.SMS",
  "CONSUMER.CREATE.SMS.x",
  "CONSUMER.DURABLE.CREATE.SMS.x",
  "CONSUMER.DELETE.SMS.sms-worker",
  "CONSUMER.LIST.SMS",
  "STREAM.MSG.GET.SMS",
  "STREAM.SNAPSHOT.SMS",
  "STREAM.RESTORE.SMS",
]);
/** What not even an account's administrator may: no change of a specification needs it. */
const messages = requests(["STREAM.PURGE.SMS", "STREAM.MSG.DELETE.SMS", "DIRECT.GET.SMS"]);
/** Copies of messages that are not of its own durables, which only the collector reads. */
const othersCopies = (user: User): string[] =>
  user.name === deadLetterNames.collector ? [] : requests(["DIRECT.GET.DEAD_LETTERS.dead.ELSEWHERE.1.worker"]);
const system = [
  "$SYS.REQ.SERVER.PING",
  "$SYS.REQ.USER.INFO",
  "$SYS.ACCOUNT.irisx.CONNECT",
  "$SYS.REQ.ACCOUNT.irisx.CONNZ",
];

/** The durables that a user declares it consumes. */
const durablesOf = ({ account, name }: User): ConsumerAsset[] => {
  const tenant = Object.values(tenants).find((each) => each.name === account);
  const own = (tenant && withStandardParts(tenant).users[name]?.consumes) ?? [];
  return assets.consumers.filter((durable) => durable.account === account && own.includes(durable.name));
};

/** All other durables: of its account and, by name, of others (canaries are everywhere called the same). */
const otherDurables = (user: User): string[] => {
  const own = durablesOf(user).map(({ name }) => name);
  return assets.consumers
    .filter(({ name }) => !own.includes(name))
    .flatMap(({ stream, name }) => [
      ...requests([`CONSUMER.MSG.NEXT.${stream}.${name}`]),
      `$JS.ACK.${stream}.${name}.1.1.1.1.0`,
      `$JS.FC.${stream}.${name}.x`,
    ])
    .filter((subject) => !isCollected(user, subject));
};

/** Subjects of its own account that a user has no part in. */
const foreign = ({ account, permissions }: User, kind: "publish" | "subscribe"): string[] =>
  ofStreams(account).filter((subject) => !permissions[kind].allow.some((entry) => covers(entry, subject)));

const isApplication = ({ account, name }: User): boolean => account !== systemAccount.name && name !== provisioner;

/**
 * What some need of it: clients look whether an account has JetStream before they open an object store, and who deals
 * with dead letters reads messages of the streams that they are copies of.
 */
const isNotNeeded = ({ account, name }: User) => {
  const tenant = Object.values(tenants).find((each) => each.name === account);
  const needed = [
    ...(tenant?.users[name]?.objectStores ? ["$JS.API.INFO"] : []),
    ...(name.startsWith("dead-letters") && account === "irisx" ? ["$JS.API.STREAM.MSG.GET.SMS"] : []),
  ];
  return (subject: string): boolean => !needed.includes(asChecked(subject));
};

/** What is stuck in a stream that holds it until it is acknowledged is acknowledged by the collector. */
const isCollected = ({ account, name }: User, subject: string): boolean => {
  const [, kind, stream, durable] = subject.split(".");
  const holds = streams.some(
    (one) => one.account === account && one.name === stream && one.name !== "CANARY" && one.spec.retention !== "limits",
  );
  return (
    name === "dead-letters" &&
    kind === "ACK" &&
    holds &&
    assets.consumers.some((one) => one.account === account && one.stream === stream && one.name === durable)
  );
};

/** What a user must not publish and subscribe to, said without looking at its permissions wherever that is possible. */
const forbidden = (user: User) => ({
  publish: [
    ...ofTenantsBut(user.account),
    ...foreign(user, "publish"),
    ...inboxesBut(user),
    ...(user.account === systemAccount.name ? [] : [...messages, ...othersCopies(user), ...system]),
    ...(isApplication(user) ? [...administration.filter(isNotNeeded(user)), ...otherDurables(user)] : []),
    ...(user.name in intruder ? [] : ["$JS.ACCOUNTS.post.API.CONSUMER.CREATE.PARCELS", "$JS.COPIES.warehouse.M.x"]),
  ],
  subscribe: [
    ...ofTenantsBut(user.account),
    ...foreign(user, "subscribe"),
    ...inboxesBut(user),
    ...(user.account === systemAccount.name ? [] : ["$SYS.>", ...system, ...requests([">"]), "$JS.ACK.>"]),
    ...(user.name in intruder ? [] : ["$JS.COPIES.warehouse.>"]),
    ">",
    "*.>",
    ...(hasSharedInbox(user) ? [] : ["_INBOX.>"]),
  ],
});

describe("permissions on a real server", function () {
  this.timeout(serversMs);
  let cluster: Supercluster;

  before(async () => {
    cluster = await startSupercluster({
      regions: environment.regions,
      servers: environment.servers,
      accounts: accountsText(environment, tenants),
      settings: environment,
    });
  });
  after(() => cluster?.stop());

  async function as<T>(
    user: Pick<User, "login" | "inboxPrefix">,
    work: (nc: NatsConnection) => Promise<T>,
  ): Promise<T> {
    const nc = await cluster.connect(user.login, { inboxPrefix: user.inboxPrefix, reconnect: false });
    try {
      return await work(nc);
    } finally {
      await nc.close();
    }
  }

  it("let the provisioner create every stream and every durable", async () => {
    for (const account of Object.keys(tenants)) {
      const user = users.find((each) => each.account === account && each.name === provisioner)!;
      await as(user, async (nc) => {
        await createAssets(nc, { streams, consumers: assets.consumers }, account);
        const { total } = await ask(nc, "STREAM.NAMES");
        assert.equal(total, streams.filter((each) => each.account === account).length);
      });
    }
  });

  for (const user of users.filter(({ name }) => name !== provisioner && name !== systemAccount.user)) {
    // What a copy holds is published in another account.
    for (const durable of durablesOf(user).filter(({ account }) => account !== "warehouse" || user.name === "canary")) {
      it(`let ${user.login} work on ${durable.stream}/${durable.name}, and it acknowledges`, async () => {
        if (durable.spec.mode === "push") return worksByPush(user, durable);
        await worksByPull(user, durable, {});
        await worksByPull(user, durable, { domain });
      });
    }
  }

  for (const options of [{}, { domain }]) {
    const how = "domain" in options ? "that names the domain" : "that names no domain";
    it(`acknowledge to a client ${how} what it publishes as covenant-api without a prefix`, async () => {
      const nc = await cluster.connect("covenant-api", { reconnect: false });
      try {
        const answer = await jetstream(nc, options).publish("covenant.users.created", "{}");
        assert.deepEqual([answer.stream, answer.domain], ["COVENANT_USERS", domain]);
      } finally {
        await nc.close();
      }
    });

    it(`let the provisioner administer by a client ${how}`, async () => {
      await as(
        users.find(({ login }) => login === "irisx-provisioner")!,
        async (nc) => {
          const manager = await jetstreamManager(nc, options);
          const { config } = await manager.streams.info("SMS");
          await manager.streams.update("SMS", { ...config, description: how });
          assert.equal((await manager.streams.info("SMS")).config.description, how);
        },
      );
    });
  }

  /** Publishes what the durable is about, as a user of its account that may. */
  async function feed(
    { account, stream, filterSubjects }: ConsumerAsset,
    body: string | Uint8Array,
    count = 1,
  ): Promise<void> {
    const { spec } = streams.find((each) => each.account === account && each.name === stream)!;
    const among = (patterns: string[], subject: string) => patterns.some((pattern) => covers(pattern, subject));
    const { publisher, subject } = users
      .filter((user) => user.account === account)
      .flatMap((user) => user.permissions.publish.allow.map((entry) => ({ publisher: user, subject: example(entry) })))
      .find(
        ({ subject }) => among(spec.subjects, subject) && (!filterSubjects.length || among(filterSubjects, subject)),
      )!;
    await as(publisher, async (nc) => {
      for (let index = 0; index < count; index++) await jetstream(nc).publish(subject, body);
    });
  }

  async function worksByPull(user: User, durable: ConsumerAsset, options: JetStreamOptions): Promise<void> {
    const isAdvisory = durable.stream === deadLetterNames.events;
    const terminated = isAdvisory && (await terminateOne(durable.account));
    if (!isAdvisory) await feed(durable, "to be done");
    await as(user, async (nc) => {
      const consumer = await jetstream(nc, options).consumers.get(durable.stream, durable.name);
      // Other durables of the stream have been fed before: these messages are its own, too.
      let body;
      do {
        const message = await consumer.next({ expires: requestMs });
        assert.ok(message, "a message comes");
        assert.ok(await message.ackAck(), "the server confirms the acknowledgement");
        body = message.string();
      } while (terminated ? !body.includes(`"${terminated}"`) : body !== "to be done");
      assert.equal((await consumer.info()).num_ack_pending, 0);
    });
  }

  /** Advisories are published by servers alone: a worker of the account terminates a message; returns its durable. */
  async function terminateOne(account: string): Promise<string> {
    const durable = assets.consumers.find(
      ({ stream, spec, ...one }) =>
        one.account === account && spec.mode === "pull" && ![...letterStreams, "CANARY"].includes(stream),
    )!;
    await feed(durable, "never to be done");
    const worker = users.find((user) => isApplication(user) && durablesOf(user).includes(durable))!;
    await as(worker, async (nc) => {
      const consumer = await jetstream(nc).consumers.get(durable.stream, durable.name);
      const message = await consumer.next({ expires: requestMs });
      message!.term("tried");
      await nc.flush();
    });
    return durable.name;
  }

  /** Enough for the server to ask for flow control, which is at one megabyte that is not confirmed yet. */
  const large = new Uint8Array(128 * 1024);
  const many = 12;

  async function worksByPush(user: User, durable: ConsumerAsset): Promise<void> {
    assert.ok(durable.spec.mode === "push");
    const { deliverSubject } = durable.spec;
    await as(user, async (nc) => {
      let [received, confirmed] = [0, 0];
      const denied = denials(nc);
      const done = new Promise<void>((resolve) => {
        nc.subscribe(deliverSubject, {
          callback: (_error, message) => {
            const isControl = message.headers?.code === 100;
            const asked = isControl ? message.reply || message.headers!.get("Nats-Consumer-Stalled") : message.reply;
            if (asked) nc.publish(asked, isControl ? undefined : "+ACK");
            if (isControl && asked) confirmed++;
            if (!isControl && ++received >= many) resolve();
          },
        });
      });
      await nc.flush();
      await feed(durable, large, many);
      await done;
      await nc.flush();
      await pollUntil(() => Promise.resolve(confirmed > 0 ? true : undefined), waitMs);
      assert.ok(confirmed > 0, "the server asked for flow control and was answered");
      assert.deepEqual(await denied(), []);
      const left = async () => {
        const info = await ask(nc, `CONSUMER.INFO.${durable.stream}.${durable.name}`);
        return [info.num_ack_pending, info.num_pending];
      };
      const isNone = (counts: unknown[]) => counts.every((count) => count === 0);
      // The last acknowledgements are still on their way.
      assert.deepEqual(await snapshotUntil(left, isNone, waitMs), [0, 0]);
    });
  }

  for (const user of users) {
    it(`let ${user.login} do what is derived for it, and answer all else with a permission error`, async () => {
      const never = forbidden(user);
      await as(user, async (nc) => {
        const denied = denials(nc);
        const allowed = {
          publish: user.permissions.publish.allow.map(example),
          subscribe: user.permissions.subscribe.allow,
        };
        // The system account has no JetStream, so nothing is mapped there.
        const inDomain = allowed.publish
          .filter((subject) => subject.startsWith("$JS.API.") && user.account !== systemAccount.name)
          .map((subject) => subject.replace("API", `${domain}.API`));
        for (const subject of [...allowed.publish, ...inDomain, ...never.publish]) nc.publish(subject);
        for (const subject of [...allowed.subscribe, ...never.subscribe])
          nc.subscribe(subject, { callback: () => undefined });
        await nc.flush();
        assert.deepEqual(
          new Set((await denied()).map(asWritten)),
          new Set([
            ...never.publish.map((subject) => asWritten(`publish ${asChecked(subject)}`)),
            ...never.subscribe.map((subject) => asWritten(`subscription ${subject}`)),
          ]),
        );
      });
    });
  }

  describe("of the probe in the system account", () => {
    const user = users.find(({ login }) => login === "sys-probe")!;

    it("let it ask servers how they are, and hear of elections", async () => {
      const heard: string[] = [];
      await as(user, async (nc) => {
        const denied = denials(nc);
        for (const what of ["STREAM", "CONSUMER"])
          nc.subscribe(`$JS.EVENT.ADVISORY.${what}.LEADER_ELECTED.>`, {
            callback: (_error, message) => void heard.push(message.subject),
          });
        for (const what of ["VARZ", "JSZ", "ACCOUNTZ"]) {
          const answer = await nc.request(`$SYS.REQ.SERVER.PING.${what}`, JSON.stringify({ cluster: "ams" }), {
            timeout: requestMs,
          });
          assert.equal(answer.json<{ server: { cluster: string } }>().server.cluster, "ams");
        }
        assert.deepEqual(await denied(), []);
      });
    });

    it("refuse all that changes something, and all that says what clients and messages are", async () => {
      const never = {
        publish: [
          "$JS.API.META.LEADER.STEPDOWN",
          "$JS.API.SERVER.REMOVE",
          "$JS.API.ACCOUNT.PURGE.irisx",
          "$JS.API.ACCOUNT.STREAM.MOVE.irisx.SMS",
          ...["PING", "PING.CONNZ", "PING.SUBSZ", "PING.CONFIGZ", "X.RELOAD", "X.KICK", "X.LDM"].map(
            (request) => `$SYS.REQ.SERVER.${request}`,
          ),
          "$SYS.REQ.ACCOUNT.irisx.CONNZ",
          "$SYS.REQ.CLAIMS.UPDATE",
        ],
        subscribe: ["$SYS.>", "$SYS.ACCOUNT.*.CONNECT", "$JS.EVENT.>", "$JS.EVENT.ADVISORY.API", "_INBOX_admin.>"],
      };
      await as(user, async (nc) => {
        const denied = denials(nc);
        for (const subject of never.publish) nc.publish(subject);
        for (const subject of never.subscribe) nc.subscribe(subject, { callback: () => undefined });
        await nc.flush();
        assert.deepEqual(
          new Set(await denied()),
          new Set([
            ...never.publish.map((subject) => `publish ${subject}`),
            ...never.subscribe.map((subject) => `subscription ${subject}`),
          ]),
        );
      });
    });
  });

  describe("of buckets", () => {
    const user = (name: string) => users.find((each) => each.login === `buckets-${name}`)!;
    /** What the client's library does as a user, and what servers denied to it meanwhile. */
    const working = async <T>(name: string, work: (nc: NatsConnection) => Promise<T>): Promise<[T, string[]]> =>
      as(user(name), async (nc) => {
        const denied = denials(nc);
        return [await work(nc), await denied()];
      });
    const settings = (nc: NatsConnection) => new Kvm(jetstream(nc)).open("settings");
    const reports = (nc: NatsConnection) => new Objm(jetstream(nc)).open("reports");
    // The users above have published empty messages on all that they may. As the description of an object, that is not
    // JSON, at which the client's library ends a list, sometimes behind one object and sometimes behind two.
    before(() =>
      as(user(provisioner), async (nc) => {
        const store = assets.streams.find(({ name }) => name === "OBJ_reports")!;
        await ask(nc, `STREAM.DELETE.${store.name}`);
        await createStream(nc, store);
      }),
    );
    const first = async <T>(entries: AsyncIterable<T>): Promise<T | undefined> => {
      for await (const entry of entries) return entry;
      return undefined;
    };

    it("let a user that puts write, create and delete, and one that gets read", async () => {
      const written = await working("writer", async (nc) => {
        const bucket = await settings(nc);
        await bucket.put("theme", "dark");
        await bucket.put("gone", "soon");
        await bucket.delete("gone");
        await bucket.create("once", "only");
        await assert.rejects(bucket.create("once", "again"), /wrong last sequence/);
        return (await bucket.get("theme"))?.string();
      });
      assert.deepEqual(written, ["dark", []]);
      const read = await working("reader", async (nc) => {
        const bucket = await settings(nc);
        const entry = await bucket.get("theme");
        return [entry?.string(), (await bucket.get("theme", { revision: entry!.revision }))?.string()];
      });
      assert.deepEqual(read, [["dark", "dark"], []]);
      const put = await working("blind", async (nc) => (await settings(nc)).put("blind", "yes"));
      assert.deepEqual(put[1], []);
    });

    it("let a user that watches follow changes, list keys and read histories", async () => {
      const [seen, denied] = await working("watcher", async (nc) => {
        const bucket = await settings(nc);
        const entry = await first(await bucket.watch({ key: "theme" }));
        const keys: string[] = [];
        for await (const key of await bucket.keys()) keys.push(key);
        const past = await first(await bucket.history({ key: "theme" }));
        const several = await first(await bucket.watch({ key: ["theme", "once"] }));
        return [entry?.string(), keys.includes("theme"), past?.string(), several?.string() !== undefined];
      });
      assert.deepEqual([seen, denied], [["dark", true, "dark", true], []]);
    });

    it("let an object be stored, replaced, read, followed and deleted", async () => {
      const data = new Uint8Array(300_000).fill(7);
      const stored = await working("writer", async (nc) => {
        const store = await reports(nc);
        await store.putBlob({ name: "2026" }, data);
        return (await store.putBlob({ name: "2026" }, data)).size;
      });
      assert.deepEqual(stored, [data.length, []]);
      const read = await working("reader", async (nc) => (await (await reports(nc)).getBlob("2026"))?.length);
      assert.deepEqual(read, [data.length, []]);
      const watched = await working(
        "watcher",
        async (nc) => (await first(await (await reports(nc)).watch({ includeHistory: true })))?.name,
      );
      assert.deepEqual(watched, ["2026", []]);
      const deleted = await working("writer", async (nc) => (await (await reports(nc)).delete("2026")).success);
      assert.deepEqual(deleted, [true, []]);
    });

    it("let a user that lists see what there is, and one that purges take it away", async () => {
      await working("writer", async (nc) => {
        const bucket = await settings(nc);
        await bucket.put("old", "1");
        await bucket.delete("old");
        await (await reports(nc)).putBlob({ name: "draft" }, new Uint8Array(1000));
      });
      const listed = <T>(count: number, list: (nc: NatsConnection) => Promise<AsyncIterable<T>>) =>
        working("lister", async (nc) => {
          const found: T[] = [];
          for await (const entry of await list(nc)) if (found.push(entry) === count) break;
          return found;
        });
      const [keys, ...refused] = await listed(3, async (nc) => (await settings(nc)).keys(["blind", "once", "theme"]));
      assert.deepEqual([keys.toSorted(), ...refused], [["blind", "once", "theme"], []]);
      const objects = async () => {
        const [all, denied] = await listed(2, async (nc) => (await reports(nc)).watch({ includeHistory: true }));
        return [Object.fromEntries(all.map(({ name, deleted = false }) => [name, deleted])), denied];
      };
      assert.deepEqual(await objects(), [{ "2026": true, draft: false }, []]);
      const purged = await working("purger", async (nc) => {
        // The library has it, and its types do not.
        const bucket = (await settings(nc)) as KV & { purgeDeletes(olderMs: number): Promise<{ purged: number }> };
        const { purged } = await bucket.purgeDeletes(0);
        return [purged > 0, (await (await reports(nc)).delete("draft")).success];
      });
      assert.deepEqual(purged, [[true, true], []]);
      assert.deepEqual(await objects(), [{ "2026": true, draft: true }, []]);
    });

    it("let a user read and watch a mirror, where it is", async () => {
      const administrator = user(provisioner);
      const mirror = assets.streams.find(({ name }) => name === "KV_settings-ams")!;
      await as(administrator, (nc) => createStream(nc, mirror));
      const [seen, denied] = await working("near", async (nc) => {
        const options = { streamName: "KV_settings-ams", allow_direct: true };
        const mirror = await new Kvm(jetstream(nc)).open("settings", options);
        const watched = await first(await mirror.watch({ key: "theme" }));
        return [watched?.string(), (await mirror.get("theme"))?.string()];
      });
      assert.deepEqual([seen, denied], [["dark", "dark"], []]);
    });

    describe("in a verification", () => {
      const open: NatsConnection[] = [];
      const connections = {
        get: async (_region: string, _account: string, name: string) => {
          const { login, inboxPrefix } = user(name);
          const nc = await cluster.connect(login, { inboxPrefix, reconnect: false });
          open.push(nc);
          return nc;
        },
        inbox: (_account: string, name: string) => createInbox(user(name).inboxPrefix),
      } as unknown as Connections;
      const plans = bucketPlansOf(withBuckets(buckets), environment.regions);
      const [entry, object] = plans as [(typeof plans)[number], (typeof plans)[number]];
      afterEach(() => Promise.all(open.splice(0).map((nc) => nc.close())));

      it("are those that a user writes, each by the users that may", () =>
        assert.deepEqual(
          plans.map((plan) => [plan.bucket, plan.writer, plan.reader, plan.watcher, plan.remover, plan.mirrors.length]),
          [
            ["settings", "writer", "reader", "watcher", "writer", 1],
            ["reports", "writer", "reader", "watcher", "purger", 0],
          ],
        ));

      it("have an entry put, watched, read, in the mirror too, and taken away", async () => {
        const { result, detail } = await proveBucket(connections, entry);
        assert.equal(result, "ok", detail);
        assert.match(
          detail,
          /put, watched after .*, read from KV_settings in iad, read from KV_settings-ams in ams, deleted$/,
        );
      });

      it("have an object put, watched, read as clients read it, and deleted", async () => {
        const { result, detail } = await proveBucket(connections, object);
        assert.equal(result, "ok", detail);
        assert.match(detail, /put, watched after .*, read from OBJ_reports in iad, deleted$/);
        // The official client understands what a proof writes.
        const [seen] = await working("reader", async (nc) => (await reports(nc)).get("supercluster-verify"));
        assert.equal(seen, null);
      });

      it("fail where a user may not what is said of it, or a mirror does not have the entry", async () => {
        const [mirror] = entry.mirrors;
        for (const plan of [
          { ...entry, watcher: "reader" },
          { ...object, reader: "lister" },
          { ...object, remover: "reader" },
          // It is there, readable, and not copied to.
          { ...entry, mirrors: [{ ...mirror!, stream: "KV_flags", reader: "flagger" }] },
        ]) {
          const { result, detail } = await proveBucket(connections, plan);
          assert.equal(result, "failed", detail);
        }
      });
    });

    it("allow nothing beyond the word", async () => {
      const attempts: [string, string[]][] = [
        ["lister", ["$KV.settings.theme", "$JS.API.STREAM.PURGE.KV_settings", "$JS.API.CONSUMER.CREATE.KV_flags.x"]],
        ["purger", ["$KV.settings.theme", "$O.reports.C.x", "$JS.API.STREAM.PURGE.KV_flags"]],
        ["near", ["$KV.settings.theme", "$JS.API.DIRECT.GET.KV_settings.$KV.settings.theme"]],
        ["reader", ["$KV.settings.theme", "$JS.API.CONSUMER.CREATE.KV_settings.x", "$O.reports.M.x"]],
        ["watcher", ["$KV.settings.theme", "$JS.API.DIRECT.GET.KV_settings.$KV.settings.theme"]],
        ["blind", ["$JS.API.DIRECT.GET.KV_settings.$KV.settings.theme", "$JS.API.CONSUMER.CREATE.KV_settings.x"]],
        ["writer", ["$KV.flags.on", "$JS.API.DIRECT.GET.KV_flags.$KV.flags.on", "$JS.API.STREAM.PURGE.KV_settings"]],
      ];
      for (const [name, subjects] of attempts) {
        const [, denied] = await working(name, async (nc) => {
          for (const subject of subjects) nc.publish(subject);
          await nc.flush();
        });
        assert.deepEqual(
          denied,
          subjects.map((subject) => `publish ${subject}`),
        );
      }
    });
  });

  describe("of services", () => {
    const user = (name: string) => users.find((each) => each.login === `services-${name}`)!;

    it("let a service be found and answer each request once, and publish nothing else", async () => {
      await as(user("pricer"), async (nc) => {
        const denied = denials(nc);
        // The package has a core of its own, whose types differ.
        const service = await new Svcm(nc as unknown as ConstructorParameters<typeof Svcm>[0]).add({
          name: "prices",
          version: "1.0.0",
        });
        service.addEndpoint("get", {
          subject: "prices.get",
          handler: (_error, message) => {
            message.respond("12");
            message.respond("13");
          },
        });
        await nc.flush();
        await as(user("asker"), async (asking) => {
          const answers: string[] = [];
          const inbox = asking.subscribe(`${user("asker").inboxPrefix}.all`, {
            callback: (_failure, message) => void answers.push(message.string()),
          });
          await requestUntilHeard(asking, "prices.get", "");
          asking.publish("prices.get", "", { reply: inbox.getSubject() });
          const found = await requestUntilHeard(asking, "$SRV.PING.prices", "");
          assert.equal(found.json<{ name: string }>().name, "prices");
          await asking.flush();
          assert.deepEqual(answers, ["12"]);
        });
        nc.publish("prices.get");
        nc.publish("jobs");
        assert.deepEqual(
          (await denied()).filter((one) => !one.includes("_INBOX_asker")),
          ["publish prices.get", "publish jobs"],
        );
      });
    });

    it("drop an answer that is late", async () => {
      await as(user("pricer"), async (nc) => {
        const denied = denials(nc);
        let isAsked = false;
        const answered = new Promise<void>((resolve) => {
          nc.subscribe("prices.get", {
            callback: (_error, message) => {
              isAsked = true;
              setTimeout(() => {
                message.respond("12");
                resolve();
              }, 6000);
            },
          });
        });
        await nc.flush();
        await as(user("asker"), async (asking) => {
          // Its server may not know yet who listens, or still know who did before.
          const isDropped = () =>
            asking.request("prices.get", "", { timeout: 8000 }).then(
              () => assert.fail("the answer came"),
              (error: unknown) => {
                if (error instanceof RequestError && error.isNoResponders()) return false;
                assert.match(String(error), /timeout/i);
                return isAsked;
              },
            );
          assert.ok(await pollUntil(isDropped, waitMs), "it is asked");
        });
        await answered;
        assert.match((await denied()).join(), /^publish _INBOX_asker\./);
      });
    });
  });

  const joinedUsers: NatsConnection[] = [];
  /** Connects a user in one region, until `leave`. */
  const join = async (login: string, region: string): Promise<NatsConnection> => {
    const { inboxPrefix } = users.find((each) => each.login === login)!;
    const nc = await cluster.connect(login, { inboxPrefix, reconnect: false, servers: cluster.urls(region) });
    joinedUsers.push(nc);
    return nc;
  };
  const leave = () => Promise.all(joinedUsers.splice(0).map((nc) => nc.close()));

  describe("of what accounts share", () => {
    const user = (login: string) => users.find((each) => each.login === login)!;
    afterEach(leave);

    /** A user in one region, what was denied to it, and what it hears. */
    async function joined(login: string, region: string) {
      const nc = await join(login, region);
      const heard: string[] = [];
      const hear = async (...subjects: string[]) => {
        for (const subject of subjects)
          nc.subscribe(subject, { callback: (_error, message) => void heard.push(message.subject) });
        await nc.flush();
      };
      return { nc, heard, hear, denied: denials(nc) };
    }

    /** Publishes until the last of these is heard: what comes before it has then been heard too, or never will be. */
    const publishUntil = async (from: NatsConnection, subjects: string[], isHeard: () => boolean) => {
      const heard = await pollUntil(async () => {
        for (const subject of subjects) from.publish(subject);
        await from.flush();
        return isHeard();
      }, waitMs);
      assert.ok(heard, `${subjects.at(-1)} is heard`);
    };

    it("let the tenant that is named hear a stream's subjects under its prefix, and nothing else of it", async () => {
      const shop = await joined("shop-api", "ams");
      const clerk = await joined("billing-clerk", "iad");
      await clerk.hear("shop.orders.placed.*");
      await publishUntil(shop.nc, ["orders.cancelled.eu", "orders.news", "orders.placed.eu", "orders.placed.us"], () =>
        clerk.heard.includes("shop.orders.placed.us"),
      );
      assert.deepEqual([...new Set(clerk.heard)].toSorted(), ["shop.orders.placed.eu", "shop.orders.placed.us"]);
      assert.deepEqual([await shop.denied(), await clerk.denied()], [[], []]);
      const { seq } = await jetstream(shop.nc).publish("orders.placed.eu", "{}");
      assert.ok(seq > 0, "its own stream stores and acknowledges it as before");
    });

    it("let each user of it hear what it says it does", async () => {
      const reader = await joined("billing-reader", "iad");
      await reader.hear("shop.orders.placed.eu", "shop.orders.placed.us", "shop.orders.placed.*", "shop.orders.news");
      assert.deepEqual(await reader.denied(), [
        "subscription shop.orders.placed.us",
        "subscription shop.orders.placed.*",
        "subscription shop.orders.news",
      ]);
      reader.nc.publish("shop.orders.placed.eu");
      reader.nc.publish("shop.price.get");
      assert.deepEqual((await reader.denied()).slice(3), ["publish shop.orders.placed.eu", "publish shop.price.get"]);
    });

    it("let another tenant hear what all may, and nothing of the rest, whatever its users may do", async () => {
      const shop = await joined("shop-api", "ams");
      const editor = await joined("press-editor", "iad");
      await editor.hear("shop.orders.news", "shop.orders.placed.*", "orders.news");
      await publishUntil(shop.nc, ["orders.placed.eu", "orders.news"], () => editor.heard.includes("shop.orders.news"));
      assert.deepEqual([...new Set(editor.heard)], ["shop.orders.news"]);
      assert.deepEqual(await editor.denied(), []);
    });

    it("let the other side share back, under the prefix that it was given", async () => {
      const shop = await joined("shop-api", "ams");
      const clerk = await joined("billing-clerk", "iad");
      await shop.hear("market.bills.sent");
      await publishUntil(clerk.nc, ["bills.sent"], () => shop.heard.length > 0);
      assert.deepEqual([...new Set(shop.heard)], ["market.bills.sent"]);
    });

    it("let no user of another account publish what an account shares", async () => {
      const [editor, clerk] = [await joined("press-editor", "iad"), await joined("billing-clerk", "iad")];
      await editor.hear("orders.news");
      await clerk.hear("shop.orders.placed.*");
      const stored = () => as(user("shop-provisioner"), async (nc) => (await ask(nc, "STREAM.INFO.ORDERS")).state);
      const before = await stored();
      await publishUntil(editor.nc, ["orders.news"], () => editor.heard.includes("orders.news"));
      assert.deepEqual([await stored(), clerk.heard], [before, []]);
    });

    it("let those ask a service who may, through gateways, and get one answer", async () => {
      const pricer = await joined("shop-pricer", "ams");
      const askers: Record<string, unknown>[] = [];
      pricer.nc.subscribe("price.*", {
        callback: (_error, message) => {
          askers.push(JSON.parse(message.headers!.get("Nats-Request-Info")) as Record<string, unknown>);
          message.respond(message.subject);
          message.respond("again");
        },
      });
      await pricer.nc.flush();
      const [clerk, editor] = [await joined("billing-clerk", "iad"), await joined("press-editor", "iad")];
      assert.equal((await requestUntilHeard(clerk.nc, "shop.price.get", "")).string(), "price.get");
      assert.equal((await requestUntilHeard(editor.nc, "shop.price.list", "")).string(), "price.list");
      assert.deepEqual(
        askers.map(({ rtt: _, ...who }) => who),
        [{ acc: "billing" }, { acc: "press" }],
      );
      await assert.rejects(editor.nc.request("shop.price.get"), /no responders/i);
      clerk.nc.publish("shop.price.list");
      assert.deepEqual(await clerk.denied(), ["publish shop.price.list"]);
      assert.deepEqual(
        [await editor.denied(), (await pricer.denied()).every((one) => one.startsWith("publish _R_."))],
        [[], true],
      );
    });
  });

  describe("of copies across accounts", () => {
    const user = (login: string) => users.find((each) => each.login === login)!;
    afterEach(leave);

    const stateOf = (account: string, stream: string) =>
      as(user(`${account}-provisioner`), async (nc) => {
        const { state } = await ask(nc, `STREAM.INFO.${stream}`, { subjects_filter: ">" });
        return state as { messages: number; last_seq: number; subjects?: Record<string, number> };
      });
    /** Asks what the servers of the accounts that copy ask. */
    const requested = async (login: string, request: string, config: object = {}) => {
      const nc = await join(login, "ams");
      const [, , stream] = request.split(".");
      const body = { stream_name: stream, config: { ack_policy: "none", deliver_subject: "$JS.COPIES.x", ...config } };
      try {
        const answer = await nc.request(`$JS.ACCOUNTS.post.API.${request}`, JSON.stringify(body), { timeout: waitMs });
        const { error } = answer.json<{ error?: { description: string } }>();
        return error?.description ?? "done";
      } catch (error) {
        return (error as Error).message;
      }
    };

    it("copy a stream with its sequences, of another what passes the filter, and more than one window", async () => {
      const clerk = await join("post-clerk", "ams");
      const denied = denials(clerk);
      const js = jetstream(clerk);
      // Servers send 2 MiB before they wait for an answer of the account that copies.
      const payload = new Uint8Array(8 * 1024);
      for (let batch = 0; batch < 16; batch++)
        await Promise.all(Array.from({ length: 32 }, () => js.publish("parcels.new.eu", payload)));
      for (const subject of ["letters.sent.eu", "letters.delivered.eu", "letters.delivered.us"])
        await js.publish(subject, "{}");
      const { last_seq: sent } = await stateOf("post", "PARCELS");
      assert.ok(sent >= 512);
      const arrived = await pollUntil(async () => {
        const [parcels, events] = [await stateOf("warehouse", "PARCELS"), await stateOf("warehouse", "EVENTS")];
        return parcels.last_seq === sent && events.messages >= 2 ? { parcels, events } : undefined;
      }, waitMs);
      assert.ok(arrived, "all has arrived");
      assert.deepEqual(Object.keys(arrived.parcels.subjects ?? {}), ["parcels.new.eu"]);
      assert.deepEqual(arrived.events.subjects, { "letters.delivered.eu": 1, "letters.delivered.us": 1 });
      assert.deepEqual(await denied(), []);
    });

    it("are proved by a verification", async () => {
      const connections = {
        get: (region: string, account: string, name: string) => join(`${account}-${name}`, region),
      } as unknown as Connections;
      const proofs = [];
      for (const plan of copyPlansOf(tenants)) proofs.push(await proveCopy(connections, plan));
      assert.deepEqual(
        proofs.map(({ name, result, detail }) => [name, result, detail.replace(/\d+/, "N")]),
        [
          [
            "copy warehouse/PARCELS of post/PARCELS",
            "ok",
            "iad -> ams: message N, the last of post/PARCELS, has arrived",
          ],
          [
            "copy warehouse/EVENTS of post/LETTERS",
            "ok",
            "iad -> ams: message N, the last of post/LETTERS, has arrived",
          ],
        ],
      );
    });

    it("let a user of the account that copies work on its copy", async () => {
      const packer = await join("warehouse-packer", "iad");
      const denied = denials(packer);
      const consumer = jetstream(packer).consumers.getConsumerFromInfo(
        (await packer.request("$JS.API.CONSUMER.INFO.PARCELS.packer", "", { timeout: requestMs })).json(),
      );
      const message = await consumer.next({ expires: waitMs });
      assert.equal(message?.subject, "parcels.new.eu");
      assert.equal(await message.ackAck({ timeout: waitMs }), true);
      assert.deepEqual(await denied(), []);
    });

    it("let no account ask more of the other's JetStream than what makes the copies that are declared", async () => {
      const silent = /no responders/i;
      for (const request of [
        "INFO",
        "STREAM.LIST",
        "STREAM.INFO.PARCELS",
        "STREAM.DELETE.PARCELS",
        "STREAM.PURGE.PARCELS",
        "STREAM.MSG.GET.PARCELS",
        "DIRECT.GET.PARCELS",
        "CONSUMER.LIST.PARCELS",
        "CONSUMER.DELETE.PARCELS.canary",
        "CONSUMER.CREATE.CANARY",
        "CONSUMER.CREATE.LETTERS",
        "CONSUMER.CREATE.LETTERS.x",
        "CONSUMER.CREATE.LETTERS.x.letters.sent.*",
        "CONSUMER.CREATE.LETTERS.x.letters.>",
      ])
        assert.match(await requested("warehouse-intruder", request), silent, request);
      const filtered = "CONSUMER.CREATE.LETTERS.x.letters.delivered.*";
      assert.match(
        await requested("warehouse-intruder", filtered, { filter_subject: "letters.sent.*" }),
        /filter|subject/,
      );
      for (const request of ["CONSUMER.CREATE.PARCELS", filtered])
        assert.match(await requested("press-intruder", request), silent, request);
    });

    it("let no third account hear what is copied, and the origin nothing of the account that copies", async () => {
      const [press, clerk] = [await join("press-intruder", "iad"), await join("post-clerk", "iad")];
      const heard: string[] = [];
      press.subscribe("$JS.COPIES.>", { callback: (_error, message) => void heard.push(message.subject) });
      await press.flush();
      await jetstream(clerk).publish("parcels.last", "{}");
      const { last_seq: sent } = await stateOf("post", "PARCELS");
      const arrived = async () => (await stateOf("warehouse", "PARCELS")).last_seq === sent;
      assert.ok(await pollUntil(async () => ((await arrived()) ? true : undefined), waitMs));
      assert.deepEqual(heard, []);
      const names = await as(user("post-provisioner"), async (nc) => (await ask(nc, "STREAM.NAMES")).streams);
      assert.deepEqual((names as string[]).toSorted(), ["CANARY", "LETTERS", "PARCELS"]);
      await assert.rejects(
        as(user("post-provisioner"), (nc) => ask(nc, "STREAM.INFO.EVENTS")),
        /10059/,
      );
    });
  });

  describe("of mapped subjects", () => {
    afterEach(leave);

    /** Services that answer with what they are asked on. */
    const answering = async () => {
      for (const [login, subject] of [
        ["store-price-1", "cart.price"],
        ["store-price-2", "cart.price.next"],
      ] as const) {
        const nc = await join(login, "iad");
        nc.subscribe(subject, { callback: (_error, message) => void message.respond(message.subject) });
        await nc.flush();
      }
    };
    /** Asks until both versions have answered. */
    const untilBoth = async (nc: NatsConnection, subject: string) => {
      const answers = new Set<string>();
      await pollUntil(
        async () => answers.add((await requestUntilHeard(nc, subject, "")).string()).size === 2,
        waitMs,
        1,
      );
      return [...answers].toSorted();
    };

    it("give a part of the requests to the new version, also those of other accounts", async () => {
      await answering();
      const both = ["cart.price", "cart.price.next"];
      assert.deepEqual(await untilBoth(await join("store-web", "ams"), "cart.price"), both);
      assert.deepEqual(await untilBoth(await join("press-editor", "ams"), "store.cart.price"), both);
    });

    it("map a part of what is published in the region that is named, acknowledged, and nothing in others", async () => {
      const subjects = async () => {
        const administrator = users.find(({ login }) => login === "store-provisioner")!;
        const { state } = await as(administrator, (nc) => ask(nc, "STREAM.INFO.CARTS", { subjects_filter: ">" }));
        return (state as { subjects?: Record<string, number> }).subjects ?? {};
      };
      const [near, far] = [await join("store-web", "iad"), await join("store-web", "ams")];
      const first = await subjects();
      const of = (subject: string, found: Record<string, number>) => found[subject] ?? 0;
      for (let index = 0; index < 20; index++) await jetstream(near).publish("cart.add.eu");
      const second = await subjects();
      assert.deepEqual(
        [of("cart.add.eu", second), of("cart.next.eu", second)],
        [of("cart.add.eu", first) + 20, of("cart.next.eu", first)],
      );
      const isBoth = async () => {
        await jetstream(far).publish("cart.add.eu");
        const found = await subjects();
        return ["cart.add.eu", "cart.next.eu"].every((subject) => of(subject, found) > of(subject, second));
      };
      assert.ok(await pollUntil(isBoth, waitMs, 1), "a part is mapped and a part is not");
    });

    it("let a user publish what its own subject may become, and nothing beside it", async () => {
      const nc = await join("store-web", "iad");
      const denied = denials(nc);
      nc.publish("cart.next.eu");
      nc.publish("cart.next.us");
      nc.publish("cart.add.us");
      assert.deepEqual(await denied(), ["publish cart.next.us", "publish cart.add.us"]);
    });
  });

  describe("of dead letters", () => {
    const user = (name: string) => users.find((each) => each.login === `services-${name}`)!;
    const doing = (name: string, work: (nc: NatsConnection) => Promise<void>): Promise<string[]> =>
      as(user(name), async (nc) => {
        const denied = denials(nc);
        await work(nc);
        return denied();
      });

    it("let a worker copy messages of its own durable, and of no other", async () => {
      const denied = await doing("worker", async (nc) => {
        const options = { expect: { lastSubjectSequence: 0 } };
        const { stream } = await jetstream(nc).publish("dead.JOBS.7.worker", "a body", { ...options, msgID: "one" });
        assert.equal(stream, deadLetterNames.copies);
        for (const subject of ["dead.JOBS.7.other", "dead.OTHER.7.worker", "replay.JOBS.worker"]) nc.publish(subject);
      });
      assert.deepEqual(denied, [
        "publish dead.JOBS.7.other",
        "publish dead.OTHER.7.worker",
        "publish replay.JOBS.worker",
      ]);
    });

    it("let the collector remove what is stuck in a work queue by the durable's acknowledgement", async () => {
      const publisher = user("asker");
      const { seq } = await as(publisher, (nc) => jetstream(nc).publish("jobs", "stuck"));
      await as(user("worker"), async (nc) => {
        const consumer = await jetstream(nc).consumers.get("JOBS", "worker");
        for (let taken = 0; taken !== seq;) {
          const message = (await consumer.next({ expires: requestMs }))!;
          if (message.seq !== seq) await message.ackAck();
          taken = message.seq;
        }
      });
      const denied = await doing("dead-letters", async (nc) => {
        const found = await ask(nc, "STREAM.MSG.GET.JOBS", { seq });
        assert.ok(found.message);
        await requestUntilHeard(nc, `$JS.ACK.JOBS.worker.1.${seq}.1.0.0`, "+ACK");
        await assert.rejects(ask(nc, "STREAM.MSG.GET.JOBS", { seq }), /10037/);
        nc.publish("$JS.API.STREAM.MSG.DELETE.JOBS", JSON.stringify({ seq }));
        nc.publish("$JS.API.CONSUMER.MSG.NEXT.JOBS.worker");
      });
      assert.deepEqual(denied, [
        "publish $JS.API.STREAM.MSG.DELETE.JOBS",
        "publish $JS.API.CONSUMER.MSG.NEXT.JOBS.worker",
      ]);
    });

    it("let the command read and delete copies, and send them to the durable that failed", async () => {
      const denied = await doing("dead-letters-cli", async (nc) => {
        const copy = (await ask(nc, "STREAM.MSG.GET.DEAD_LETTERS", { last_by_subj: "dead.JOBS.7.worker" })) as {
          message: { seq: number };
        };
        await jetstream(nc).publish("replay.JOBS.worker", "again");
        await ask(nc, "STREAM.MSG.DELETE.DEAD_LETTERS", { seq: copy.message.seq });
        for (const subject of ["jobs", "dead.JOBS.7.worker", "$JS.API.STREAM.PURGE.DEAD_LETTERS"]) nc.publish(subject);
      });
      assert.deepEqual(denied, [
        "publish jobs",
        "publish dead.JOBS.7.worker",
        "publish $JS.API.STREAM.PURGE.DEAD_LETTERS",
      ]);
    });
  });

  it("refuse a login with another user's password, or without one", async () => {
    const anonymous = () => cluster.connect("covenant-api", { user: undefined, pass: undefined, reconnect: false });
    await assert.rejects(anonymous, /Authorization Violation/i);
    await assert.rejects(
      () => cluster.connect("covenant-api", { pass: "covenant-mobile", reconnect: false }),
      /Authorization Violation/i,
    );
  });

  it("keep the account within its limits: one stream above them is refused", async () => {
    const user = users.find((each) => each.login === "irisx-provisioner")!;
    await as(user, async (nc) => {
      const greedy = {
        name: "GREEDY",
        subjects: ["greedy"],
        storage: "memory",
        num_replicas: 1,
        max_bytes: 512 * 1024 ** 2,
      };
      await assert.rejects(() => ask(nc, "STREAM.CREATE.GREEDY", greedy), /10028 insufficient memory resources/);
    });
  });
});

/** Collects what the server denies to a connection: its own error events. */
function denials(nc: NatsConnection): () => Promise<string[]> {
  const found: string[] = [];
  void (async () => {
    for await (const status of nc.status()) {
      if (status.type === "error" && status.error instanceof PermissionViolationError)
        found.push(`${status.error.operation} ${status.error.subject}`);
    }
  })();
  // The server answers in order, so after a flush all errors have arrived; the iterator needs a turn to hand them on.
  return async () => {
    await nc.flush();
    await new Promise((resolve) => setTimeout(resolve, 20));
    return found;
  };
}

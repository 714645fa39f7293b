import { setTimeout as sleep } from "node:timers/promises";
import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import * as path from "node:path";
import { createInterface } from "node:readline";
import { jetstream } from "@nats-io/jetstream";
import type { NatsConnection } from "@nats-io/transport-node";
import { accountsOf } from "../../components/security/accounts";
import type { ConsumerAsset } from "../../config/assets/asset";
import { assetsOf } from "../../config/assets/assets";
import { provisioner } from "../../config/assets/standard";
import { pollUntil } from "../../config/poll-until";
import { arrakis } from "../../tenants/arrakis";
import { answerSubject, type CheckType, eligibilityAnswer, eligibilitySubjects } from "../../workers/arrakis/messages";
import type { ProfileStore } from "../../workers/arrakis/profiles/profile";
import { profileStore } from "../../workers/arrakis/profiles/postgres";
import { readMessage } from "../../workers/messaging";
import { accountsText, ask, createConsumer, createStream, localEnvironment } from "../support/accounts";
import { applicationId, botToken, DiscordServer, type KnownInteraction, snowflake } from "../support/discord";
import { serversMs, waitMs } from "../support/limits";
import { patiently } from "../support/messages";
import { startSupercluster, type Supercluster } from "../support/nats";
import { startNode } from "../support/ethereum";
import { claimPorts } from "../support/ports";
import { type PostgresServer, startPostgres } from "../support/postgres";
import { projectFolder } from "../support/project-copy";
import { type RedisServer, startRedis } from "../support/redis";

const environment = localEnvironment({ regions: ["iad", "ams"], servers: 1, jetstreamDomain: "global" });
const tenants = { arrakis };
const assets = assetsOf(environment, tenants);
const users = accountsOf(environment, tenants).flatMap((account) => account.users);

const names = ["command-worker", "event-worker", "eligibility-worker", "sync-worker"] as const;
type Name = (typeof names)[number];

const until = async <T>(what: string, find: () => T | undefined | false | Promise<T | undefined | false>): Promise<T> =>
  (await pollUntil(find, waitMs, 50)) ?? assert.fail(`not within ${waitMs} ms: ${what}`);

/** An hour is 12 s: more redeliveries than a message has attempts, if nothing kept it from being delivered again. */
const hourMs = 12_000;

/** The waits of durables, faster in proportion. */
const scaled = (asset: ConsumerAsset): ConsumerAsset => {
  const { backoff: _backoff, ...spec } = asset.spec;
  return { ...asset, spec: { ...spec, ackWait: "2s" } };
};

/** Workers as one process, and every line that it wrote. */
class Workers {
  readonly lines: string[] = [];

  private constructor(
    readonly child: ChildProcess,
    private readonly health: number,
  ) {
    for (const stream of [child.stdout!, child.stderr!])
      createInterface({ input: stream }).on("line", (line) => this.lines.push(line));
  }

  static start(command: string[], folder: string, variables: Record<string, string>, health: number): Workers {
    const child = spawn(command[0]!, command.slice(1), {
      cwd: path.join(projectFolder, folder),
      env: { ...process.env, ...variables, HEALTH_PORT: String(health), SHUTDOWN_GRACE: "20s" },
      stdio: ["ignore", "pipe", "pipe"],
      // npm's child is in its group.
      detached: true,
    });
    return new Workers(child, health);
  }

  async isReady(): Promise<boolean> {
    const answer = await fetch(`http://127.0.0.1:${this.health}/readyz`).catch(() => undefined);
    return answer?.ok ?? false;
  }

  async isAlive(): Promise<boolean> {
    return (await fetch(`http://127.0.0.1:${this.health}/healthz`)).ok;
  }

  async ready(): Promise<void> {
    await until(`it is ready:\n${this.lines.join("\n")}`, () => {
      assert.equal(this.child.exitCode, null, this.lines.join("\n"));
      return this.isReady();
    });
  }

  async checks(): Promise<{ checks: Record<string, { ok: boolean; used?: boolean }> }> {
    return (await fetch(`http://127.0.0.1:${this.health}/health`)).json() as never;
  }

  /** Of all lines of a metric that have a text. */
  async metric(name: string, label = ""): Promise<number> {
    const text = await (await fetch(`http://127.0.0.1:${this.health}/metrics`)).text();
    const lines = text.split("\n").filter((line) => line.startsWith(name) && line.includes(label));
    return lines.reduce((sum, line) => sum + Number(line.split(" ").at(-1)), 0);
  }

  async end(signal: NodeJS.Signals): Promise<number | null> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return this.child.exitCode;
    const closed = once(this.child, "close");
    process.kill(-this.child.pid!, signal);
    await closed;
    return this.child.exitCode;
  }
}

describe("arrakis from the gateway's messages to Discord and the profile store", function () {
  this.timeout(serversMs);
  let cluster: Supercluster;
  let administrator: NatsConnection;
  let gateway: NatsConnection;
  /** Publishes checks, as other workers would. */
  let worker: NatsConnection;

  const connect = (user: string): Promise<NatsConnection> => {
    const { login, inboxPrefix } = users.find(({ login }) => login === `arrakis-${user}`)!;
    return cluster.connect(login, { inboxPrefix, reconnect: false });
  };

  before(async () => {
    cluster = await startSupercluster({
      regions: environment.regions,
      servers: environment.servers,
      accounts: accountsText(environment, tenants),
      settings: environment,
    });
    administrator = await connect(provisioner);
    const own = <T extends { account: string }>(all: T[]) => all.filter(({ account }) => account === "arrakis");
    for (const asset of own(assets.streams)) {
      if (asset.mirrorOf) continue;
      // What it holds is read at the end of a test.
      const isRead = asset.name === "INTERNAL";
      await createStream(administrator, isRead ? { ...asset, spec: { ...asset.spec, maxAge: "1h" } } : asset);
    }
    for (const asset of own(assets.consumers)) await createConsumer(administrator, scaled(asset));
    gateway = await connect("gateway");
    worker = await connect("worker");
  });
  after(async () => {
    await Promise.all([administrator, gateway, worker].map((each) => each?.close()));
    await cluster?.stop();
  });

  const connectionOf = (user: string): Record<string, string> => {
    const { login, inboxPrefix } = users.find(({ login }) => login === `arrakis-${user}`)!;
    return {
      NATS_URL: cluster.urls("iad").join(","),
      NATS_USER: login,
      NATS_PASSWORD: login,
      NATS_INBOX_PREFIX: inboxPrefix,
      NATS_CA: cluster.identity.clientCa,
    };
  };

  const guild = "200000000000000001";
  const role = { naib: "400000000000000001", usul: "400000000000000002" };
  const walletOf = (number: number) => `0x${number.toString(16).padStart(40, "0")}`;
  const memberOf = (number: number) => String(300_000_000_000_000_000n + BigInt(number));

  const variables = (discord: DiscordServer) => ({
    ...connectionOf("worker"),
    DISCORD_PROVIDER: "rest",
    DISCORD_TOKEN: botToken,
    DISCORD_APPLICATION_ID: applicationId,
    DISCORD_URL: discord.url,
    DISCORD_TIMEOUT: "1s",
    TIERS: "naib=1000,usul=10",
    TIER_ROLES: `${guild}/naib=${role.naib},${guild}/usul=${role.usul}`,
  });

  /** An interaction as the gateway publishes it. */
  async function command(known: KnownInteraction, name: string, data: object = {}, user = memberOf(1)): Promise<void> {
    const payload = {
      event_id: known.id,
      event_type: "interaction.create",
      timestamp: known.createdAt,
      guild_id: guild,
      channel_id: "500000000000000001",
      user_id: user,
      data: { interaction_id: known.id, interaction_token: known.token, command_name: name, ...data },
    };
    await jetstream(gateway).publish("commands.interaction", JSON.stringify(payload), {
      msgID: known.id,
      ...patiently,
    });
  }

  async function event(type: string, user: string | undefined, data: object, at = Date.now()): Promise<void> {
    const id = snowflake();
    const payload = { event_id: id, event_type: type, timestamp: at, guild_id: guild, user_id: user, data };
    await jetstream(gateway).publish(`events.${type}`, JSON.stringify(payload), { msgID: id, ...patiently });
  }

  /** Publishes a check; returns its answer. */
  async function check(check_type: CheckType, fields: object) {
    const id = snowflake();
    const payload = { event_id: id, timestamp: Date.now(), check_type, community_id: guild, ...fields };
    await jetstream(worker).publish(eligibilitySubjects[check_type], JSON.stringify(payload), {
      msgID: id,
      ...patiently,
    });
    return until(`an answer to ${check_type}`, async () => {
      const found = await last("INTERNAL", answerSubject(check_type));
      const answer = found && readMessage(eligibilityAnswer, found);
      return answer?.event_id === id && answer;
    });
  }

  async function last(stream: string, subject: string): Promise<Uint8Array | undefined> {
    const answer = await ask(administrator, `STREAM.MSG.GET.${stream}`, { last_by_subj: subject }).catch(
      (error: Error) => (/10037/.test(error.message) ? undefined : Promise.reject(error)),
    );
    const message = answer?.message as { data: string } | undefined;
    return message && Buffer.from(message.data, "base64");
  }

  const internal = async () => (await ask(administrator, "STREAM.INFO.INTERNAL")).state as { last_seq: number };

  /** Checks whose answer is not in the stream from a sequence on. */
  async function unanswered(ids: readonly string[], from: number): Promise<string[]> {
    const left = new Set(ids);
    for (let seq = from; seq <= (await internal()).last_seq; seq++) {
      const { message } = (await ask(administrator, "STREAM.MSG.GET.INTERNAL", { seq })) as {
        message: { data: string };
      };
      const answer = JSON.parse(Buffer.from(message.data, "base64").toString()) as { event_id?: string };
      if (answer.event_id) left.delete(answer.event_id);
    }
    return [...left];
  }

  const letters = async () =>
    ((await ask(administrator, "STREAM.INFO.DEAD_LETTERS")).state as { messages: number }).messages;

  const isAnswered = ({ edits }: KnownInteraction) => edits.length > 0;

  /** Sends an interaction, and further ones until one is done, which it returns. */
  const answered = (
    discord: DiscordServer,
    send: (known: KnownInteraction) => Promise<void>,
    isDone: (known: KnownInteraction) => boolean = isAnswered,
  ): Promise<KnownInteraction> =>
    until("an interaction is answered", async () => {
      const known = discord.interaction();
      await send(known);
      // One that is not deferred within 3 s is dropped; one that is will be answered, however long that takes.
      const isDropped = () => !known.callback && Date.now() - known.createdAt > 4_000;
      await pollUntil(() => isDone(known) || isDropped(), waitMs, 50);
      return isDone(known) && known;
    });

  const contentOf = (known: KnownInteraction) => String(known.edits.at(-1)?.content);

  it("one process with embedded state: an interaction, events and a batch; SIGTERM ends it with 0", async () => {
    const discord = await DiscordServer.start();
    const all = Workers.start(["npm", "run", "nats"], "workers/arrakis", variables(discord), await claimPorts());
    try {
      await all.ready();
      await event("guild.join", undefined, { name: "Sietch Tabr" });
      await event("member.join", memberOf(1), { username: "paul", wallet_address: walletOf(1) });
      await until("the profile", async () => {
        const known = await answered(discord, (next) => command(next, "profile"));
        assert.equal(known.callback?.body.type, 5);
        assert.ok(known.callback.after < 3_000, `deferred after ${known.callback.after} ms`);
        return /^\*\*paul\*\* #1, in no tier\nbalance 0/.test(contentOf(known));
      });
      const answer = await check("batch", { wallet_addresses: [walletOf(1), walletOf(2)] });
      assert.deepEqual(
        answer.results.map((each) => [each.wallet_address, each.tier, each.balance, each.rules.length]),
        [
          [walletOf(1), undefined, "0", 2],
          [walletOf(2), undefined, "0", 2],
        ],
      );
      const { checks } = await all.checks();
      assert.deepEqual([checks.redis, checks.database!.ok], [{ ok: true, used: false }, true]);
    } finally {
      await all.end("SIGTERM");
      await discord.close();
    }
    // npm itself ends by the signal.
    assert.match(all.lines.join("\n"), /"code":0,"msg":"ended"/);
    assert.doesNotMatch(all.lines.join("\n"), new RegExp(botToken));
  });

  describe("with PostgreSQL and Redis, a process a durable", () => {
    let discord: DiscordServer;
    let postgres: PostgresServer;
    let redis: RedisServer;
    let store: ProfileStore;
    let node: Awaited<ReturnType<typeof startNode>>;
    const running = {} as Record<Name, Workers>;
    let ports: number;

    const start = (name: Name): Workers =>
      Workers.start(
        [process.execPath, "-r", "./tools/runtime.cjs", "workers/arrakis/main.ts", name],
        ".",
        { ...variables(discord), DATABASE_URL: postgres.url, REDIS_URL: redis.url, RPC_URL: node.url },
        ports + names.indexOf(name),
      );

    before(async () => {
      [discord, postgres, redis, node, ports] = await Promise.all([
        DiscordServer.start(),
        startPostgres(),
        startRedis(),
        startNode(),
        claimPorts(),
      ]);
      store = profileStore({ url: postgres.url, connections: 2 }, () => undefined);
      for (const name of names) running[name] = start(name);
      await Promise.all(names.map((name) => running[name].ready()));
    });
    after(async () => {
      await Promise.all(Object.values(running).map((each) => each.end("SIGKILL")));
      await store?.close();
      await Promise.all([discord?.close(), node?.close(), postgres?.stop(), redis?.stop()]);
    });

    const nothingWaits = () =>
      until("nothing waits", async () => {
        const infos = await Promise.all(
          names.map((name) => {
            const { streams } = arrakis.consumers[name]!;
            return ask(administrator, `CONSUMER.INFO.${streams[0]}.${name}`);
          }),
        );
        return infos.every(({ num_pending, num_ack_pending }) => Number(num_pending) + Number(num_ack_pending) === 0);
      });

    it("events are in the profile store, and a member's tier and role follow from its wallet", async () => {
      node.balances.set(walletOf(1), 5_000n * 10n ** 18n);
      await event("guild.join", undefined, { name: "Sietch Tabr" });
      await event("member.join", memberOf(1), { username: "paul", roles: [], wallet_address: walletOf(1) });
      await event("member.join", memberOf(2), { username: "chani" });
      const paul = { guildId: guild, userId: memberOf(1) };
      const known = await until("a tier", async () => {
        const found = await store.find(paul);
        return found?.tier === undefined ? undefined : found;
      });
      assert.deepEqual([known.nym, known.tier, known.balance, known.rank], ["paul", "naib", "5000", 1]);
      await until("a role", () => discord.roles.get(`${guild} ${memberOf(1)}`)?.has(role.naib));
      await event("member.update", memberOf(1), { username: "paul", roles: [role.usul, role.naib] });
      await event("member.leave", memberOf(2), {});
      await event("guild.leave", undefined, {});
      await event("typing.start", memberOf(1), {});
      await until("it left", async () => (await store.community(guild))?.active === false);
      await nothingWaits();
      assert.equal(await store.find({ guildId: guild, userId: memberOf(2) }), undefined);
      assert.deepEqual([...discord.roles.get(`${guild} ${memberOf(1)}`)!], [role.naib]);
      assert.equal(await letters(), 0);
    });

    it("a single check, a batch and a sync are answered; a sync answers what has changed", async () => {
      const single = await check("single", { wallet_address: walletOf(1) });
      assert.deepEqual(
        single.results.map(({ tier, balance, rules }) => [tier, balance, rules.map(({ met }) => met)]),
        [["naib", "5000", [true, true]]],
      );
      node.balances.set(walletOf(7), 3n * 10n ** 17n + 10n * 10n ** 18n);
      const batch = await check("batch", { wallet_addresses: [walletOf(7), walletOf(1)] });
      assert.deepEqual(
        batch.results.map(({ tier, balance }) => [tier, balance]),
        [
          ["usul", "10.3"],
          ["naib", "5000"],
        ],
      );
      node.balances.set(walletOf(1), 20n * 10n ** 18n);
      const sync = await check("community_sync", {});
      assert.deepEqual(
        sync.results.map((each) => [each.wallet_address, each.tier]),
        [[walletOf(1), "usul"]],
      );
      assert.deepEqual((await check("community_sync", {})).results, []);
    });

    it("each of the eleven commands is deferred within 3 s and answered; so are buttons and selects", async () => {
      const admin = { member_permissions: "8" };
      const text = (name: string, value: string) => ({ name, type: 3, value });
      const asked: [string, object, RegExp][] = [
        ["stats", {}, /^\*\*1\*\* members, 1 with a wallet/],
        ["position", {}, /^You are \*\*#1\*\* with 20, usul\. 980 more for naib\.$/],
        ["threshold", {}, /^naib: 1000\nusul: 10$/],
        ["leaderboard", {}, /^#1 paul: 20 usul$/],
        ["naib", {}, /^No one is naib yet\.$/],
        ["profile", { options: [text("rename", "Muad'Dib")] }, /^\*\*Muad'Dib\*\* #1, usul/],
        ["badges", {}, /^No badges yet\.$/],
        ["directory", {}, /^Muad'Dib usul$/],
        ["alerts", {}, /^You are not told when your tier changes\.$/],
        ["admin-stats", admin, /^Sietch Tabr: inactive\n\*\*1\*\* members/],
        [
          "admin-badge",
          { ...admin, options: [text("nym", "muad'dib"), text("badge", "founder")] },
          /^Muad'Dib has now the badge founder\.$/,
        ],
        ["admin-stats", { member_permissions: "0" }, /^Only administrators/],
        ["", { interaction_type: 3, component_type: 2, custom_id: "alerts:on" }, /^You are told when/],
        [
          "",
          { interaction_type: 3, component_type: 3, custom_id: "directory:tier", values: ["usul"] },
          /^Muad'Dib usul$/,
        ],
      ];
      const answerTo = ([name, data]: (typeof asked)[number]) =>
        answered(discord, (known) => command(known, name, data));
      const all = await Promise.all(asked.slice(0, 5).map(answerTo));
      for (const one of asked.slice(5)) all.push(await answerTo(one));
      asked.forEach(([name, , expected], index) => {
        const known = all[index]!;
        assert.match(contentOf(known), expected, name);
        assert.ok(known.callback!.after < 3_000, `${name}: deferred after ${known.callback!.after} ms`);
      });
      const options = [{ ...text("nym", "Mua"), focused: true }];
      const typing = await answered(
        discord,
        (known) => command(known, "profile", { interaction_type: 4, options }),
        ({ callback }) => callback !== undefined,
      );
      assert.deepEqual(typing.callback!.body, {
        type: 8,
        data: { choices: [{ name: "Muad'Dib", value: "Muad'Dib" }] },
      });
    });

    it("a message of before NATS, in camel case, is handled alike", async () => {
      const known = await answered(discord, async ({ id, token }) => {
        const legacy = {
          eventId: id,
          eventType: "interaction.command.threshold",
          timestamp: Date.now(),
          guildId: guild,
          userId: memberOf(1),
          interactionId: id,
          interactionToken: token,
          data: {},
        };
        await jetstream(gateway).publish("commands.interaction", JSON.stringify(legacy), { msgID: id, ...patiently });
      });
      assert.equal(contentOf(known), "naib: 1000\nusul: 10");
    });

    it("an unknown command is a dead letter and its member is told; one past 3 s is dropped and counted", async () => {
      const before = await letters();
      // One that is dropped is no dead letter, so there is one, however often it is sent.
      const unknown = await answered(discord, (next) => command(next, "sandworm"));
      assert.equal(contentOf(unknown), "This command is not known here.");
      await jetstream(gateway).publish("commands.interaction", '{"test": true}');
      await until("dead letters", async () => (await letters()) === before + 2);
      await nothingWaits();
      await running["command-worker"].end("SIGTERM");
      const known = discord.interaction();
      await command(known, "stats");
      await until("3 s are over", () => Date.now() - known.createdAt > 3_200);
      running["command-worker"] = start("command-worker");
      await running["command-worker"].ready();
      // `unknown`: a request of the worker before had it delivered to no one, so that Discord was asked.
      const count = (outcome: string) => running["command-worker"].metric("arrakis_interactions_total", `"${outcome}"`);
      await until("it is dropped", async () => (await count("late")) + (await count("unknown")) === 1);
      assert.deepEqual([known.callback, known.edits], [undefined, []]);
    });

    it("killed with commands in hand, the next worker answers those that were deferred", async () => {
      discord.delay = 300;
      const all: KnownInteraction[] = [];
      const areDeferred = () => all.some(({ callback }) => callback);
      await until("some are deferred", async () => {
        const began = Date.now();
        const sent = Array.from({ length: 8 }, () => discord.interaction(began));
        all.push(...sent);
        await Promise.all(sent.map((known) => command(known, "stats")));
        await pollUntil(() => areDeferred() || Date.now() - began > 4_000, waitMs, 50);
        return areDeferred();
      });
      await running["command-worker"].end("SIGKILL");
      discord.delay = 0;
      running["command-worker"] = start("command-worker");
      await running["command-worker"].ready();
      await nothingWaits();
      for (const { callback, edits } of all) assert.equal(edits.length > 0, callback !== undefined);
      assert.ok(all.filter(({ edits }) => edits.length > 0).length >= 1);
    });

    it("killed with events, checks and a sync in hand, none is lost", async () => {
      node.balances.set(walletOf(100), 11n * 10n ** 18n);
      const stored = async () => (await store.stats(guild)).members;
      const before = await stored();
      const joins = Array.from({ length: 120 }, (_, index) => 100 + index);
      const published = joins.map((number) =>
        event("member.join", memberOf(number), { username: `fremen-${number}`, wallet_address: walletOf(number) }),
      );
      await until("some are stored", async () => (await stored()) > before);
      await running["event-worker"].end("SIGKILL");
      running["event-worker"] = start("event-worker");
      await Promise.all(published);
      const asked = node.requests.length;
      await until("checks run", () => node.requests.length > asked);
      await running["eligibility-worker"].end("SIGKILL");
      running["eligibility-worker"] = start("eligibility-worker");
      const syncing = check("community_sync", {});
      await running["sync-worker"].end("SIGKILL");
      running["sync-worker"] = start("sync-worker");
      await syncing;
      await nothingWaits();
      assert.equal(await stored(), before + joins.length);
      assert.equal((await store.find({ guildId: guild, userId: memberOf(100) }))?.tier, "usul");
    });

    it("while Discord is away, roles and open deferrals wait, readiness says so; then it goes on", async () => {
      await Promise.all(names.map((name) => running[name].ready()));
      const before = await letters();
      discord.fault = "refuse";
      node.balances.set(walletOf(1), 2_000n * 10n ** 18n);
      const id = snowflake();
      const payload = { event_id: id, timestamp: Date.now(), check_type: "single", community_id: guild };
      const body = JSON.stringify({ ...payload, wallet_address: walletOf(1) });
      await jetstream(worker).publish(eligibilitySubjects.single, body, { msgID: id });
      await until("not ready", async () => !(await running["eligibility-worker"].isReady()));
      const known = await until("not ready", async () => {
        const one = discord.interaction();
        await command(one, "stats");
        const isAway = async () => !(await running["command-worker"].isReady());
        await pollUntil(async () => (await isAway()) || Date.now() - one.createdAt > 4_000, waitMs, 50);
        return (await isAway()) && one;
      });
      assert.equal(await running["command-worker"].isAlive(), true);
      const over = () => running["command-worker"].metric("arrakis_interactions_total", 'outcome="unknown"');
      const overBefore = await over();
      // Whether its deferral has arrived is not known: it is asked about again, when nothing else can be done for it.
      await sleep(Math.max(0, known.createdAt + 3_100 - Date.now()));
      discord.fault = undefined;
      await until("it is over", async () => (await over()) > overBefore);
      await until("ready, also without another command", () => running["command-worker"].isReady());
      await until("a role", () => discord.roles.get(`${guild} ${memberOf(1)}`)?.has(role.naib));
      const next = await answered(discord, (again) => command(again, "position"));
      assert.match(contentOf(next), /naib\.$/);
      assert.equal(await letters(), before);
      await until("ready", async () =>
        (await Promise.all(names.map((name) => running[name].isReady()))).every(Boolean),
      );
    });

    it("while PostgreSQL is away, events wait and members are told to try again; none is a dead letter", async () => {
      const before = await letters();
      await postgres.pause();
      await event("member.join", memberOf(500), { username: "stilgar" });
      await until("not ready", async () => !(await running["event-worker"].isReady()));
      await postgres.start();
      await until("stored", async () => await store.find({ guildId: guild, userId: memberOf(500) }));
      await until("ready", () => running["event-worker"].isReady());
      assert.equal(await letters(), before);
    });

    it("while Redis is away, commands are answered, and readiness says so", async () => {
      await redis.pause();
      await until("not ready", async () => !(await running["command-worker"].isReady()));
      await answered(discord, (known) => command(known, "threshold"));
      await running["command-worker"].end("SIGTERM");
      running["command-worker"] = start("command-worker");
      // One that starts meanwhile answers too.
      await answered(discord, (known) => command(known, "threshold"));
      assert.equal(await running["command-worker"].isReady(), false);
      await redis.start();
      await until("ready", () => running["command-worker"].isReady());
    });

    it("an hour without Discord, PostgreSQL and Redis, scaled, under traffic: nothing is lost", async () => {
      await Promise.all(names.map((name) => running[name].ready()));
      await nothingWaits();
      const before = await letters();
      const answersFrom = (await internal()).last_seq + 1;
      const joined: number[] = [];
      const checked: string[] = [];
      let isOver = false;
      const traffic = (async () => {
        for (let number = 1_000; !isOver; number++) {
          joined.push(number);
          await event("member.join", memberOf(number), {
            username: `fremen-${number}`,
            wallet_address: walletOf(number),
          });
          const id = snowflake();
          checked.push(id);
          const payload = { event_id: id, timestamp: Date.now(), check_type: "single", community_id: guild };
          const body = JSON.stringify({ ...payload, wallet_address: walletOf(number) });
          await jetstream(worker).publish(eligibilitySubjects.single, body, { msgID: id });
          // What cannot be answered within its time is dropped and counted: it is no dead letter.
          await command(discord.interaction(), "stats");
          await sleep(200);
        }
      })();
      discord.fault = "refuse";
      await Promise.all([postgres.pause(), redis.pause()]);
      const hourEnds = Date.now() + hourMs;
      for (const name of ["event-worker", "eligibility-worker", "command-worker"] as const) {
        await until(`${name} is not ready`, async () => !(await running[name].isReady()));
        assert.equal(await running[name].isAlive(), true, name);
      }
      await sleep(Math.max(0, hourEnds - Date.now()));
      await until("traffic", () => joined.length >= 20);
      discord.fault = undefined;
      await Promise.all([postgres.start(), redis.start()]);
      isOver = true;
      await traffic;
      await nothingWaits();
      await Promise.all(names.map((name) => running[name].ready()));
      assert.ok(joined.length >= 20, `${joined.length} rounds of traffic`);
      const stored = await Promise.all(
        joined.map((number) => store.find({ guildId: guild, userId: memberOf(number) })),
      );
      assert.ok(stored.every(Boolean), "every member is stored");
      assert.deepEqual(await unanswered(checked, answersFrom), [], "every check is answered");
      assert.equal(await letters(), before, "no dead letter");
    });

    it("SIGTERM ends every worker with 0, and no user lacked a permission", async () => {
      assert.deepEqual(await Promise.all(names.map((name) => running[name].end("SIGTERM"))), [0, 0, 0, 0]);
      for (const name of names) {
        const log = running[name].lines.join("\n");
        assert.doesNotMatch(log, new RegExp(`${botToken}|permissions violation`, "i"));
      }
    });
  });
});

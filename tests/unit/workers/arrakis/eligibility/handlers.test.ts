import assert from "node:assert/strict";
import { pino } from "pino";
import { Registry } from "prom-client";
import { EligibilityNatsConsumer } from "../../../../../workers/arrakis/consumers/eligibility";
import { DiscordLimited, DiscordRefused, DiscordUnavailable } from "../../../../../workers/arrakis/discord/discord";
import { eligibilityHandlers, type EligibilityPorts } from "../../../../../workers/arrakis/eligibility/handlers";
import { BalancesUnavailable } from "../../../../../workers/arrakis/eligibility/rules";
import {
  eligibilityCheckPayload,
  type EligibilityAnswer,
  type EligibilityResult,
} from "../../../../../workers/arrakis/messages";
import { arrakisMetrics } from "../../../../../workers/arrakis/metrics";
import type { Profile } from "../../../../../workers/arrakis/profiles/profile";
import { memoryState } from "../../../../../workers/arrakis/state/memory";

const log = pino({ level: "silent" });
const walletOf = (number: number) => `0x${number.toString(16).padStart(40, "0")}`;
const common = { event_id: "1", timestamp: 5, community_id: "2" };
const member: Profile = {
  ...{ guildId: "2", userId: "3", balance: "0", active: true, activity: 1, alerts: true, roles: ["8"], tier: "naib" },
};

/** A consumer over a community of wallets, whose members are all one. */
function consumerOf(change: Partial<EligibilityPorts> = {}, wallets: string[] = []) {
  const checked: string[] = [];
  const calls: unknown[] = [];
  const changes: EligibilityResult[] = [];
  const answers: { subject: string; data: EligibilityAnswer; id: string }[] = [];
  const ports: EligibilityPorts = {
    store: {
      applyCheck: (_guild, result, _at, of) => {
        if (of?.sync) changes.push(result);
        return Promise.resolve([{ ...member, before: undefined }]);
      },
      changesOf: () => Promise.resolve(changes),
      noteRoles: (_member, roles) => Promise.resolve(void calls.push(["roles", ...roles])),
      wallets: (_guild, after, limit) => Promise.resolve(wallets.filter((each) => each > after).slice(0, limit)),
    },
    rules: {
      evaluate: (wallet_address) => {
        checked.push(wallet_address);
        return Promise.resolve({ wallet_address, tier: "naib", balance: "1", rules: [] });
      },
    },
    discord: {
      setRole: (_member, role, has) => Promise.resolve(void calls.push([role, has])),
      directMessage: (user, { content }, nonce) => Promise.resolve(void calls.push([user, content, nonce.length])),
    },
    state: memoryState(),
    tierRoles: { "2": { naib: "9", usul: "8" } },
    ...change,
  };
  const consumer = new EligibilityNatsConsumer(
    "eligibility-worker",
    { log },
    {
      handlers: eligibilityHandlers(ports),
      publisher: {
        publish: (subject, data, { id }) => {
          answers.push({ subject, data: data as EligibilityAnswer, id });
          return Promise.resolve({ stream: "", seq: 1, duplicate: false, domain: "" });
        },
      },
      metrics: arrakisMetrics(new Registry()),
    },
  );
  const process = (fields: object) => consumer.processMessage(eligibilityCheckPayload.parse({ ...common, ...fields }));
  return { process, checked, calls, answers, ports };
}

const single = { check_type: "single", wallet_address: walletOf(1) };

describe("eligibility checks", () => {
  it("set tier and roles, tell who wants to be told, and are answered with the check's id", async () => {
    const { process, calls, answers } = consumerOf();
    assert.deepEqual(await process(single), { success: true });
    assert.deepEqual(calls, [
      ["9", true],
      ["8", false],
      ["roles", "9"],
      ["3", "Your tier is now naib.", 25],
    ]);
    const [{ subject, id, data }] = answers as [(typeof answers)[0]];
    assert.deepEqual([subject, id, data.event_id], ["internal.eligibility.single", "1:answer", "1"]);
    assert.deepEqual(data.results, [{ wallet_address: walletOf(1), tier: "naib", balance: "1", rules: [] }]);
  });

  it("answer a batch in its order", async () => {
    const { process, answers } = consumerOf();
    const wallet_addresses = Array.from({ length: 25 }, (_, index) => walletOf(25 - index));
    await process({ check_type: "batch", wallet_addresses });
    assert.deepEqual(
      answers[0]!.data.results.map((each) => each.wallet_address),
      wallet_addresses,
    );
  });

  it("a sync that was interrupted goes on where it was", async () => {
    const wallets = Array.from({ length: 250 }, (_, index) => walletOf(index + 1));
    const state = memoryState();
    const sync = { check_type: "community_sync" };
    let left = 150;
    const failing = {
      evaluate: (wallet_address: string) =>
        left-- > 0
          ? Promise.resolve({ wallet_address, balance: "0", rules: [] })
          : Promise.reject(new BalancesUnavailable("away")),
    };
    const first = consumerOf({ state, rules: failing }, wallets);
    assert.equal((await first.process(sync)).unavailable, true);
    const second = consumerOf({ state }, wallets);
    assert.deepEqual(await second.process(sync), { success: true });
    assert.deepEqual(second.checked, wallets.slice(100));
    const broken = () => Promise.reject(new Error("away"));
    const without = consumerOf({ state: { get: broken, set: broken } }, wallets);
    assert.deepEqual(await without.process(sync), { success: true });
    assert.equal(without.checked.length, 250);
  });

  it("wait while Discord or the nodes do not answer; a role or message that is refused stops nothing", async () => {
    const away = {
      setRole: () => Promise.reject(new DiscordUnavailable("away", 9)),
      directMessage: () => Promise.resolve(),
    };
    const { unavailable, retryAfter } = await consumerOf({ discord: away }).process(single);
    assert.deepEqual([unavailable, retryAfter], [true, 9]);
    const refuse = () => Promise.reject(new DiscordRefused("Cannot send messages to this user", 50007));
    const refused = consumerOf({ discord: { setRole: refuse, directMessage: refuse } });
    assert.deepEqual(await refused.process(single), { success: true });
    assert.equal(refused.answers.length, 1);
  });

  it("a limit of Discord on some calls is waited for; a long one is that message's failure, for as long", async () => {
    let limits = 2;
    const { process, calls } = consumerOf({
      discord: {
        setRole: (_member, role, has) =>
          limits-- > 0 ? Promise.reject(new DiscordLimited("429", 5)) : Promise.resolve(void calls.push([role, has])),
        directMessage: () => Promise.reject(new DiscordLimited("429", 3_600_000)),
      },
    });
    assert.deepEqual(await process(single), { success: true });
    assert.deepEqual(calls, [
      ["9", true],
      ["8", false],
      ["roles", "9"],
    ]);
    const limited = () => Promise.reject(new DiscordLimited("429", 600_000));
    const long = await consumerOf({ discord: { setRole: limited, directMessage: limited } }).process(single);
    assert.deepEqual([long.unavailable, long.retryable, long.retryAfter], [undefined, true, 600_000]);
  });

  it("events from the future are refused, by more than clocks may differ", () => {
    const at = (timestamp: number | string) =>
      eligibilityCheckPayload.safeParse({ ...common, ...single, timestamp }).error?.issues[0]?.message;
    assert.equal(at(Date.now() + 60_000), undefined);
    assert.equal(at(new Date(Date.now() + 60_000).toISOString()), undefined);
    const refusal = /at most 5 minutes ahead of the clock/;
    assert.match(at(Date.now() + 10 * 60_000)!, refusal);
    assert.match(at("9999-12-31T00:00:00Z")!, refusal);
    assert.match(at(Date.now() * 1_000)!, refusal);
  });
});

import assert from "node:assert/strict";
import { pino } from "pino";
import { EventNatsConsumer } from "../../../../../workers/arrakis/consumers/event";
import { registerEventHandlers } from "../../../../../workers/arrakis/handlers/events";
import type { HandlerFn } from "../../../../../workers/arrakis/handlers/registry";
import { gatewayEventPayload } from "../../../../../workers/arrakis/messages";
import type { Profile } from "../../../../../workers/arrakis/profiles/profile";
import { DatabaseUnavailable } from "../../../../../workers/database/database";

const log = pino({ level: "silent" });
const wallet = `0x${"a".repeat(40)}`;
const tierRoles = { "2": { naib: "9" } };

const event = (event_type: string, data: object = {}, change: object = {}) =>
  gatewayEventPayload.parse({ event_id: "1", event_type, timestamp: 5, guild_id: "2", user_id: "3", data, ...change });

/** A consumer over a store that knows one member, and notes calls and what is published. */
function consumerOf(profile: Partial<Profile> = {}, legacy = new Map<string, HandlerFn>()) {
  const calls: unknown[] = [];
  const published: { subject: string; data: unknown; id: string }[] = [];
  const known: Profile = {
    ...{ guildId: "2", userId: "3", balance: "0", active: true, activity: 1, alerts: false, roles: [] },
    ...profile,
  };
  const note =
    <R>(name: string, result: R) =>
    (given: object) => {
      calls.push([name, given]);
      return Promise.resolve("wallet" in given && given.wallet ? { ...result, wallet: given.wallet } : result);
    };
  const native = registerEventHandlers({
    store: {
      guildJoined: note("guildJoined", undefined),
      guildLeft: note("guildLeft", undefined),
      memberJoined: note("memberJoined", known),
      memberUpdated: note("memberUpdated", known),
      memberLeft: note("memberLeft", undefined),
    },
    publisher: {
      publish: (subject, data, { id }) => {
        published.push({ subject, data, id });
        return Promise.resolve({ stream: "", seq: 1, duplicate: false, domain: "" });
      },
    },
    tierRoles,
  });
  const consumer = new EventNatsConsumer({ log }, { native, legacy });
  const process = (payload: ReturnType<typeof event>) => consumer.processMessage({ payload });
  return { process, calls, published };
}

describe("events of guilds and members", () => {
  it("make, change and end communities and profiles", async () => {
    const { process, calls } = consumerOf();
    await process(event("guild.join", { name: "Sietch" }));
    await process(event("guild.leave"));
    await process(event("member.join", { username: "paul", roles: ["1"] }));
    await process(event("member.update", { nick: "usul" }));
    await process(event("member.leave"));
    const member = { guildId: "2", userId: "3", at: 5 };
    assert.deepEqual(JSON.parse(JSON.stringify(calls)), [
      ["guildJoined", { guildId: "2", at: 5, name: "Sietch" }],
      ["guildLeft", { guildId: "2", at: 5 }],
      ["memberJoined", { ...member, nym: "paul", roles: ["1"] }],
      ["memberUpdated", { ...member, nym: "usul" }],
      ["memberLeft", member],
    ]);
  });

  it("a member that joins with a wallet is checked; delivered again, the event asks for the same check", async () => {
    const { process, published } = consumerOf();
    const joined = event("member.join", { wallet_address: wallet });
    await process(joined);
    await process(joined);
    assert.deepEqual(
      published.map(({ subject, id }) => [subject, id]),
      [
        ["eligibility.check.single", "1:check"],
        ["eligibility.check.single", "1:check"],
      ],
    );
    assert.equal((published[0]!.data as { wallet_address: string }).wallet_address, wallet);
    const without = consumerOf();
    await without.process(event("member.join"));
    assert.deepEqual(without.published, []);
  });

  it("an update whose roles are not those of the tier is checked, and no other", async () => {
    const wrong = consumerOf({ wallet, tier: "naib", roles: [] });
    await wrong.process(event("member.update"));
    assert.equal(wrong.published.length, 1);
    const right = consumerOf({ wallet, tier: "naib", roles: ["9", "10"] });
    await right.process(event("member.update"));
    assert.deepEqual(right.published, []);
  });

  it("from the future are refused: they would stand for good", () => {
    assert.throws(() => event("member.update", {}, { timestamp: Date.now() + 3_600_000 }), /ahead of the clock/);
  });

  it("without a guild or member are terminal", async () => {
    for (const type of ["guild.join", "guild.leave", "member.join", "member.leave", "member.update"]) {
      const result = await consumerOf().process(event(type, {}, { guild_id: null }));
      assert.deepEqual([result.success, result.retryable], [false, undefined], type);
    }
  });

  it("go to native handlers first, then to legacy ones; others are acknowledged", async () => {
    const seen: string[] = [];
    const legacy: HandlerFn = ({ eventType }) => {
      seen.push(eventType);
      return Promise.resolve("nack-requeue");
    };
    const { process, calls } = consumerOf(
      {},
      new Map([
        ["guild.join", legacy],
        ["role.create", legacy],
      ]),
    );
    await process(event("guild.join"));
    const { retryable, retryAfter } = await process(event("role.create"));
    assert.deepEqual([seen, calls.length, retryable, retryAfter], [["role.create"], 1, true, 5_000]);
    assert.deepEqual(await process(event("typing.start")), { success: true });
  });

  it("wait while the database does not answer, and are tried again for other errors", async () => {
    for (const [error, expected] of [
      [new DatabaseUnavailable("away"), [true, undefined]],
      [new Error("a mistake"), [undefined, true]],
    ] as const) {
      const consumer = new EventNatsConsumer(
        { log },
        { native: new Map([["guild.join", () => Promise.reject(error)]]), legacy: new Map() },
      );
      const { unavailable, retryable } = await consumer.processMessage({ payload: event("guild.join") });
      assert.deepEqual([unavailable, retryable], expected);
    }
  });
});

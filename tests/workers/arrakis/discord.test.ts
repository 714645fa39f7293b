import assert from "node:assert/strict";
import { restDiscord } from "../../../workers/arrakis/discord/rest";
import {
  DiscordLimited,
  DiscordRefused,
  DiscordUnavailable,
  type Discord,
} from "../../../workers/arrakis/discord/discord";
import { applicationId, banned, botToken, DiscordServer, rateLimited } from "../../support/discord";
import { claimPorts } from "../../support/ports";
import { serversMs } from "../../support/limits";

describe("Discord by its REST API", function () {
  this.timeout(serversMs);
  let server: DiscordServer;
  let discord: Discord;
  const settings = (url: string) => ({ url, applicationId, token: botToken, timeout: 2_000 });
  before(async () => {
    server = await DiscordServer.start();
    discord = restDiscord(settings(server.url));
  });
  afterEach(() => {
    server.fault = undefined;
    server.faultOf = undefined;
    server.delay = 0;
  });
  after(async () => {
    await discord.close();
    await server.close();
  });

  it("defers an interaction, answers it and follows up; a second deferral finds it acknowledged", async () => {
    const known = server.interaction();
    assert.equal(await discord.defer(known, "private", 3_000), "deferred");
    assert.deepEqual(known.callback?.body, { type: 5, data: { flags: 64 } });
    assert.equal(await discord.defer(known, "public", 3_000), "already");
    await discord.editReply(known, { content: "done" });
    await discord.followUp({ ...known, applicationId }, { content: "and more" });
    assert.deepEqual([known.edits, known.followUps], [[{ content: "done" }], [{ content: "and more" }]]);
    assert.deepEqual(server.pinging, [], "text of members, such as @everyone in a name, notifies none");
    const component = server.interaction();
    assert.equal(await discord.defer(component, "update", 3_000), "deferred");
    assert.equal(component.callback?.body.type, 6);
  });

  it("says that an interaction is unknown after 3 s, and that an answer is refused after 15 minutes", async () => {
    assert.equal(await discord.defer(server.interaction(Date.now() - 3_100), "public", 3_000), "unknown");
    assert.equal(await discord.autocomplete({ id: "1", token: "none" }, []), "unknown");
    const known = server.interaction();
    await discord.defer(known, "public", 3_000);
    known.createdAt -= 15 * 60_000;
    await assert.rejects(
      discord.editReply(known, { content: "late" }),
      (error) => error instanceof DiscordRefused && error.code === 10015,
    );
  });

  it("completes what a member types", async () => {
    const known = server.interaction();
    const choices = [{ name: "paul", value: "paul" }];
    assert.equal(await discord.autocomplete(known, choices), "answered");
    assert.deepEqual(known.callback?.body, { type: 8, data: { choices } });
  });

  it("gives and takes roles, and writes to a member, as the bot", async () => {
    const member = { guildId: "200000000000000001", userId: "300000000000000001" };
    const role = "400000000000000001";
    await discord.setRole(member, role, true);
    assert.deepEqual(
      [...server.roles.values()].map((roles) => [...roles]),
      [[role]],
    );
    await discord.setRole(member, role, false);
    assert.deepEqual(
      [...server.roles.values()].map((roles) => [...roles]),
      [[]],
    );
    await discord.directMessage(member.userId, { content: "hello" }, "nonce");
    assert.deepEqual(server.directMessages, [{ userId: member.userId, content: "hello" }]);
    assert.deepEqual(server.pinging, []);
    const other = restDiscord({ ...settings(server.url), token: "wrong" });
    await assert.rejects(
      other.setRole(member, role, true),
      /^DiscordUnavailable: Discord 401 \(0\): 401: Unauthorized/,
    );
    await other.close();
  });

  it("is logged in again after an answer that it is not", async () => {
    const member = { guildId: "100000000000000001", userId: "300000000000000009" };
    server.fault = [401, { message: "401: Unauthorized", code: 0 }];
    await assert.rejects(discord.setRole(member, "400000000000000001", true), DiscordUnavailable);
    server.fault = undefined;
    await discord.setRole(member, "400000000000000001", true);
  });

  it("refuses the token of an interaction that is over, which is no outage", async () => {
    server.fault = [401, { message: "Invalid Webhook Token", code: 50027 }];
    await assert.rejects(discord.editReply(server.interaction(), { content: "x" }), (error) => {
      assert.ok(error instanceof DiscordRefused);
      assert.equal(error.code, 50027);
      return true;
    });
    server.fault = undefined;
  });

  it("waits for a short rate limit, and fails at once for a long one, with what it asks to wait", async () => {
    const known = server.interaction();
    server.fault = rateLimited(1);
    const answered = discord.defer(known, "public", 3_000);
    setTimeout(() => (server.fault = undefined), 50);
    assert.equal(await answered, "deferred");
    server.fault = rateLimited(60);
    const began = server.requests;
    await assert.rejects(discord.editReply(known, { content: "x" }), (error) => {
      assert.ok(error instanceof DiscordLimited);
      assert.ok(error.retryAfter >= 59_000, String(error.retryAfter));
      return true;
    });
    assert.equal(server.requests, began + 1);
  });

  it("a limit of some calls is no outage: others go on; one of all calls is, and one of the address", async () => {
    const own = restDiscord(settings(server.url));
    const [member, role] = [{ guildId: "200000000000000009", userId: "300000000000000002" }, "400000000000000001"];
    server.faultOf = { path: /\/roles\//, answer: rateLimited(60) };
    for (let calls = 0; calls < 2; calls++) await assert.rejects(own.setRole(member, role, true), DiscordLimited);
    // Without asking again: the client knows when that bucket has room.
    const before = server.requests;
    await assert.rejects(own.setRole(member, role, true), DiscordLimited);
    assert.equal(server.requests, before);
    const known = server.interaction();
    assert.equal(await own.defer(known, "public", 3_000), "deferred");
    await own.editReply(known, { content: "x" });
    await own.close();
    for (const fault of [rateLimited(60, true), banned(60)]) {
      const other = restDiscord(settings(server.url));
      server.fault = fault;
      await assert.rejects(
        other.setRole(member, role, true),
        (error) => error instanceof DiscordUnavailable && error.retryAfter! >= 59_000,
      );
      await other.close();
    }
  });

  it("is asked for whether it answers at all by a call without a login", async () => {
    await discord.check();
    server.fault = [403, { message: "Missing Access", code: 50001 }];
    await discord.check();
    server.fault = "refuse";
    await assert.rejects(discord.check(), DiscordUnavailable);
  });

  it("is unavailable where it answers 5xx, not in time, or not at all: never later than is allowed", async () => {
    const port = await claimPorts();
    const known = server.interaction();
    server.fault = [503, { message: "down", code: 0 }];
    await assert.rejects(
      discord.editReply(known, { content: "x" }),
      /^DiscordUnavailable: Discord: .*Service Unavailable/,
    );
    server.fault = "refuse";
    await assert.rejects(discord.editReply(known, { content: "x" }), DiscordUnavailable);
    server.fault = undefined;
    server.delay = 1_000;
    await assert.rejects(discord.defer(known, "public", 300), /DiscordUnavailable: Discord: no answer within 300 ms/);
    const nobody = restDiscord(settings(`http://127.0.0.1:${port}`));
    await assert.rejects(nobody.defer(known, "public", 3_000), /DiscordUnavailable: .*ECONNREFUSED/);
    await nobody.close();
  });
});

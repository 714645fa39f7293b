import assert from "node:assert/strict";
import fc from "fast-check";
import {
  type ConsumeResult,
  interactionEventType,
  processResultOf,
  receivedEvent,
  receivedInteraction,
  toDiscordEventPayload,
} from "../../../../workers/arrakis/bridges";
import { gatewayEventPayload, interactionPayload } from "../../../../workers/arrakis/messages";
import { checkMessage, MessageError } from "../../../../workers/messaging";

/** As the gateway publishes it: with fields that nothing here knows. */
const interaction = {
  event_id: "7f1b",
  event_type: "interaction.create",
  timestamp: 1_700_000_000_000,
  shard_id: 2,
  guild_id: "200000000000000001",
  channel_id: "500000000000000001",
  user_id: "300000000000000001",
  data: {
    interaction_id: "600000000000000001",
    interaction_token: "token",
    interaction_type: 2,
    command_name: "stats",
    options: [{ name: "group", options: [{ name: "nym", value: "paul", focused: true }] }],
    locale: "en-GB",
  },
  trace: "abc",
};

const legacy = {
  eventId: "7f1b",
  eventType: "interaction.command.stats",
  timestamp: 1_700_000_000_000,
  shardId: 2,
  guildId: "200000000000000001",
  channelId: "500000000000000001",
  userId: "300000000000000001",
  interactionId: "600000000000000001",
  interactionToken: "token",
  data: { options: [], locale: "en-GB" },
  queue: "high",
};

describe("bridges of arrakis", () => {
  it("snake case goes through unchanged, also in fields that are not known", () => {
    assert.deepEqual(checkMessage(receivedInteraction, interaction), { payload: interaction });
    const event = { ...interaction, event_type: "member.join", data: { roles: ["1"], x: { y: 1 } } };
    assert.deepEqual(checkMessage(receivedEvent, event), { payload: event });
  });

  it("maps all fields for legacy handlers", () => {
    assert.deepEqual(toDiscordEventPayload(interactionPayload.parse(interaction)), {
      eventId: "7f1b",
      eventType: "interaction.command.stats",
      timestamp: 1_700_000_000_000,
      shardId: 2,
      guildId: "200000000000000001",
      channelId: "500000000000000001",
      userId: "300000000000000001",
      interactionId: "600000000000000001",
      interactionToken: "token",
      data: interaction.data,
    });
    const event = gatewayEventPayload.parse({ ...interaction, event_type: "guild.join", data: { name: "x" } });
    const { eventType, data, interactionId } = toDiscordEventPayload(event);
    assert.deepEqual([eventType, data, interactionId], ["guild.join", { name: "x" }, undefined]);
  });

  it("legacy messages reach legacy handlers unchanged, and others as the gateway would have them", () => {
    const { payload, legacy: own } = checkMessage(receivedInteraction, legacy);
    assert.deepEqual(own, legacy);
    assert.deepEqual(
      [payload.event_id, payload.data.command_name, payload.data.interaction_id, payload.data.locale],
      ["7f1b", "stats", "600000000000000001", "en-GB"],
    );
    assert.equal(interactionEventType(payload), legacy.eventType);
    const join = { ...legacy, eventType: "member.join", interactionId: undefined, interactionToken: undefined };
    const received = checkMessage(receivedEvent, join);
    assert.deepEqual([received.payload.event_type, received.legacy], ["member.join", join]);
    for (const kind of ["autocomplete", "button", "select", "modal"]) {
      const data = kind === "autocomplete" ? {} : { custom_id: "alerts:on" };
      const eventType = `interaction.${kind}.alerts`;
      const { payload: read } = checkMessage(receivedInteraction, { ...legacy, eventType, data });
      assert.equal(interactionEventType(read), eventType);
    }
  });

  it("name events by what was used, and say so where that is missing", () => {
    const of = (data: object) =>
      interactionEventType(interactionPayload.parse({ ...interaction, data: { ...interaction.data, ...data } }));
    assert.equal(of({}), "interaction.command.stats");
    assert.equal(of({ command_name: undefined }), "interaction.command.unknown");
    assert.equal(of({ interaction_type: undefined }), "interaction.command.stats");
    assert.equal(of({ interaction_type: 4 }), "interaction.autocomplete.stats");
    assert.equal(of({ interaction_type: 3, component_type: 2, custom_id: "a:b:c" }), "interaction.button.a");
    assert.equal(of({ interaction_type: 3, component_type: 3, custom_id: "a" }), "interaction.select.a");
    assert.equal(of({ interaction_type: 5, custom_id: "a" }), "interaction.modal.a");
    assert.equal(of({ interaction_type: 3 }), "interaction.button.unknown");
  });

  it("ConsumeResult: ack acknowledges, nack terminates, nack-requeue comes back after 5 s", () => {
    const error = new Error("why");
    const expected: Record<ConsumeResult, object> = {
      ack: { success: true },
      nack: { success: false, error },
      "nack-requeue": { success: false, retryable: true, retryAfter: 5_000, error },
    };
    for (const [result, becomes] of Object.entries(expected))
      assert.deepEqual(processResultOf(result as ConsumeResult, error), becomes);
    assert.match(processResultOf("nack").error!.message, /refused/);
  });

  it("report every mistake of a message in either form, and no values", () => {
    const problems = (schema: typeof receivedInteraction, message: unknown): readonly string[] => {
      try {
        checkMessage(schema, message);
        return [];
      } catch (error) {
        assert.ok(error instanceof MessageError);
        return error.problems;
      }
    };
    assert.deepEqual(
      problems(receivedInteraction, { test: true }).map((line) => line.replace(/:.*/, "")),
      ["event_id", "timestamp", "data"],
    );
    assert.deepEqual(
      problems(receivedInteraction, { ...legacy, guildId: "x", timestamp: null }).map((line) =>
        line.replace(/:.*/, ""),
      ),
      ["timestamp", "guildId"],
    );
    assert.deepEqual(problems(receivedInteraction, { ...legacy, interactionId: undefined }).length, 2);
    fc.assert(
      fc.property(fc.anything(), (message) => {
        assert.ok(problems(receivedInteraction, message).length > 0);
      }),
    );
  });
});

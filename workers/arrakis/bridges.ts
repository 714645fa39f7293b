import * as z from "zod";
import type { ProcessResult } from "../messaging";
import {
  buttonComponent,
  type DiscordEventPayload,
  discordEventPayload,
  gatewayEventPayload,
  type GatewayEventPayload,
  interactionPayload,
  type InteractionPayload,
  interactionTypes,
} from "./messages";

/*
 * Bridges between messages of NATS and handlers of before: their payloads one way, their results the other.
 */

/** What a legacy handler returns: done; given up; to be tried again. */
export type ConsumeResult = "ack" | "nack" | "nack-requeue";

/** The source's wait before another attempt, in milliseconds: `nak(5000)`. */
const requeueMs = 5_000;

/** What the messaging library does for each: acknowledge, terminate, deliver again after 5 s. */
export function processResultOf(result: ConsumeResult, error?: Error): ProcessResult {
  switch (result) {
    case "ack":
      return { success: true };
    case "nack":
      return { success: false, error: error ?? new Error("the handler refused it") };
    case "nack-requeue":
      return {
        success: false,
        retryable: true,
        retryAfter: requeueMs,
        error: error ?? new Error("the handler asks to try again"),
      };
  }
}

/** The name that a handler is registered by: `interaction.command.stats`, `interaction.button.leaderboard`. */
export function interactionEventType({ data }: InteractionPayload): string {
  const { interaction_type: type, command_name: command, custom_id: customId, component_type: component } = data;
  // What follows the first colon are arguments of the component.
  const custom = customId?.split(":")[0] ?? "unknown";
  switch (type) {
    case interactionTypes.autocomplete:
      return `interaction.autocomplete.${command ?? "unknown"}`;
    case interactionTypes.component:
      return `interaction.${component === buttonComponent || component === undefined ? "button" : "select"}.${custom}`;
    case interactionTypes.modal:
      return `interaction.modal.${custom}`;
    default:
      return `interaction.command.${command ?? "unknown"}`;
  }
}

/** An interaction or event as legacy handlers take it; `data` stays as it was. */
export function toDiscordEventPayload(payload: InteractionPayload | GatewayEventPayload): DiscordEventPayload {
  const { event_id, event_type, timestamp, shard_id, guild_id, channel_id, user_id, data } = payload;
  const isOfInteraction = isInteraction(payload);
  return {
    eventId: event_id,
    eventType: isOfInteraction ? interactionEventType(payload) : (event_type ?? "unknown"),
    timestamp,
    shardId: shard_id,
    guildId: guild_id,
    channelId: channel_id,
    userId: user_id,
    ...(isOfInteraction && {
      interactionId: payload.data.interaction_id,
      interactionToken: payload.data.interaction_token,
    }),
    data,
  };
}

const isInteraction = (payload: InteractionPayload | GatewayEventPayload): payload is InteractionPayload =>
  "interaction_id" in payload.data;

/** A message in either form: of the gateway as it is, of before with what it stands for. */
export interface Received<T> {
  payload: T;
  /** The message itself, where it was a legacy one: its handler gets it unchanged. */
  legacy?: DiscordEventPayload;
}

const isLegacy = (message: unknown): boolean =>
  typeof message === "object" && message !== null && "eventId" in message && !("event_id" in message);

/** The gateway's form of a legacy message. */
const snakeCase = ({ interactionId, interactionToken, data, ...legacy }: DiscordEventPayload) => ({
  event_id: legacy.eventId,
  event_type: legacy.eventType,
  timestamp: legacy.timestamp,
  shard_id: legacy.shardId,
  guild_id: legacy.guildId,
  channel_id: legacy.channelId,
  user_id: legacy.userId,
  data: {
    ...data,
    ...(interactionId && { interaction_id: interactionId, interaction_token: interactionToken }),
    ...fromEventType(legacy.eventType),
  },
});

/** What the name of a legacy event says of its interaction. */
function fromEventType(eventType: string): Record<string, unknown> {
  const [, kind, name] = /^interaction\.(command|autocomplete|button|select|modal)\.(.+)$/.exec(eventType) ?? [];
  switch (kind) {
    case "command":
    case "autocomplete":
      return { interaction_type: interactionTypes[kind], command_name: name };
    case "modal":
      return { interaction_type: interactionTypes.modal };
    case "button":
      return { interaction_type: interactionTypes.component, component_type: buttonComponent };
    case "select":
      // Of text; the other kinds are read alike.
      return { interaction_type: interactionTypes.component, component_type: 3 };
    default:
      return {};
  }
}

/** Takes a message in the form of the gateway, or in the one of before. */
const either = <S extends z.ZodType>(schema: S) =>
  z.unknown().transform((message, context): Received<z.output<S>> => {
    const pass = (issues: readonly z.core.$ZodIssue[]) => {
      for (const { path, message: problem } of issues)
        context.addIssue({ code: "custom", path: [...path], message: problem });
      return z.NEVER;
    };
    if (!isLegacy(message)) {
      const { data, error } = schema.safeParse(message);
      return error ? pass(error.issues) : { payload: data };
    }
    const legacy = discordEventPayload.safeParse(message);
    if (legacy.error) return pass(legacy.error.issues);
    const { data, error } = schema.safeParse(snakeCase(legacy.data));
    return error ? pass(error.issues) : { payload: data, legacy: legacy.data };
  });

/** `commands.interaction`, in both forms. */
export const receivedInteraction = either(interactionPayload);
/** `events.>`, in both forms. */
export const receivedEvent = either(gatewayEventPayload);

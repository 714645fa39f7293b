import { PermissionFlagsBits } from "discord-api-types/v10";
import type { ConsumeResult } from "../bridges";
import type { Discord, InteractionRef, Message } from "../discord/discord";
import type { Tiers } from "../eligibility/tiers";
import type { CommandOption, DiscordEventPayload } from "../messages";
import type { MemberKey, ProfileStore } from "../profiles/profile";
import type { HandlerFn } from "./registry";

/** What handlers of interactions work with. */
export interface HandlerPorts {
  discord: Pick<Discord, "editReply" | "autocomplete">;
  store: ProfileStore;
  tiers: Tiers;
}

/** An interaction as handlers read it. */
export interface Interaction {
  ref: InteractionRef;
  /** The member that it is of, in its guild. */
  member: MemberKey;
  /** Of a command: what the member has written, by name. */
  options: Readonly<Record<string, CommandOption>>;
  /** Of a component: what follows the first colon of its `custom_id`. */
  argument: string;
  /** Of a select. */
  values: readonly string[];
  /** Whether the member may administrate the guild. */
  isAdmin: boolean;
}

/** What the source's handlers are given, read; undefined for an interaction outside of a guild. */
export function interactionOf({
  interactionId,
  interactionToken,
  guildId,
  userId,
  data,
}: DiscordEventPayload): Interaction | undefined {
  if (!interactionId || !interactionToken || !guildId || !userId) return undefined;
  const options = (data.options as CommandOption[] | undefined) ?? [];
  const permissions = BigInt((data.member_permissions as string | undefined) ?? "0");
  const admins = PermissionFlagsBits.Administrator | PermissionFlagsBits.ManageGuild;
  return {
    ref: {
      id: interactionId,
      token: interactionToken,
      ...(data.application_id !== undefined && { applicationId: data.application_id as string }),
    },
    member: { guildId, userId },
    options: Object.fromEntries(options.map((option) => [option.name, option])),
    argument: ((data.custom_id as string | undefined) ?? "").split(":").slice(1).join(":"),
    values: (data.values as string[] | undefined) ?? [],
    isAdmin: (permissions & admins) !== 0n,
  };
}

/** Text that a member has written for an option. */
export function textOf({ options }: Interaction, name: string): string | undefined {
  const value = options[name]?.value;
  return value === undefined ? undefined : String(value);
}

const outside: Message = { content: "This works in a server only." };

/**
 * A handler that answers with one message, in place of the deferred answer. What `answer` throws becomes of the
 * message what the consumer decides.
 */
export const replying =
  ({ discord }: HandlerPorts, answer: (interaction: Interaction) => Promise<Message>): HandlerFn =>
  async (payload): Promise<ConsumeResult> => {
    const interaction = interactionOf(payload);
    if (interaction) await discord.editReply(interaction.ref, await answer(interaction));
    else if (payload.interactionId && payload.interactionToken)
      await discord.editReply({ id: payload.interactionId, token: payload.interactionToken }, outside);
    return "ack";
  };

/** As `replying`, for members that may administrate the guild. */
export const replyingToAdmins = (
  ports: HandlerPorts,
  answer: (interaction: Interaction) => Promise<Message>,
): HandlerFn =>
  replying(ports, async (interaction) =>
    interaction.isAdmin ? answer(interaction) : { content: "Only administrators of this server may do that." },
  );

/** Text of members: nothing in it is a mention or formatting. */
export const plain = (text: string): string => text.replace(/[\\*_~`|>@<#[\]()]/g, "\\$&");

import type { APIApplicationCommandOptionChoice, RESTPostAPIInteractionFollowupJSONBody } from "discord-api-types/v10";

/** What an answer to an interaction is: text, embeds, buttons and selects. */
export type Message = Pick<RESTPostAPIInteractionFollowupJSONBody, "content" | "embeds" | "components" | "flags">;

/** Where an interaction is answered. */
export interface InteractionRef {
  id: string;
  token: string;
  /** Default: the application of the settings. */
  applicationId?: string;
}

/** How an interaction is acknowledged before it is answered. `update`: of a component, whose message will change. */
export type Deferral = "public" | "private" | "update";

/**
 * The way to Discord. The real one and the local sink have this form. Every call has a deadline of its own, and none
 * notifies whom the text of a message mentions.
 */
export interface Discord {
  /**
   * Acknowledges an interaction, within the 3 s that Discord allows.
   *
   * @param within milliseconds that are left
   * @returns `already`: it was acknowledged before; `unknown`: Discord knows it no longer
   * @throws DiscordUnavailable, DiscordLimited, DiscordRefused
   */
  defer(interaction: InteractionRef, how: Deferral, within: number): Promise<"deferred" | "already" | "unknown">;
  /** Answers what the user types, within the same 3 s; nothing follows. Otherwise as `defer`. */
  autocomplete(
    interaction: InteractionRef,
    choices: readonly APIApplicationCommandOptionChoice[],
  ): Promise<"answered" | "already" | "unknown">;
  /** Replaces the deferred answer; may be repeated. Possible for 15 minutes. Throws as `defer`, as the others do. */
  editReply(interaction: InteractionRef, message: Message): Promise<void>;
  /** Adds another message to the answer. Possible for 15 minutes. */
  followUp(interaction: InteractionRef, message: Message): Promise<void>;
  /** Gives a member a role, or takes it; may be repeated. */
  setRole(member: { guildId: string; userId: string }, roleId: string, has: boolean): Promise<void>;
  /**
   * Writes to a member directly.
   *
   * @param nonce at most 25 characters: repeated within a few minutes, it is the same message
   */
  directMessage(userId: string, message: Message, nonce: string): Promise<void>;
  /** Whether it answers calls at all. @throws DiscordUnavailable */
  check(): Promise<void>;
  close(): Promise<void>;
}

/** Discord does not answer, or takes no calls now: others would fail too. */
export class DiscordUnavailable extends Error {
  override readonly name = "DiscordUnavailable";

  constructor(
    message: string,
    /** What it asks to wait, in milliseconds. */
    readonly retryAfter?: number,
    options?: ErrorOptions & {
      /** Whether Discord may have done it all the same; true by default. */
      mayBeDone?: boolean;
    },
  ) {
    super(message, options);
    this.mayBeDone = options?.mayBeDone ?? true;
  }

  readonly mayBeDone: boolean;
}

/** Discord takes no more calls of this kind for now, such as roles of one guild; others go on. */
export class DiscordLimited extends Error {
  override readonly name = "DiscordLimited";

  constructor(
    message: string,
    /** What it asks to wait, in milliseconds. */
    readonly retryAfter: number,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** Discord refuses this call, and will again. */
export class DiscordRefused extends Error {
  override readonly name = "DiscordRefused";

  constructor(
    message: string,
    /** https://discord.com/developers/docs/topics/opcodes-and-status-codes#json */
    readonly code: number | string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

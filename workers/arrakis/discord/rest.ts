import { DiscordAPIError, RateLimitError, REST } from "@discordjs/rest";
import {
  type APIChannel,
  InteractionResponseType,
  MessageFlags,
  RESTJSONErrorCodes,
  type RouteBases,
  Routes,
} from "discord-api-types/v10";
import {
  type Deferral,
  type Discord,
  DiscordLimited,
  DiscordRefused,
  DiscordUnavailable,
  type InteractionRef,
  type Message,
} from "./discord";

/** Discord's REST API. */
export interface DiscordSettings {
  /** Where it is, without a version. Default: https://discord.com/api. */
  url: (typeof RouteBases)["api"] | (string & {});
  /** Of the application whose interactions do not say which they are of. */
  applicationId: string;
  /** Of the bot, for roles. Interactions have tokens of their own. */
  token: string;
  /** For one attempt of a call that is no acknowledgement, in milliseconds. */
  timeout: number;
}

/** For one attempt to acknowledge an interaction, in milliseconds: two fit in the 3 s. */
const acknowledgeMs = 1_200;

/** Attempts after the first, where the API answers 5xx or not in time. */
const retries = 1;

/**
 * Calls Discord by @discordjs/rest, which waits where the API says 429, for at most the call's deadline.
 * https://discord.com/developers/docs/interactions/receiving-and-responding#interaction-response
 */
export function restDiscord(settings: DiscordSettings): Discord {
  const client = (timeout: number) =>
    new REST({
      ...{ version: "10", api: settings.url, timeout, retries },
      // What asks to wait for longer than a call may take fails at once, and says for how long.
      rejectOnRateLimit: ({ retryAfter, timeToReset }) => Math.max(retryAfter, timeToReset) > timeout,
    });
  const callbacks = client(acknowledgeMs);
  const others = client(settings.timeout);
  /** The client forgets its token after a 401, which may have been a mistake of the server. */
  const asBot = () => others.setToken(settings.token);

  /** Acknowledges; both answers that say it is too late for that are results. */
  async function respond<T>(
    { id, token }: InteractionRef,
    body: unknown,
    within: number,
    done: T,
  ): Promise<T | "already" | "unknown"> {
    try {
      const route = Routes.interactionCallback(id, token);
      await call(within, (signal) => callbacks.post(route, { body, auth: false, signal }));
      return done;
    } catch (error) {
      if (!(error instanceof DiscordRefused)) throw error;
      if (error.code === RESTJSONErrorCodes.InteractionHasAlreadyBeenAcknowledged) return "already";
      if (error.code === RESTJSONErrorCodes.UnknownInteraction) return "unknown";
      throw error;
    }
  }

  const webhook = ({ token, applicationId = settings.applicationId }: InteractionRef) =>
    [applicationId, token] as const;

  return {
    defer: (interaction, how, within) => respond(interaction, deferrals[how], within, "deferred" as const),
    autocomplete: (interaction, choices) =>
      respond(
        interaction,
        { type: InteractionResponseType.ApplicationCommandAutocompleteResult, data: { choices } },
        2 * acknowledgeMs,
        "answered" as const,
      ),
    async editReply(interaction, message) {
      const route = Routes.webhookMessage(...webhook(interaction), "@original");
      await call(2 * settings.timeout, (signal) => others.patch(route, { body: quiet(message), auth: false, signal }));
    },
    async followUp(interaction, message) {
      const route = Routes.webhook(...webhook(interaction));
      await call(2 * settings.timeout, (signal) => others.post(route, { body: quiet(message), auth: false, signal }));
    },
    async setRole({ guildId, userId }, roleId, has) {
      const route = Routes.guildMemberRole(guildId, userId, roleId);
      await call(2 * settings.timeout, (signal) => asBot()[has ? "put" : "delete"](route, { signal }));
    },
    async directMessage(userId, message, nonce) {
      await call(3 * settings.timeout, async (signal) => {
        const channel = (await asBot().post(Routes.userChannels(), {
          body: { recipient_id: userId },
          signal,
        })) as APIChannel;
        const body = { ...quiet(message), nonce, enforce_nonce: true };
        await asBot().post(Routes.channelMessages(channel.id), { body, signal });
      });
    },
    async check() {
      try {
        await call(acknowledgeMs, (signal) => callbacks.get(Routes.gateway(), { auth: false, signal }));
      } catch (error) {
        // Whatever it answers, it answers.
        if (error instanceof DiscordUnavailable) throw error;
      }
    },
    async close() {
      for (const rest of [callbacks, others]) {
        rest.clearHashSweeper();
        rest.clearHandlerSweeper();
      }
      return Promise.resolve();
    },
  };
}

/** With text of members in it, such as `@everyone` as a name, which notifies no one. */
const quiet = (message: Message) => ({ ...message, allowed_mentions: { parse: [] } });

const deferrals: Record<Deferral, unknown> = {
  public: { type: InteractionResponseType.DeferredChannelMessageWithSource },
  private: {
    type: InteractionResponseType.DeferredChannelMessageWithSource,
    data: { flags: MessageFlags.Ephemeral },
  },
  update: { type: InteractionResponseType.DeferredMessageUpdate },
};

/** Makes a call within a time; what it throws is about this call, or about all of them. */
async function call(within: number, make: (signal: AbortSignal) => Promise<unknown>): Promise<void> {
  const signal = AbortSignal.timeout(Math.max(1, Math.round(within)));
  // The client's own waits do not end with the signal.
  const late = new Promise<never>((_, reject) =>
    signal.addEventListener("abort", () => reject(new Error("late")), { once: true }),
  );
  const made = make(signal);
  made.catch(() => undefined);
  try {
    await Promise.race([made, late]);
  } catch (error) {
    const { message } = error as Error;
    if (error instanceof RateLimitError) {
      const wait = Math.max(error.retryAfter, error.timeToReset);
      // Without a bucket, as the limit of an address: all calls have to wait.
      if (error.global || !Number.isFinite(error.limit))
        throw new DiscordUnavailable("Discord 429", wait, { cause: error, mayBeDone: false });
      throw new DiscordLimited(`Discord 429 for ${error.method} ${error.route}`, wait, { cause: error });
    }
    if (error instanceof DiscordAPIError) {
      const text = `Discord ${error.status} (${error.code}): ${message}`;
      // About the login, or about all calls; a token of an interaction that is over is about this call.
      const isLogin = error.status === 401 && error.code !== RESTJSONErrorCodes.InvalidWebhookToken;
      if (isLogin || error.status === 429)
        throw new DiscordUnavailable(text, undefined, { cause: error, mayBeDone: false });
      throw new DiscordRefused(text, error.code, { cause: error });
    }
    const why = signal.aborted ? `no answer within ${Math.round(within)} ms` : message;
    throw new DiscordUnavailable(`Discord: ${why}`, undefined, { cause: error, mayBeDone: !isUnsent(error) });
  }
}

/** Codes of errors before a connection stands: no request was sent. */
const unsent = ["ECONNREFUSED", "ENOTFOUND", "EAI_AGAIN", "EHOSTUNREACH", "ENETUNREACH", "UND_ERR_CONNECT_TIMEOUT"];

const isUnsent = (error: unknown): boolean =>
  error instanceof Error && (unsent.includes((error as NodeJS.ErrnoException).code ?? "") || isUnsent(error.cause));

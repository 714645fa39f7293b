import * as z from "zod";

/*
 * Messages of arrakis: what the gateway publishes, in snake case, and what the workers say to each other. Fields that
 * are not known here are kept: handlers of other versions may read them.
 */

/** Unix milliseconds, or ISO 8601; read as milliseconds. */
const timestamp = z.union(
  [z.number().nonnegative(), z.iso.datetime({ offset: true }).transform((text) => Date.parse(text))],
  {
    error: "expected milliseconds since 1970, or ISO 8601",
  },
);

/** Clocks of senders may be ahead by this, in milliseconds. */
const aheadMs = 5 * 60_000;

/** A time that state is compared by: one of the future would stand against all that happens until then. */
const notAhead = timestamp.refine(
  (ms) => ms <= Date.now() + aheadMs,
  "expected at most 5 minutes ahead of the clock: milliseconds, not microseconds",
);

/** Ids of Discord: https://discord.com/developers/docs/reference#snowflakes */
const snowflake = z.string().regex(/^\d{1,20}$/, "expected digits");

const eventId = z.string().min(1).max(200);

/** What every event of the gateway has, beside its data. */
const gatewayFields = {
  event_id: eventId,
  timestamp,
  shard_id: z.int().nullish(),
  guild_id: snowflake.nullish(),
  channel_id: snowflake.nullish(),
  user_id: snowflake.nullish(),
};

/** An option of a command; those of a subcommand are within it. */
export interface CommandOption {
  name: string;
  value?: string | number | boolean;
  /** The one that the user types, while its completions are asked for. */
  focused?: boolean;
  options?: CommandOption[];
}

const commandOption: z.ZodType<CommandOption> = z.looseObject({
  name: z.string(),
  value: z.union([z.string(), z.number(), z.boolean()]).optional(),
  focused: z.boolean().optional(),
  get options() {
    return z.array(commandOption).optional();
  },
});

/** Kinds of interactions. https://discord.com/developers/docs/interactions/receiving-and-responding */
export const interactionTypes = { command: 2, component: 3, autocomplete: 4, modal: 5 } as const;

/** Kind of a component that is a button; the others are selects. */
export const buttonComponent = 2;

/** `commands.interaction`: what a member did with the application in Discord. */
export const interactionPayload = z.looseObject({
  ...gatewayFields,
  event_type: z.string().optional(),
  data: z.looseObject({
    interaction_id: snowflake,
    interaction_token: z.string().min(1),
    application_id: snowflake.optional(),
    /** One of `interactionTypes`. Default: a command. */
    interaction_type: z.int().default(interactionTypes.command),
    command_name: z.string().optional(),
    options: z.array(commandOption).optional(),
    custom_id: z.string().optional(),
    component_type: z.int().optional(),
    values: z.array(z.string()).optional(),
    /** What the member may do in the guild: a number of bits. */
    member_permissions: z.string().regex(/^\d+$/, "expected digits").optional(),
  }),
});
export type InteractionPayload = z.output<typeof interactionPayload>;

/** `events.<type>`: what happened in a guild. */
export const gatewayEventPayload = z.looseObject({
  ...gatewayFields,
  timestamp: notAhead,
  event_type: z.string().min(1),
  data: z.record(z.string(), z.unknown()).default({}),
});
export type GatewayEventPayload = z.output<typeof gatewayEventPayload>;

/** What handlers took before NATS, and still take: the same in camel case. */
export const discordEventPayload = z.looseObject({
  eventId,
  eventType: z.string().min(1),
  timestamp,
  shardId: z.int().nullish(),
  guildId: snowflake.nullish(),
  channelId: snowflake.nullish(),
  userId: snowflake.nullish(),
  interactionId: snowflake.nullish(),
  interactionToken: z.string().nullish(),
  data: z.record(z.string(), z.unknown()).default({}),
});
export type DiscordEventPayload = z.output<typeof discordEventPayload>;

const wallet = z.string().regex(/^0x[0-9a-fA-F]{40}$/, "expected 0x and 40 hexadecimal digits");

/** Wallets of one batch. */
const mostWallets = 1_000;

const eligibilityFields = {
  event_id: eventId,
  timestamp: notAhead,
  /** The guild that it is for. */
  community_id: snowflake,
  /** The member that asked, or that the wallet is of. */
  user_id: snowflake.nullish(),
};

/** `eligibility.check.>` and `eligibility.sync.>`, by `check_type`. */
export const eligibilityCheckPayload = z.discriminatedUnion("check_type", [
  z.looseObject({ ...eligibilityFields, check_type: z.literal("single"), wallet_address: wallet }),
  z.looseObject({
    ...eligibilityFields,
    check_type: z.literal("batch"),
    wallet_addresses: z.array(wallet).min(1).max(mostWallets),
  }),
  z.looseObject({ ...eligibilityFields, check_type: z.literal("community_sync") }),
]);
export type EligibilityCheckPayload = z.output<typeof eligibilityCheckPayload>;
export type CheckType = EligibilityCheckPayload["check_type"];

/** Where each kind of check is published: the durables filter by it. */
export const eligibilitySubjects = {
  single: "eligibility.check.single",
  batch: "eligibility.check.batch",
  community_sync: "eligibility.sync.community",
} as const satisfies Record<CheckType, string>;

/** A rule, and whether a wallet meets it. */
const ruleResult = z.object({ rule: z.string(), met: z.boolean() });

/** What a check found out about one wallet. */
export const eligibilityResult = z.object({
  wallet_address: wallet,
  /** Undefined: it is in no tier. */
  tier: z.string().optional(),
  /** In whole tokens, as decimal text. */
  balance: z.string().regex(/^\d+(\.\d+)?$/),
  rules: z.array(ruleResult),
});
export type EligibilityResult = z.output<typeof eligibilityResult>;

/** `internal.eligibility.<check_type>`: the answer to a check. */
export const eligibilityAnswer = z.object({
  /** Of the check. */
  event_id: eventId,
  timestamp: z.number(),
  check_type: z.enum(["single", "batch", "community_sync"]),
  community_id: snowflake,
  /** By wallet, in the order of the check. Of a sync: those whose tier has changed. */
  results: z.array(eligibilityResult),
});
export type EligibilityAnswer = z.output<typeof eligibilityAnswer>;

/** The subject of the answer to a kind of check. */
export const answerSubject = (type: CheckType): string => `internal.eligibility.${type}`;

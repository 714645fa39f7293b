import * as z from "zod";
import { durationSetting } from "../messaging";
import { text, url, wholeNumber } from "../settings";
import type { DiscordSettings } from "./discord/rest";
import type { RpcSettings } from "./eligibility/rpc";
import { defaultTiers, type Tiers } from "./eligibility/tiers";
import type { TierRoles } from "./profiles/roles";

/* Environment variables of arrakis, as workers/arrakis/README.md lists them. */

/** For one request: it must be over before its message is delivered again (15 s is the shortest `ackWait`). */
const timeout = durationSetting.refine((ms) => ms >= 100 && ms <= 10_000, "expected 100ms to 10s").default(5_000);

const snowflake = (what: string) => text(/^\d{17,20}$/, `expected the id of ${what}: 17 to 20 digits`);

/** Nothing is called, and no variable of the real one is needed. */
const log = z.object({ DISCORD_PROVIDER: z.literal("log") }).transform(() => ({ kind: "log" as const }));

const rest = z
  .object({
    DISCORD_PROVIDER: z.literal("rest"),
    DISCORD_TOKEN: text(/^\S+$/, "expected the token of the bot"),
    DISCORD_APPLICATION_ID: snowflake("the application"),
    DISCORD_URL: url(["https://", "http://"]).default("https://discord.com/api"),
    DISCORD_TIMEOUT: timeout,
  })
  .transform((env): { kind: "rest" } & DiscordSettings => ({
    kind: "rest",
    url: env.DISCORD_URL,
    applicationId: env.DISCORD_APPLICATION_ID,
    token: env.DISCORD_TOKEN,
    timeout: env.DISCORD_TIMEOUT,
  }));

export const discordSettings = z.preprocess(
  (env) => ({ DISCORD_PROVIDER: "log", ...(env as object) }),
  z.discriminatedUnion("DISCORD_PROVIDER", [log, rest], { error: "expected log or rest" }),
);

/** A list such as `a=1,b=2`: each entry is read by `read`; undefined is a mistake. */
const list = <T>(expected: string, read: (name: string, value: string) => T | undefined) =>
  z.string().transform((entries, context) =>
    entries.split(",").flatMap((entry) => {
      const [name = "", value = "", ...rest] = entry.trim().split("=");
      const found = rest.length === 0 ? read(name, value) : undefined;
      if (found === undefined) context.addIssue({ code: "custom", message: `${expected}; got "${entry.trim()}"` });
      return found === undefined ? [] : [found];
    }),
  );

const tierName = /^[a-z][\w-]{0,30}$/;

const tiers = list("expected <tier>=<whole tokens>, such as naib=10000,usul=100", (name, value) =>
  tierName.test(name) && /^\d{1,15}(\.\d{1,6})?$/.test(value) ? { name, threshold: Number(value) } : undefined,
).transform((found, context): Tiers => {
  const sorted = found.toSorted((left, right) => right.threshold - left.threshold);
  if (new Set(found.map(({ name }) => name)).size < found.length)
    context.addIssue({ code: "custom", message: "expected each tier once" });
  return sorted;
});

const roles = list("expected <guild id>/<tier>=<role id>", (name, role) => {
  const [guild = "", tier = "", ...rest] = name.split("/");
  const isWhole = /^\d{17,20}$/.test(guild) && tierName.test(tier) && /^\d{17,20}$/.test(role) && rest.length === 0;
  return isWhole ? { guild, tier, role } : undefined;
}).transform((found): TierRoles =>
  Object.fromEntries(
    [...Map.groupBy(found, ({ guild }) => guild)].map(([guild, own]) => [
      guild,
      Object.fromEntries(own.map(({ tier, role }) => [tier, role])),
    ]),
  ),
);

/** Tiers, and their roles in Discord. */
export const tierSettings = z
  .object({ TIERS: tiers.default(defaultTiers), TIER_ROLES: roles.default({}) })
  .superRefine(({ TIERS, TIER_ROLES }, context) => {
    const known = TIERS.map(({ name }) => name);
    const unknown = Object.values(TIER_ROLES)
      .flatMap(Object.keys)
      .filter((tier) => !known.includes(tier));
    if (unknown.length > 0)
      context.addIssue({
        code: "custom",
        path: ["TIER_ROLES"],
        message: `no tier is called ${[...new Set(unknown)].join(", ")}; there are ${known.join(", ")}`,
      });
  })
  .transform(({ TIERS, TIER_ROLES }) => ({ tiers: TIERS, tierRoles: TIER_ROLES }));

/** Ethereum nodes that balances are asked from; undefined: those that the profile store knows. */
export const rpcSettings = z
  .object({
    RPC_URL: z
      .string()
      .transform((text) => text.split(",").map((part) => part.trim()))
      .pipe(z.array(url(["https://", "http://"])).min(1))
      .optional(),
    RPC_TOKEN_ADDRESS: text(/^0x[0-9a-fA-F]{40}$/, "expected 0x and 40 hexadecimal digits").optional(),
    RPC_DECIMALS: wholeNumber(0, 36).default(18),
    RPC_TIMEOUT: timeout,
  })
  .transform((env): RpcSettings | undefined =>
    env.RPC_URL === undefined
      ? undefined
      : { urls: env.RPC_URL, token: env.RPC_TOKEN_ADDRESS, decimals: env.RPC_DECIMALS, timeout: env.RPC_TIMEOUT },
  );

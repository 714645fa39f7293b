import * as z from "zod";
import { createPublisher, type Logger, type WorkerPart } from "../messaging";
import { together } from "../settings";
import type { PartContext, WorkerSchema } from "../system";
import { CommandNatsConsumer } from "./consumers/command";
import { EligibilityNatsConsumer } from "./consumers/eligibility";
import { EventNatsConsumer } from "./consumers/event";
import { configOf } from "./consumers/options";
import type { Discord } from "./discord/discord";
import { logDiscord } from "./discord/log";
import { restDiscord } from "./discord/rest";
import { eligibilityHandlers } from "./eligibility/handlers";
import { rpcBalances } from "./eligibility/rpc";
import { balanceRules } from "./eligibility/rules";
import { registerEventHandlers } from "./handlers/events";
import {
  registerAllCommandHandlers,
  registerAutocompleteHandlers,
  registerButtonHandlers,
  registerSelectHandlers,
} from "./handlers/registration";
import { arrakisMetrics } from "./metrics";
import type { ProfileStore } from "./profiles/profile";
import { discordSettings, rpcSettings, tierSettings } from "./settings";
import type { State } from "./state/state";

/** What the workers of a process share. */
export interface Dependencies {
  [name: string]: ProfileStore | State;
  database: ProfileStore;
  redis: State;
}

type Context = PartContext<Dependencies>;
type Make = (context: Context) => WorkerPart;

/** How long the stream of answers remembers ids, in milliseconds: it has a `maxAge` of a minute. */
const answersWindow = 60_000;

const eligibilityWorker = (durable: "eligibility-worker" | "sync-worker") =>
  together({ discord: discordSettings, tiers: tierSettings, rpc: rpcSettings }).transform(
    ({ discord: settings, tiers: { tiers, tierRoles }, rpc }): Make =>
      (context) => {
        const { database: store, redis: state } = context.dependencies;
        const discord = discordOf(settings, context.log);
        const rules = balanceRules(rpc ? rpcBalances(rpc) : { of: (wallet) => store.balance(wallet) }, tiers);
        return closing(
          discord,
          new EligibilityNatsConsumer(durable, configOf(context), {
            handlers: eligibilityHandlers({ store, rules, discord, state, tierRoles }),
            publisher: createPublisher(context.js, { duplicateWindow: answersWindow, metrics: context.metrics }),
            metrics: arrakisMetrics(context.metrics.registry),
          }),
        );
      },
  );

/** The workers by name, which is that of their durable in tenants/: from their variables to what runs. */
export const workers = {
  "command-worker": together({ discord: discordSettings, tiers: tierSettings }).transform(
    ({ discord: settings, tiers: { tiers } }): Make =>
      (context) => {
        const discord = discordOf(settings, context.log);
        const { database: store, redis: state } = context.dependencies;
        const ports = { discord, store, tiers };
        const registries = [
          registerAllCommandHandlers(ports),
          registerAutocompleteHandlers(ports),
          registerButtonHandlers(ports),
          registerSelectHandlers(ports),
        ];
        return closing(
          discord,
          new CommandNatsConsumer(configOf(context), {
            discord,
            handlers: { native: new Map(), legacy: new Map(registries.flatMap((registry) => [...registry])) },
            state,
            metrics: arrakisMetrics(context.metrics.registry),
          }),
        );
      },
  ),
  "event-worker": tierSettings.transform(({ tierRoles }): Make => (context) => {
    const { dependencies, publisher } = context;
    const native = registerEventHandlers({ store: dependencies.database, publisher, tierRoles });
    return new EventNatsConsumer(configOf(context), { native, legacy: new Map() });
  }),
  "eligibility-worker": eligibilityWorker("eligibility-worker"),
  "sync-worker": eligibilityWorker("sync-worker"),
} as const satisfies Record<string, WorkerSchema<Dependencies>>;

function discordOf(settings: z.output<typeof discordSettings>, log: Logger): Discord {
  if (settings.kind === "rest") return restDiscord(settings);
  log.warn('DISCORD_PROVIDER is "log": Discord is not called, each call is only logged');
  return logDiscord(log);
}

/** A consumer after which its way to Discord is closed. */
const closing = (discord: Discord, consumer: WorkerPart & { name: string }): WorkerPart => ({
  name: consumer.name,
  start: (js) => consumer.start(js),
  async stop() {
    await consumer.stop();
    await discord.close();
  },
  get status() {
    return consumer.status;
  },
});

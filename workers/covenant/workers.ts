import * as z from "zod";
import { type Database } from "../database/database";
import { createDeadLetterWriter, type WorkerPart } from "../messaging";
import type { PartContext, WorkerSchema } from "../system";
import type { Cache } from "./adapters/cache";
import { fcm } from "./adapters/fcm";
import { logPushService } from "./adapters/log";
import { EventStore } from "./analytics/events";
import { Trail } from "./audit/trail";
import { Analytics } from "./consumers/analytics";
import { AuditLogger } from "./consumers/audit-logger";
import { CacheInvalidator } from "./consumers/cache-invalidator";
import { Notifications } from "./consumers/notifications";
import type { ConsumerPorts } from "./consumers/ports";
import { pushSettings } from "./settings";

/** What workers of covenant depend on; each has only what it needs. */
export type Dependencies = { database?: Database; redis?: Cache };

type Context = PartContext<Dependencies>;
type Make = (context: Context) => WorkerPart;

const make = (worker: Make) => z.unknown().transform(() => worker);

/** The workers by name, which is that of their durables in tenants/: from their variables to what runs. */
export const workers = {
  ANALYTICS: make((context) => new Analytics(new EventStore(databaseOf(context)), portsOf(context))),
  CACHE_INVALIDATOR: make((context) => new CacheInvalidator(context.dependencies.redis!, portsOf(context))),
  NOTIFICATIONS: pushSettings.transform((settings): Make => (context) => {
    const { log } = context;
    if (settings.kind === "log") log.warn('PUSH_PROVIDER is "log": nothing is sent, each notification is only logged');
    return new Notifications(settings.kind === "fcm" ? fcm(settings) : logPushService(log), portsOf(context));
  }),
  AUDIT_LOGGER: make(
    (context) => new AuditLogger(new Trail(databaseOf(context)), createDeadLetterWriter(context.js), portsOf(context)),
  ),
} as const satisfies Record<string, WorkerSchema<Dependencies>>;

/** What each worker depends on. */
export const needs: Readonly<Record<keyof typeof workers, readonly (keyof Dependencies)[]>> = {
  ANALYTICS: ["database"],
  CACHE_INVALIDATOR: ["redis"],
  NOTIFICATIONS: [],
  AUDIT_LOGGER: ["database"],
};

const databaseOf = ({ dependencies }: Context): Database => dependencies.database!;

const portsOf = ({ js, log, metrics, concurrency, grace }: Context): ConsumerPorts => ({
  ...{ log, metrics, concurrency, grace },
  deadLetters: createDeadLetterWriter(js),
});

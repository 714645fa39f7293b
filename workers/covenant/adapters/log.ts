import type { Logger } from "../../messaging";
import { type Cache, cacheKeys } from "./cache";
import type { PushService } from "./push-service";

/*
 * What stands for a cache and a push service where none is configured: a clone of the project changes and reaches
 * nothing.
 */

export const logCache = (log: Logger): Cache => ({
  provider: "log",
  used: false,
  invalidate(entity, key) {
    log.info({ key: cacheKeys(entity, key).entity }, "not invalidated, only logged: REDIS_URL is not set");
    return Promise.resolve();
  },
  check: () => Promise.resolve(),
  close: () => Promise.resolve(),
});

export const logPushService = (log: Logger): PushService => ({
  provider: "log",
  send({ id, level }) {
    log.info({ id, level }, 'the notification is not sent, only logged: PUSH_PROVIDER is "log"');
    return Promise.resolve({ outcome: "sent" });
  },
});

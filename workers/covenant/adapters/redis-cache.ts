import { openRedis } from "../../redis/redis";
import type { RedisSettings } from "../../redis/settings";
import { type Cache, cacheKeys, invalidationChannel } from "./cache";

/** A version lives longer than any reader loads, in seconds. */
const versionSeconds = 24 * 60 * 60;

/**
 * Invalidates in Redis, by one transaction: deletes the entity and the lists of its kind, counts the version up, and
 * publishes the key.
 *
 * @param onError told when the connection is lost
 */
export function redisCache(settings: RedisSettings, onError: (error: Error) => void): Cache {
  const redis = openRedis(settings, "covenant-cache-invalidator", onError);
  return {
    provider: "redis",
    used: true,
    async invalidate(entity, key) {
      const keys = cacheKeys(entity, key);
      await redis.use((client) =>
        client
          .multi()
          .del([keys.entity, keys.lists])
          .incr(keys.version)
          .expire(keys.version, versionSeconds)
          .publish(invalidationChannel, keys.entity)
          .exec(),
      );
    },
    check: () => redis.check(),
    close: () => redis.close(),
  };
}

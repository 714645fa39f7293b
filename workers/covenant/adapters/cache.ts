/** The cache in front of covenant's entities. */
export interface Cache {
  /** Its name in logs: `redis`, `log`. */
  readonly provider: string;
  /** False where there is no cache: health says so. */
  readonly used: boolean;
  /**
   * Forgets a cached entity, and the lists that it may be in. To repeat it does no harm.
   *
   * @throws RedisUnavailable where the cache does not answer; else what it refuses
   */
  invalidate(entity: string, key: string): Promise<void>;
  /** Rejects if it cannot be used now. */
  check(): Promise<void>;
  close(): Promise<void>;
}

/** Keys of an entity in the cache. */
export interface CacheKeys {
  /** The entity itself. */
  entity: string;
  /** Whatever holds several entities of its kind. */
  lists: string;
  /** Counts how often the entity was invalidated: a reader stores what it loaded only if this has not changed since. */
  version: string;
}

export const cacheKeys = (entity: string, key: string): CacheKeys => ({
  entity: `covenant:${entity}:${key}`,
  lists: `covenant:${entity}`,
  version: `covenant:${entity}:${key}:version`,
});

/** Where each invalidation is published, with the entity's cache key, for caches in the memory of other processes. */
export const invalidationChannel = "covenant:invalidations";

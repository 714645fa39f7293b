import * as z from "zod";
import { certificates, url } from "../settings";

/** A Redis server; without one a system keeps what it would store there in the memory of its process. */
export interface RedisSettings {
  /** `redis://user:password@host:6379/0`, or `rediss://` (TLS). */
  url: string;
  /** Certificates of the authorities to trust, PEM. Default: those of Node.js. */
  ca?: string;
}

/** `REDIS_URL` and `REDIS_CA`; undefined without `REDIS_URL`. */
export const redisSettings = z
  .object({ REDIS_URL: url(["redis://", "rediss://"]).optional(), REDIS_CA: certificates })
  .refine(({ REDIS_URL, REDIS_CA }) => !REDIS_CA || REDIS_URL?.startsWith("rediss://"), {
    path: ["REDIS_CA"],
    error: "only for a REDIS_URL that begins with rediss://",
    when: () => true,
  })
  .transform(({ REDIS_URL, REDIS_CA }): RedisSettings | undefined =>
    REDIS_URL === undefined ? undefined : { url: REDIS_URL, ca: REDIS_CA },
  );

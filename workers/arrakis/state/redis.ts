import type { Redis } from "../../redis/redis";
import type { State } from "./state";

/** Keys of this system begin with it. */
const prefix = "arrakis:";

/** State in a Redis server, which all processes share. @throws RedisUnavailable, each of its functions */
export const redisState = ({ use, check, close }: Redis): State => ({
  used: true,
  awaited: false,
  get: async (key) => (await use((client) => client.get(prefix + key))) ?? undefined,
  async set(key, value, forMs) {
    await use((client) => client.set(prefix + key, value, { expiration: { type: "PX", value: Math.ceil(forMs) } }));
  },
  check,
  close,
});

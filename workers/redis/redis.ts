import { setTimeout as sleep } from "node:timers/promises";
import { createClient, ErrorReply, type RedisClientType } from "redis";
import type { RedisSettings } from "./settings";

/** The client of the package `redis`. */
export type RedisClient = RedisClientType;

/** A connection to a Redis server, which is made again whenever it is lost. */
export interface Redis {
  /**
   * Runs commands: `redis.use((client) => client.get(key))`. They are not sent again: after RedisUnavailable it is not
   * known whether they ran.
   *
   * @throws RedisUnavailable where the server does not answer within 3 s, or takes no commands now; else what the
   *   server answers (`ErrorReply`), such as WRONGTYPE
   */
  use<T>(commands: (client: RedisClient) => Promise<T>): Promise<T>;
  /** Rejects if it cannot be used now. */
  check(): Promise<void>;
  close(): Promise<void>;
}

/** Redis does not answer, or not now: nothing is known of what it was asked to do. */
export class RedisUnavailable extends Error {
  override readonly name = "RedisUnavailable";
}

/** For a connection, and for `use`, in milliseconds. */
const deadline = 3_000;

/** Between two attempts to connect, at most, in milliseconds. */
const longestWait = 2_000;

/**
 * Errors of a server that takes no commands now, whatever they are: it loads its data, is a replica, has no memory or
 * disk left, or refuses the login. https://redis.io/docs/latest/develop/reference/protocol-spec/#simple-errors
 */
const unable =
  /^(LOADING|READONLY|MASTERDOWN|NOREPLICAS|MISCONF|OOM|BUSY|CLUSTERDOWN|TRYAGAIN|NOAUTH|WRONGPASS|NOPERM)\b/;

/**
 * Connects in the background. Until the first attempt has ended, commands wait for it; later they fail at once while
 * there is no connection.
 *
 * @param name of the client, as the server lists it
 * @param onError told when the connection is lost, and why the first one is not made
 */
export function openRedis({ url, ca }: RedisSettings, name: string, onError: (error: Error) => void): Redis {
  const client: RedisClient = createClient({
    url,
    name,
    disableOfflineQueue: true,
    // A server that no longer answers, while its connection stays open, is noticed by these two.
    pingInterval: deadline / 2,
    socket: {
      connectTimeout: deadline,
      socketTimeout: 2 * deadline,
      reconnectStrategy: (retries) =>
        Math.min(longestWait, 50 * 2 ** Math.min(retries, 10)) * (0.75 + Math.random() / 4),
      ...(ca && { tls: true, ca }),
    },
  });
  let problem: Error | undefined;
  const isFirst = new Promise<void>((resolve) => {
    client.on("ready", () => {
      problem = undefined;
      resolve();
    });
    client.on("error", (error: Error) => {
      // Attempts that fail are the same loss.
      if (!problem) onError(error);
      problem = error;
      resolve();
    });
  });
  client.connect().catch(() => undefined);

  async function use<T>(commands: (client: RedisClient) => Promise<T>): Promise<T> {
    try {
      return await within(async () => {
        await isFirst;
        if (!client.isReady) throw problem ?? new Error("there is no connection");
        return commands(client);
      });
    } catch (error) {
      if (error instanceof ErrorReply && !unable.test(error.message)) throw error;
      throw new RedisUnavailable(`Redis: ${(error as Error).message}`, { cause: error });
    }
  }

  return {
    use,
    async check() {
      await use((own) => own.ping());
    },
    async close() {
      if (client.isReady) await within(() => client.close()).catch(() => undefined);
      client.destroy();
    },
  };
}

/** The client has a deadline only for commands that it has not sent yet. */
async function within<T>(work: () => Promise<T>): Promise<T> {
  const timer = new AbortController();
  const late = sleep(deadline, undefined, { signal: timer.signal }).then(() => {
    throw new Error(`no answer within ${deadline} ms`);
  });
  late.catch(() => undefined);
  const running = work();
  running.catch(() => undefined);
  try {
    return await Promise.race([running, late]);
  } finally {
    timer.abort();
  }
}

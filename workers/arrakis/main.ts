import { Retention } from "../database/retention";
import { databaseSettings } from "../database/settings";
import { openRedis } from "../redis/redis";
import { redisSettings } from "../redis/settings";
import { together } from "../settings";
import { runSystem } from "../system";
import { profileStore } from "./profiles/postgres";
import { memoryState } from "./state/memory";
import { redisState } from "./state/redis";
import { type Dependencies, workers } from "./workers";

/** What syncs have changed, in milliseconds: a day longer than their stream keeps them. */
const syncsKept = 8 * 24 * 60 * 60_000;

runSystem(
  {
    name: "arrakis",
    defaults: "Without any, Discord is not called: calls are only logged.",
    workers,
    shared: together({ database: databaseSettings, redis: redisSettings }),
    dependencies: ({ database, redis }, { log }): Dependencies => {
      const place = database.folder ?? "memory";
      if (!database.url) log.warn(`DATABASE_URL is not set: profiles are in ${place}, for this process alone`);
      if (!redis) log.warn("REDIS_URL is not set: state is in memory, for this process alone");
      const lost = (what: string) => (error: Error) => log.warn({ err: error }, `a connection to ${what} was lost`);
      return {
        database: profileStore(database, lost("the database")),
        redis: redis ? redisState(openRedis(redis, "arrakis", lost("Redis"))) : memoryState(),
      };
    },
    parts: (_, { dependencies, log }) => [new Retention(dependencies.database, syncsKept, log, "changes of syncs")],
  },
  process.argv.slice(2),
);

import { openDatabase } from "../database/database";
import { databaseSettings } from "../database/settings";
import { redisSettings } from "../redis/settings";
import { together } from "../settings";
import { runSystem } from "../system";
import { logCache } from "./adapters/log";
import { redisCache } from "./adapters/redis-cache";
import { runVerifyTrail } from "./audit/verify-trail";
import { schema } from "./schema";
import { type Dependencies, needs, workers } from "./workers";

const shared = together({ database: databaseSettings, redis: redisSettings });

const [command, ...args] = process.argv.slice(2);

if (command === "verify-trail") runVerifyTrail(args);
else
  runSystem(
    {
      name: "covenant",
      defaults:
        "Without any, the database is in memory, and caches and devices are not reached: messages are only logged.",
      workers,
      shared,
      dependencies: ({ database, redis }, { log, workers: names }): Dependencies => {
        const needed = new Set(names.flatMap((name) => needs[name as keyof typeof needs]));
        const made: Dependencies = {};
        if (needed.has("database")) {
          const place = database.folder ?? "memory";
          if (!database.url) log.warn(`DATABASE_URL is not set: the state is in ${place}, for this process alone`);
          made.database = openDatabase(database, schema, (error) =>
            log.warn({ err: error }, "a connection to the database was lost"),
          );
        }
        if (needed.has("redis"))
          made.redis = redis
            ? redisCache(redis, (error) => log.warn({ err: error }, "the connection to Redis was lost"))
            : logCache(log);
        return made;
      },
    },
    process.argv.slice(2),
  );

import { Retention } from "../database/retention";
import { databaseSettings } from "../database/settings";
import { together } from "../settings";
import { runSystem } from "../system";
import { deliveryStore } from "./deliveries/postgres";
import { retentionSettings } from "./settings";
import { workers } from "./workers";

runSystem(
  {
    name: "irisx",
    defaults: "Without any, nothing is sent: messages are only logged.",
    workers,
    shared: together({ database: databaseSettings, retention: retentionSettings }),
    dependencies: ({ database }, { log }) => {
      const place = database.folder ?? "memory";
      if (!database.url) log.warn(`DATABASE_URL is not set: the state is in ${place}, for this process alone`);
      return {
        database: deliveryStore(database, (error) => log.warn({ err: error }, "a connection to the database was lost")),
      };
    },
    parts: ({ retention }, { dependencies, log }) => [
      new Retention(dependencies.database, retention, log, "deliveries"),
    ],
  },
  process.argv.slice(2),
);

import { Retention } from "../database/retention";
import { databaseSettings } from "../database/settings";
import { together } from "../settings";
import { runSystem } from "../system";
import { stateStore } from "./projection/store";
import { retentionSettings } from "./settings";
import { workers } from "./workers";

runSystem(
  {
    name: "aigentflow",
    defaults: "Without any, the states are in memory, for this process alone.",
    workers,
    shared: together({ database: databaseSettings, retention: retentionSettings }),
    dependencies: ({ database }, { log }) => {
      const place = database.folder ?? "memory";
      if (!database.url) log.warn(`DATABASE_URL is not set: the states are in ${place}, for this process alone`);
      return {
        database: stateStore(database, (error) => log.warn({ err: error }, "a connection to the database was lost")),
      };
    },
    parts: ({ retention }, { dependencies, log }) => [
      new Retention(dependencies.database, retention, log, "ids of events"),
    ],
  },
  process.argv.slice(2),
);

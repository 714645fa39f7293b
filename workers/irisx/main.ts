import { runWorker } from "../messaging";
import { deliveryStore } from "./deliveries/postgres";
import { Retention } from "./deliveries/retention";
import { databaseSettings, together } from "./settings";
import { workers } from "./workers";

const usage = `usage: main.ts <worker>...

Workers: ${Object.keys(workers).join(", ")}.
Several run in one process with one connection, whose user must be allowed what all of them need.
Environment variables are listed in workers/irisx/README.md. Without any, nothing is sent: messages are only logged.`;

const isWorker = (name: string): name is keyof typeof workers => Object.hasOwn(workers, name);

function main(args: readonly string[]): void {
  const unknown = args.filter((name) => !isWorker(name));
  if (args.length === 0 || unknown.length > 0) {
    const isHelp = args.some((name) => name === "--help" || name === "-h");
    if (unknown.length > 0 && !isHelp) console.error(`no such worker: ${unknown.join(", ")}`);
    (isHelp ? console.log : console.error)(usage);
    process.exitCode = isHelp ? 0 : 2;
    return;
  }
  const names = [...new Set(args.filter(isWorker))];
  void runWorker({
    name: names.join("+"),
    settings: together({
      parts: together(Object.fromEntries(names.map((name) => [name, workers[name]]))),
      database: databaseSettings,
    }),
    dependencies: ({ database }, { log }) => {
      const place = database.folder ?? "memory";
      if (!database.url) log.warn(`DATABASE_URL is not set: the state is in ${place}, for this process alone`);
      return {
        database: deliveryStore(database, (error) => log.warn({ err: error }, "a connection to the database was lost")),
      };
    },
    parts: ({ settings, ...context }) => [
      ...Object.values(settings.parts).map((make) => make(context)),
      new Retention(context.dependencies.database, settings.database.retention, context.log),
    ],
  });
}

main(process.argv.slice(2));

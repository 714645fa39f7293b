import { runWorker } from "../messaging";
import { nameFrom } from "../usage";
import { Callout } from "./callout";
import { calloutMetrics } from "./metrics";
import { settings } from "./settings";

const usage = `usage: main.ts [<name of the worker, default: auth-callout>]

Tells servers who the clients are that their accounts file does not know: users by token and by certificate. Runs as the
user auth-callout of the account logins, any number of processes. Environment variables: those of every worker
(workers/messaging/README.md), and those of workers/auth-callout/README.md. See docs/logins.md.`;

function main(args: readonly string[]): void {
  const name = nameFrom(args, "auth-callout", usage);
  if (name === undefined) return;
  void runWorker({
    name,
    settings,
    parts: ({ settings: own, nc, log, metrics }) => [new Callout(nc, own, log, calloutMetrics(metrics.registry))],
  });
}

main(process.argv.slice(2));

import * as z from "zod";
import { durationSetting, runWorker } from "../messaging";
import { nameFrom } from "../usage";
import { Collector } from "./collector";
import { collectorMetrics } from "./metrics";
import { Sweep } from "./sweep";
import { SweptStreams } from "./swept";

const usage = `usage: main.ts [<name of the worker, default: dead-letters>]

Copies messages that were given up without their worker, to the dead letters of one account: runs as the account's user
dead-letters. Environment variables: those of every worker (workers/messaging/README.md), and SWEEP_INTERVAL, between
two looks for messages about which an advisory was lost (default: 1m). See docs/dead-letters.md.`;

const settings = z.object({ SWEEP_INTERVAL: durationSetting.default(60_000) });

function main(args: readonly string[]): void {
  const name = nameFrom(args, "dead-letters", usage);
  if (name === undefined) return;
  void runWorker({
    name,
    settings,
    parts: ({ settings: { SWEEP_INTERVAL: every }, log, metrics, concurrency, grace }) => {
      const own = collectorMetrics(metrics.registry);
      const swept = new SweptStreams();
      return [
        new Collector({ log, metrics, collected: own.collected, swept, concurrency, grace }),
        new Sweep({ every, swept, log, metrics: own }),
      ];
    },
  });
}

main(process.argv.slice(2));

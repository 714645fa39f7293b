import { connectionSettings, runWorker } from "../messaging";
import { probeMetrics } from "./metrics";
import { Servers } from "./servers";
import { settings } from "./settings";

const usage = `usage: main.ts [<name of the worker, default: probe>]

Measures what servers do not report by themselves, in the region that it is connected to: one process a region. Runs as
the user probe of an account, and as the user probe of the system account. See docs/monitoring.md.`;

function main(args: readonly string[]): void {
  const [name = "probe", ...more] = args;
  if (more.length > 0 || name.startsWith("-")) {
    const isHelp = args.some((arg) => arg === "--help" || arg === "-h");
    (isHelp ? console.log : console.error)(usage);
    process.exitCode = isHelp ? 0 : 2;
    return;
  }
  void runWorker({
    name,
    settings,
    parts: ({ settings: own, log, metrics: { registry } }) => {
      const metrics = probeMetrics(registry);
      const { servers, ca } = connectionSettings(process.env);
      const system = {
        ...{ servers, ca },
        user: own.NATS_SYSTEM_USER,
        password: own.NATS_SYSTEM_PASSWORD,
        inboxPrefix: own.NATS_SYSTEM_INBOX_PREFIX,
      };
      return [new Servers({ system, every: own.READING_INTERVAL, log, metrics })];
    },
  });
}

main(process.argv.slice(2));

import { connectionSettings, probeDurable, probeStream, runWorker } from "../messaging";
import { nameFrom } from "../usage";
import { CanaryPublisher } from "./canary/publisher";
import { CanaryReceiver } from "./canary/receiver";
import { Eventually } from "./eventually";
import { GivenUp } from "./given-up";
import { probeMetrics } from "./metrics";
import { Servers } from "./servers";
import { settings } from "./settings";

const usage = `usage: main.ts [<name of the worker, default: probe>]

Measures what servers do not report by themselves, in the region that it is connected to: one process a region. Runs as
the user probe of an account, and as the user probe of the system account. See docs/monitoring.md.`;

function main(args: readonly string[]): void {
  const name = nameFrom(args, "probe", usage);
  if (name === undefined) return;
  void runWorker({
    name,
    settings,
    parts: (context) => {
      const { settings: own, log, metrics: worker, concurrency, grace, nc } = context;
      // Its servers tell: no setting can be wrong.
      const region = nc.info?.cluster;
      if (region === undefined) throw new Error("the server is in no cluster, so it is not known which region this is");
      const regions = own.PROBE_REGIONS;
      const metrics = probeMetrics(worker.registry);
      metrics.begin(regions);
      const { servers, ca } = connectionSettings(process.env);
      const system = {
        ...{ servers, ca },
        user: own.NATS_SYSTEM_USER,
        password: own.NATS_SYSTEM_PASSWORD,
        inboxPrefix: own.NATS_SYSTEM_INBOX_PREFIX,
      };
      const place = { stream: probeStream(region), durable: probeDurable };
      const receiver = () =>
        new CanaryReceiver({ ...place, regions, measured: metrics, log, metrics: worker, concurrency, grace });
      const intervals = { every: own.READING_INTERVAL, accountsEvery: own.ACCOUNTS_INTERVAL };
      const known = new Servers({ region, system, ...intervals, log, metrics });
      return [
        known,
        new GivenUp(nc, known, metrics),
        new CanaryPublisher({ region, regions, every: own.CANARY_INTERVAL, timeout: own.CANARY_TIMEOUT, log, metrics }),
        new Eventually(probeDurable, receiver, log),
      ];
    },
  });
}

main(process.argv.slice(2));

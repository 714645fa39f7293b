import { setTimeout as sleep } from "node:timers/promises";
import type { NatsConnection } from "@nats-io/transport-node";
import { accountsOf } from "../components/security/accounts";
import { accountsConf } from "../components/security/accounts-conf";
import { connections } from "../components/security/connections";
import { inboxPrefixOf } from "../components/security/permissions";
import { monitorUrl } from "../components/supercluster/server-config";
import { observe } from "../components/local/provider/observe";
import { assetsOf } from "../config/assets/assets";
import { loginOf, provisioner, systemAccount } from "../config/assets/standard";
import { workersOfRegion } from "../config/assets/workers";
import { validateTenants } from "../config/rules/validate";
import { rulesFile, rulesOf } from "../observability/rules";
import { createAssets, localEnvironment, usersOf } from "../tests/support/accounts";
import { Monitoring } from "../tests/support/monitoring";
import { Supercluster } from "../tests/support/nats";
import { claimPorts } from "../tests/support/ports";
import { pull, stream } from "../tests/support/rule-cases";
import { SystemWorker } from "../tests/support/system-lab";
import { busyGroups, residentBytes, sum } from "./processes";
import { benchSizes, kilobytes, megabytes, percent } from "./sizes";

const help = `Measures what it costs to watch a region: three servers, their exporters, a probe and a Prometheus with
the region's rules, reading and evaluating as on Kubernetes by default (30 s). Streams have three replicas and a durable
each, and are idle: the cost follows from their number. Prints a table; asserts nothing, because machines differ.

  npm run bench:observe                          14 streams, then 500
  npm run bench:observe -- 100 1000              100, then 1,000
  npm run bench:observe -- --seconds 300 500     measured for 5 minutes. Default: 120 s

Requests to servers are those over HTTP, of exporters, and those to the system account, of the probe; each of the
latter is answered by every server that it is about. CPU is that of the processes, in percent of one processor; that of
servers without being watched is measured before. Memory is what is resident at the end.
`;

const region = "iad";
const interval = "30s";
const shape = { regions: [region], servers: 3 as const };

/** What was measured with a number of streams. */
interface Cost {
  /** Of one server's exporter, and of the probe, in bytes. */
  scrape: { exporter: number; probe: number };
  series: number;
  /** A minute. */
  requests: { http: number; system: number };
  /** Percent of one processor: of all servers, before and while they are watched; of all exporters; of one process. */
  cpu: { before: number; servers: number; exporters: number; probe: number; prometheus: number };
  /** Bytes. */
  memory: { exporter: number; probe: number; prometheus: number };
  rules: number;
  /** Seconds that the last evaluation of all groups took. */
  evaluation: number;
}

const lines: Record<string, (cost: Cost) => string> = {
  "HTTP requests to the 3 servers, a minute": ({ requests }) => requests.http.toFixed(0),
  "requests of the system account, a minute": ({ requests }) => requests.system.toFixed(0),
  "CPU of the 3 servers, not watched": ({ cpu }) => percent(cpu.before),
  "CPU of the 3 servers, watched": ({ cpu }) => percent(cpu.servers),
  "CPU of the 3 exporters": ({ cpu }) => percent(cpu.exporters),
  "memory of an exporter": ({ memory }) => megabytes(memory.exporter),
  "a scrape of an exporter": ({ scrape }) => kilobytes(scrape.exporter),
  "CPU of the probe": ({ cpu }) => percent(cpu.probe),
  "memory of the probe": ({ memory }) => megabytes(memory.probe),
  "a scrape of the probe": ({ scrape }) => kilobytes(scrape.probe),
  "series in Prometheus": ({ series }) => String(series),
  rules: ({ rules }) => String(rules),
  "evaluation of all rules": ({ evaluation }) => `${(evaluation * 1e3).toFixed(0)} ms`,
  "CPU of Prometheus": ({ cpu }) => percent(cpu.prometheus),
  "memory of Prometheus": ({ memory }) => megabytes(memory.prometheus),
};

async function measure(count: number, seconds: number): Promise<Cost> {
  const names = Array.from({ length: count }, (_, index) => `STREAM_${index}`);
  const environment = localEnvironment({
    ...shape,
    storage: { file: "8GiB", memory: "64MiB" },
    jetstream: { jetstream: ["crowd", "probe"] },
  });
  const tenants = validateTenants(
    {
      crowd: {
        name: "crowd",
        home: region,
        streams: Object.fromEntries(
          names.map((name) => [name, stream([`${name.toLowerCase()}.>`], { maxBytes: "1MiB" })]),
        ),
        consumers: Object.fromEntries(names.map((name) => [`worker-${name}`, pull([name], { maxDeliver: 5 })])),
        users: {},
      },
    },
    environment,
  );
  const accounts = accountsOf(environment, tenants);
  const users = usersOf(accounts);
  const cluster = await Supercluster.prepare({
    ...shape,
    accounts: accountsConf(accounts, users),
    settings: { storage: environment.storage },
  });
  const as = (account: string, user: string) =>
    cluster.connect(loginOf(account, user), { inboxPrefix: inboxPrefixOf(user) });
  let probe: SystemWorker | undefined;
  let monitoring: Monitoring | undefined;
  let system: NatsConnection | undefined;
  try {
    await cluster.ensure();
    await cluster.ready();
    const assets = assetsOf(environment, tenants);
    for (const account of Object.keys(tenants)) {
      const nc = await as(account, provisioner);
      await createAssets(nc, assets, account);
      await nc.close();
    }
    const servers = await Promise.all(
      Object.values(cluster.inputs()).map(async (inputs) => (await observe(inputs))!.process.pid),
    );
    // Elections and what servers do after many changes are over.
    await sleep(settleMs);
    const before = await busyGroups({ servers }, seconds);

    const port = await claimPorts();
    const spec = { name: region, environment: "bench", settings: environment, accounts };
    const [worker] = workersOfRegion(tenants, region);
    probe = new SystemWorker(
      ...(["probe", "probe"] as const),
      {
        ...tenants.probe!.workers!.probe!.environment,
        ...connections(spec, { ...cluster.identity, users })[loginOf("probe", "probe")]!,
        NATS_URL: cluster.urls(region).join(","),
      },
      port,
    );
    await probe.ready();
    const inputs = Object.values(cluster.inputs());
    monitoring = await Monitoring.start({
      environment: cluster.environment,
      interval,
      servers: inputs.map(({ name, config }) => ({ region, name, monitor: monitorUrl(config) })),
      regions: [
        {
          region,
          rules: rulesFile(rulesOf(environment, tenants, region, { workers: [worker!] })),
          workers: [{ worker: worker!, health: `http://127.0.0.1:${port}` }],
        },
      ],
    });
    const { exporters, prometheus } = await monitoring.processes();
    system = await as(systemAccount.name, systemAccount.user);
    let asked = 0;
    system.subscribe("$SYS.REQ.SERVER.PING.>", { callback: () => void asked++ });
    await sleep(settleMs);
    const requested = () => Promise.all(inputs.map(({ config }) => httpRequests(monitorUrl(config))));
    const http = await requested();
    asked = 0;
    const groups = { servers, exporters, probe: [probe.child.pid!], prometheus: [prometheus] };
    const cpu = await busyGroups(groups, seconds);
    const minutes = seconds / 60;
    const afterwards = await requested();
    const system_ = asked;
    const rules = await monitoring.groups();
    const [total] = await monitoring.query('count({__name__=~".+"})');
    return {
      scrape: {
        exporter: (await (await fetch(`${monitoring.exporters[0]!.url}/metrics`)).text()).length,
        probe: (await probe.ask("/metrics"))!.body.length,
      },
      series: total?.value ?? 0,
      requests: {
        // Its own question counts too.
        http: (sum(afterwards) - sum(http) - inputs.length) / minutes,
        system: system_ / minutes,
      },
      cpu: { before: before.servers, ...cpu },
      memory: {
        exporter: Math.max(...exporters.map(residentBytes)),
        probe: residentBytes(probe.child.pid!),
        prometheus: residentBytes(prometheus),
      },
      rules: sum(rules.map((group) => group.rules.length)),
      evaluation: sum(rules.map(({ evaluationTime }) => evaluationTime)),
    };
  } finally {
    await system?.close();
    await monitoring?.stop();
    await probe?.kill("SIGKILL");
    await cluster.stop();
  }
}

/** Until what was started or created has come to rest, in milliseconds: longer than two intervals. */
const settleMs = 65_000;

/** What a server has answered over HTTP since it started. */
async function httpRequests(monitor: string): Promise<number> {
  const varz = (await (await fetch(`${monitor}/varz`)).json()) as { http_req_stats: Record<string, number> };
  return sum(Object.values(varz.http_req_stats));
}

void benchSizes({ help, lines, measure, seconds: { usual: 120, least: 30 }, note: `read every ${interval}` });

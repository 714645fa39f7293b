import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import { type JsMsg, jetstream } from "@nats-io/jetstream";
import type { NatsConnection } from "@nats-io/transport-node";
import { assetsOf } from "../../config/assets/assets";
import { workersOf } from "../../config/assets/workers";
import { loginOf } from "../../config/assets/standard";
import { pollUntil } from "../../config/poll-until";
import { streamArgs } from "../../jetstream/asset-args";
import { streamFields } from "../../jetstream/fields";
import { toWire } from "../../jetstream/wire";
import { failoverKey } from "../../config/schema/failover";
import { validateTenants } from "../../config/rules/validate";
import type { LocalServerInputs } from "../../components/local/layout";
import { monitorUrl } from "../../components/supercluster/server-config";
import { accountsOf } from "../../components/security/accounts";
import { accountsConf } from "../../components/security/accounts-conf";
import { connections } from "../../components/security/connections";
import { inboxPrefixOf } from "../../components/security/permissions";
import { dashboardsOf } from "../../observability/dashboards";
import { rulesFile, rulesOf } from "../../observability/rules";
import { BaseNatsConsumer, createDeadLetterWriter, createLogger, type ProcessResult } from "../../workers/messaging";
import { type RunningWorker, startWorker } from "../../workers/messaging/run";
import { addStream, ask, createAssets, createStream, localEnvironment, usersOf } from "../support/accounts";
import { issue, makeAuthority } from "../support/certificates";
import { serversMs, waitMs } from "../support/limits";
import { Monitoring } from "../support/monitoring";
import { makeIdentity, Supercluster } from "../support/nats";
import { claimPorts } from "../support/ports";
import { pull, stream } from "../support/rule-cases";
import { SystemWorker } from "../support/system-lab";

const shape = { regions: ["iad", "ams"], servers: 3 as const };
const storage = { file: "4GiB", memory: "64MiB" } as const;
/** What this test makes fire is not waited for longer than it has to be. */
const at = { for: "2s" } as const;
const environment = localEnvironment({
  ...{ ...shape, storage, jetstream: { jetstream: ["shop", "probe"] } },
  alerts: {
    ...{ NATSRegionLost: at, NATSClusterQuorumLost: at, NATSMetaLeaderMissing: at },
    NATSConsumerLagHigh: { ...at, of: [{ account: "shop", consumer: "archiver", threshold: 20 }] },
    NATSStreamNearFull: at,
    ...{ NATSGatewayLost: at, NATSCertificateExpiring: at, NATSMirrorStalled: at, NATSFailoverMappingsDiffer: at },
    ...{ NATSServerDown: at, NATSDeadLetters: at, NATSDeadLettersWaiting: at, NATSConsumerProcessingErrors: at },
  },
});
/** A fifth of the messages is given up, and nothing copies what the servers report of it. */
const usual = ["NATSConsumerProcessingErrors", "NATSDeadLetters", "NATSDeadLettersWaiting"];
const small = { maxBytes: "16MiB" };
const tenants = validateTenants(
  {
    shop: {
      name: "shop",
      home: "iad",
      streams: {
        ORDERS: stream(["orders.>"], { ...small, maxMsgs: 50_000, mirrors: { ams: { maxAge: "7d", ...small } } }),
        INVOICES: stream(["invoices.>"], small),
        ARCHIVE: stream(["archive.>"], { ...small, retention: "workqueue", maxMsgs: 100 }),
      },
      consumers: {
        archiver: pull(["ARCHIVE"], { maxAckPending: 200 }),
        biller: pull(["ORDERS"], { attempts: 2, ackWait: "1s", maxAckPending: 200 }),
      },
      users: {
        api: { publishes: ["orders.>", "archive.>"] },
        archiver: { consumes: ["archiver"] },
        biller: { consumes: ["biller"], publishes: ["invoices.>"] },
      },
      workers: { biller: {} },
      deadLetters: small,
    },
  },
  environment,
);

/** What is empty here: no worker gets a type that it does not know. */
const empty = ["NATS / Workers and dead letters: Of an unknown type"];

const accounts = accountsOf(environment, tenants);
const users = usersOf(accounts);

const panels = dashboardsOf(environment).flatMap(({ title, rows }) =>
  rows.flatMap((row) =>
    row.panels.flatMap((panel) =>
      panel.queries.map(({ expr }) => ({
        what: `${title}: ${panel.title}`,
        mayBeEmpty: panel.whenEmpty !== undefined,
        expr: expr.text.replaceAll("$__rate_interval", "10s").replace(/\$\w+/g, ".*"),
      })),
    ),
  ),
);

const log = createLogger({ name: "biller", level: "silent" });

class Biller extends BaseNatsConsumer<{ n: number }> {
  private count = 0;
  /** The last message that failed for good. */
  givenUp = 0;

  /** Every fifth message fails for good, others once in a while, and never at their second delivery. */
  async processMessage({ n }: { n: number }, { info }: JsMsg): Promise<ProcessResult> {
    await sleep(2);
    if (n % 5 === 0) {
      this.givenUp = Math.max(this.givenUp, n);
      return { success: false, error: new Error("no such customer") };
    }
    if (info.deliveryCount === 1 && ++this.count % 7 === 0)
      return { success: false, retryable: true, error: new Error("try again") };
    return { success: true };
  }
}

describe("panels and rules on a real supercluster, by a real exporter and Prometheus", function () {
  this.timeout(serversMs);
  let cluster: Supercluster;
  let worker: RunningWorker;
  const probes: Record<string, { process: SystemWorker; health: string }> = {};
  let monitoring: Monitoring;
  let api: NatsConnection;
  let traffic: Promise<void>;
  let isOver = false;
  let biller: Biller;
  /** The last message that was published to fail for good. */
  let poison = 0;
  let isPoisoned = true;

  before(async () => {
    const identity = await makeIdentity(90);
    cluster = await Supercluster.prepare(
      { ...shape, accounts: accountsConf(accounts, users), settings: { storage } },
      identity,
    );
    await cluster.ensure();
    await cluster.ready();
    const assets = assetsOf(environment, tenants);
    for (const account of Object.keys(tenants)) {
      const provisioner = await as("provisioner", account);
      await createAssets(provisioner, assets, account);
      await provisioner.close();
    }
    api = await as("api");
    worker = await startWorker({
      name: "biller",
      log,
      env: {
        HEALTH_PORT: "0",
        NATS_URL: cluster.urls("iad").join(","),
        NATS_USER: loginOf("shop", "biller"),
        NATS_PASSWORD: loginOf("shop", "biller"),
        NATS_CA: cluster.identity.clientCa,
        NATS_INBOX_PREFIX: inboxPrefixOf("biller"),
      },
      parts: ({ js, metrics, publisher }) => {
        traffic = (async () => {
          for (let n = 1; !isOver; n++, await sleep(50)) {
            if (n % 5 === 0) {
              if (!isPoisoned) continue;
              poison = n;
            }
            await jetstream(api)
              .publish("orders.new", JSON.stringify({ n }), { msgID: String(n) })
              .catch(() => {});
            await publisher.publish("invoices.new", { n }, { id: `invoice-${n}` }).catch(() => {});
          }
        })();
        const deadLetters = createDeadLetterWriter(js);
        biller = new Biller({ stream: "ORDERS", durable: "biller", deadLetters, metrics, log });
        return [biller];
      },
    });
    await worker.started;
    const port = await claimPorts();
    for (const [index, region] of shape.regions.entries())
      probes[region] = { process: probe(region, port + index), health: `http://127.0.0.1:${port + index}` };
    for (const one of Object.values(probes)) await one.process.ready();
    monitoring = await Monitoring.start({
      environment: cluster.environment,
      servers: Object.values(cluster.inputs()).map(({ region, name, config }) => ({
        ...{ region, name },
        monitor: monitorUrl(config),
      })),
      regions: shape.regions.map((region) => {
        const workers = Object.values(tenants)
          .flatMap(workersOf)
          .filter((one) => one.regions.includes(region));
        const healthOf = { biller: `http://127.0.0.1:${worker.healthPort}`, probe: probes[region]!.health };
        return {
          region,
          rules: rulesFile(rulesOf(environment, tenants, region, { workers })),
          workers: workers.map((one) => ({ worker: one, health: healthOf[one.name as keyof typeof healthOf] })),
        };
      }),
    });
  });

  after(async () => {
    isOver = true;
    await monitoring?.stop();
    worker?.stop("the test is over");
    await worker?.ended;
    await Promise.all(Object.values(probes).map(({ process }) => process.kill("SIGKILL")));
    await traffic;
    await api?.close();
    await cluster?.stop();
  });

  const as = (user: string, account = "shop") =>
    cluster.connect(loginOf(account, user), { inboxPrefix: inboxPrefixOf(user), maxReconnectAttempts: -1 });

  /**
   * The probe of a region. A message of its own that an accident delays would count for hours, so it sends one at its
   * start alone; tests/workers/probe.test.ts has those that fail.
   */
  function probe(region: string, port: number): SystemWorker {
    const spec = { name: region, environment: "test", settings: environment, accounts };
    return new SystemWorker(
      ...(["probe", "probe"] as const),
      {
        ...tenants.probe!.workers!.probe!.environment,
        ...connections(spec, { ...cluster.identity, users })[loginOf("probe", "probe")]!,
        NATS_URL: cluster.urls(region).join(","),
        READING_INTERVAL: "1s",
        ACCOUNTS_INTERVAL: "1s",
        CANARY_INTERVAL: "1h",
      },
      port,
    );
  }

  /** Panels of which an expression has no series. */
  const withoutSeries = async () => {
    const found = await Promise.all(
      panels.map(async ({ what, expr }) => ((await monitoring.query(expr)).length ? [] : [what])),
    );
    return [...new Set(found.flat())].sort();
  };

  it("every expression of every panel has series", async () => {
    let left: string[] = [];
    const isComplete = async () => {
      left = await withoutSeries();
      return left.length <= empty.length;
    };
    await pollUntil(isComplete, waitMs);
    assert.deepEqual(left, empty);
    for (const what of empty)
      assert.ok(
        panels.some((panel) => panel.what === what && panel.mayBeEmpty),
        what,
      );
  });

  it("every rule is evaluated without an error, and every recording rule has series", async () => {
    const rules = await monitoring.rules();
    assert.ok(rules.length > 60, `${rules.length} rules`);
    assert.deepEqual(
      rules.filter(({ health }) => health !== "ok").map(({ name, lastError }) => `${name}: ${lastError}`),
      [],
    );
    const recorded = [...new Set(rules.flatMap(({ name, type }) => (type === "recording" ? [name] : [])))];
    assert.ok(recorded.length > 10);
    for (const name of recorded) assert.ok((await monitoring.query(name)).length, `${name} has no series`);
  });

  it("streams and durables count once, whatever their replicas", async () => {
    const { streams, consumers } = assetsOf(environment, tenants);
    const shown = async (title: string) => {
      const { expr } = panels.find(({ what }) => what === `NATS / Supercluster: ${title}`)!;
      return (await monitoring.query(expr)).map(({ value }) => value);
    };
    assert.deepEqual(await shown("Streams"), [streams.length]);
    assert.deepEqual(await shown("Durables"), [consumers.length]);
  });

  /** Waits until exactly these alerts fire. */
  const fire = async (expected: string[]) => {
    let firing: string[] = [];
    const isSo = async () => {
      const alerts = await monitoring.query('ALERTS{alertstate="firing"}');
      firing = alerts
        .map(({ metric: { alertname, server, listener } }) => [alertname, server, listener].filter(Boolean).join(" "))
        .sort();
      return firing.join() === expected.join();
    };
    await pollUntil(isSo, waitMs);
    assert.deepEqual(firing, expected);
    console.log(`      firing: ${firing.join(", ")}`);
  };

  it("exactly the alerts of a stopped consumer, then of a stream that fills, fire, and clear", async () => {
    const archive = async (messages: number) => {
      for (let n = 0; n < messages; n++) await jetstream(api).publish("archive.order", String(n));
    };
    await fire(usual);
    await archive(50);
    await fire(["NATSConsumerLagHigh", ...usual].sort());
    await archive(40);
    await fire(["NATSConsumerLagHigh", "NATSStreamNearFull", ...usual].sort());
    const archiver = await as("archiver");
    const durable = await jetstream(archiver).consumers.get("ARCHIVE", "archiver");
    for await (const message of await durable.fetch({ max_messages: 90 })) message.ack();
    // Sends what is acknowledged first.
    await archiver.drain();
    await fire(usual);
    const isReceived = async () => [...new Set(await monitoring.received())].sort().join() === usual.join();
    assert.ok(await pollUntil(isReceived, waitMs), "Alertmanager has the same");
  });

  it("exactly the alert of a killed server fires beside those of this traffic, and clears", async () => {
    await fire(usual);
    // A copy that is on its way to the server that ends is an alert of its own.
    isPoisoned = false;
    assert.ok(await pollUntil(() => biller.givenUp >= poison, waitMs));
    await sleep(1_000);
    await cluster.kill("iad-2");
    await fire([...usual, "NATSServerDown iad-2"]);
    await cluster.ensure();
    isPoisoned = true;
    await fire(usual);
  });

  /** Brings one server to other inputs, or back. */
  const change = (server: string, changed: Partial<LocalServerInputs> = {}) => {
    const inputs = cluster.inputs();
    return cluster.ensure({ ...inputs, [server]: { ...inputs[server]!, ...changed } });
  };

  it("exactly the alert of a certificate that is about to expire fires, and clears when it is replaced", async () => {
    const { certificates, secrets } = cluster.inputs()["iad-1"]!;
    // Of another authority: what is connected stays, and others find other servers.
    const { cert, key } = await issue(await makeAuthority("others", 29), "server", { days: 29 });
    await change("iad-1", {
      certificates: { ...certificates, "tls/client.crt": cert },
      secrets: { ...secrets, "tls/client.key": key },
    });
    await fire([...usual, "NATSCertificateExpiring iad-1 client"].sort());
    await change("iad-1");
    await fire(usual);
  });

  it("exactly the alert of a server whose gateway is cut fires, and clears", async () => {
    const { config, certificates, secrets } = cluster.inputs()["iad-2"]!;
    // The other region refuses what it shows; servers of its own region do not.
    const stranger = await issue(await makeAuthority("strangers", 90), "peer", { clientAuth: true, days: 90 });
    const tls = { ...config.gateway.tls, cert_file: "tls/gateway.crt", key_file: "tls/gateway.key" };
    // A connection that is open would stay.
    await cluster.kill("iad-2");
    await change("iad-2", {
      config: { ...config, gateway: { ...config.gateway, tls } },
      certificates: { ...certificates, [tls.cert_file]: stranger.cert },
      secrets: { ...secrets, [tls.key_file]: stranger.key },
    });
    await fire([...usual, "NATSGatewayLost iad-2"].sort());
    await change("iad-2");
    await fire(usual);
  });

  it("exactly the alert of a mirror that is held back fires, and clears", async () => {
    const mirror = assetsOf(environment, tenants).streams.find(({ mirrorOf }) => mirrorOf === "ORDERS")!;
    const provisioner = await as("provisioner");
    await ask(provisioner, `STREAM.DELETE.${mirror.name}`);
    // Made by hand, as if its origin were behind another domain: what it asks for reaches no one.
    await addStream(provisioner, {
      name: mirror.name,
      ...toWire(streamFields, streamArgs(mirror)),
      mirror: { name: "ORDERS", external: { api: "$JS.elsewhere.API" } },
    });
    await fire([...usual, "NATSMirrorStalled"].sort());
    await ask(provisioner, `STREAM.DELETE.${mirror.name}`);
    await createStream(provisioner, mirror);
    await provisioner.close();
    await fire(usual);
  });

  it("exactly the alert of regions that differ in what a failover maps fires, and clears once all map it", async () => {
    const failovers = { [failoverKey("shop", "ORDERS")]: { to: "ams", consumers: {} } };
    const mapped = cluster.inputs({ accounts: accountsConf(accountsOf(environment, tenants, { failovers }), users) });
    await cluster.ensure(Object.fromEntries(Object.entries(mapped).filter(([, { region }]) => region === "ams")));
    await fire([...usual, "NATSFailoverMappingsDiffer"].sort());
    await cluster.ensure(mapped);
    await fire(usual);
    await cluster.ensure();
    await fire(usual);
  });

  it("exactly the alerts of a killed region fire, and clear", async () => {
    const lost = ["ams-0", "ams-1", "ams-2"];
    await Promise.all(lost.map((server) => cluster.kill(server)));
    // Half of all servers are no majority of the meta group.
    const ofRegion = ["NATSClusterQuorumLost", "NATSMetaLeaderMissing", "NATSRegionLost"];
    await fire([...usual, ...ofRegion, ...lost.map((server) => `NATSServerDown ${server}`)].sort());
    await cluster.ensure();
    await fire(usual);
  });
});

import assert from "node:assert/strict";
import * as fs from "node:fs";
import * as path from "node:path";
import type { Command } from "commander";
import { Registry } from "prom-client";
import { program } from "../../../cli";
import { accountsOf } from "../../../components/security/accounts";
import { alertNames } from "../../../config/schema/alerts";
import { type TenantSpec, tenantSpec } from "../../../config/schema/tenant";
import { toMilliseconds } from "../../../config/units";
import { alerts } from "../../../observability/alerts";
import { siteOf } from "../../../observability/alerts/alert";
import { panelsOf } from "../../../observability/dashboards";
import { type MetricName, metricOf, metrics } from "../../../observability/metrics";
import { recordingRules } from "../../../observability/recording-rules";
import { type AlertingRule, rulesFile, rulesOf, runbookOf } from "../../../observability/rules";
import { validateTenants } from "../../../config/rules/validate";
import { tenants as systems } from "../../../tenants";
import { arrakisMetrics } from "../../../workers/arrakis/metrics";
import { calloutMetrics } from "../../../workers/auth-callout/metrics";
import { backupMetrics } from "../../../workers/backup/metrics";
import { createWorkerMetrics } from "../../../workers/messaging/metrics";
import { probeMetrics } from "../../../workers/probe/metrics";
import { localEnvironment } from "../../support/accounts";
import { kubernetesEnvironment, kubernetesSettings } from "../../support/kubernetes";
import { projectFolder } from "../../support/project-copy";
import { pull, stream } from "../../support/rule-cases";
import { blocksOf } from "../../support/runbook";

/** Of no key that anybody has. */
const recipient = "age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p";
const read = (file: string): string => fs.readFileSync(path.join(projectFolder, file), "utf8");
const environment = kubernetesEnvironment({
  authCallout: {},
  kubernetes: kubernetesSettings({
    workers: { image: { repository: "example/workers", tag: "1.4.0" } },
    backups: { region: "iad", to: "s3://backups", secrets: ["s3"], recipients: [recipient] },
  }),
});
/** Beside the systems one whose given up messages nothing keeps. */
const plain = { name: "plain", home: "iad", users: {}, streams: { NOTES: stream(["notes.>"]) }, consumers: {} };
const tenants = validateTenants(
  { ...systems, plain },
  { ...environment, jetstream: { jetstream: [...Object.keys(systems), "plain", "probe"] } },
);
const site = siteOf(environment, tenants, "iad");
const rules = rulesOf(environment, tenants, "iad");
const alerting = rules.groups.flatMap((group) => group.rules.filter((rule): rule is AlertingRule => "alert" in rule));

describe("alerts", () => {
  it("are all made in a region of production, and wait for whole seconds", () => {
    assert.deepEqual(rules.leftOut, []);
    assert.deepEqual([...new Set(alerting.map(({ alert }) => alert))].sort(), [...alertNames].sort());
    for (const name of alertNames) assert.equal(toMilliseconds(alerts[name].for) % 1000, 0, name);
  });

  it("name only labels that their series or rules have, so that no text has a gap", () => {
    for (const name of alertNames) {
      const { conditions, summary, description } = alerts[name];
      const used = [...`${summary} ${description}`.matchAll(/\$labels\.(\w+)/g)].map(([, label]) => label!);
      for (const { expr, labels = {} } of conditions(site)) {
        const known = ["region", ...expr.labels, ...Object.keys(labels)];
        for (const label of used) assert.ok(known.includes(label), `${name}: ${label} is not one of ${known.join()}`);
        for (const label of ["job", "instance"]) assert.ok(!expr.labels.includes(label), `${name} keeps ${label}`);
      }
    }
  });

  it("have texts without a gap: what Prometheus puts into them are labels of series, not those of the rule", () => {
    for (const name of alertNames) {
      const own = alerting.filter(({ alert }) => alert === name);
      const conditions = alerts[name].conditions(site);
      assert.equal(own.length, conditions.length);
      for (const [index, { expr }] of conditions.entries())
        for (const [, label] of JSON.stringify(own[index]!.annotations).matchAll(/\$labels\.(\w+)/g))
          assert.ok(expr.labels.includes(label!), `${name}: no series has ${label}`);
    }
    const lost = alerting
      .filter(({ alert }) => alert === "NATSRegionLost")
      .map(({ annotations }) => annotations.summary);
    assert.deepEqual(lost, [
      "Region ams is lost: no server of iad has a connection to it",
      "Region syd is lost: no server of iad has a connection to it",
    ]);
  });

  it("stay in one object whatever the number of streams: one line for each stream and durable", () => {
    const streams = Array.from({ length: 500 }, (_, index) => [`STREAM_${index}`, stream([`s${index}.>`])] as const);
    const crowd = tenantSpec.parse({
      ...{ name: "crowd", home: "iad", users: {}, streams: Object.fromEntries(streams) },
      consumers: Object.fromEntries(streams.map(([name]) => [`worker-${name}`, pull([name])])),
    });
    const few = localEnvironment({ jetstream: { jetstream: ["crowd"] } });
    const size = (crowd: TenantSpec) => Buffer.byteLength(rulesFile(rulesOf(few, { crowd }, "iad")));
    const fixed = size({ ...crowd, streams: {}, consumers: {} });
    assert.ok(size(crowd) - fixed < 500 * 350, `${size(crowd) - fixed} bytes for 500 streams and 500 durables`);
    // https://kubernetes.io/docs/concepts/configuration/configmap/#motivation
    assert.ok(size(crowd) < 1024 ** 2 / 4);
  });

  it("recording rules and dashboards read every metric of the table", () => {
    const of = [{ account: "irisx", threshold: 5 }];
    const site = siteOf({ ...environment, alerts: { NATSConsumerLagHigh: { of } } }, tenants, "iad");
    const used = new Set<MetricName>([
      ...alertNames.flatMap((name) => alerts[name].conditions(site).flatMap(({ expr }) => expr.metrics)),
      ...Object.values(recordingRules).flatMap((rule) => rule(site).metrics),
      ...panelsOf(environment).flatMap(({ queries }) => queries.flatMap(({ expr }) => expr.metrics)),
    ]);
    assert.deepEqual([...used].sort(), Object.keys(metrics).sort());
  });

  it("read metrics that workers have, with labels that they have", async () => {
    const registry = new Registry();
    createWorkerMetrics(registry);
    arrakisMetrics(registry);
    calloutMetrics(registry);
    probeMetrics(registry);
    backupMetrics(registry, "s3://backups");
    const there = await registry.getMetricsAsJSON();
    const ofWorkers = (Object.keys(metrics) as MetricName[]).filter((name) => metricOf(name).source === "worker");
    assert.ok(ofWorkers.length >= 4);
    for (const name of ofWorkers) {
      assert.ok(
        there.some((one) => one.name === name),
        name,
      );
      const { labelNames } = registry.getSingleMetric(name) as unknown as { labelNames: string[] };
      assert.deepEqual([...metricOf(name).labels].sort(), [...labelNames].sort(), name);
    }
  });

  it("are left out, with the reason, where they are silenced or their series are not made", () => {
    const made = rulesOf(
      kubernetesEnvironment({
        kubernetes: kubernetesSettings({ monitoring: { exporter: { jetstream: "streams" } } }),
        alerts: { NATSSlowConsumers: { silence: "another team watches these" } },
      }),
      tenants,
      "iad",
    );
    const reason = (metric: string) => `kubernetes.monitoring.exporter.jetstream leaves ${metric} out`;
    assert.deepEqual(made.leftOut, [
      { alert: "NATSConsumerLagHigh", reason: reason("nats_consumer_num_pending") },
      { alert: "NATSConsumerWithoutLeader", reason: reason("nats_consumer_num_pending") },
      { alert: "NATSConsumerMissing", reason: reason("nats_consumer_num_pending") },
      { alert: "NATSConsumerAckPendingNearLimit", reason: reason("nats_consumer_num_ack_pending") },
      { alert: "NATSSlowConsumers", reason: "another team watches these" },
    ]);
    const file = rulesFile(made);
    assert.match(file, /^# Without NATSSlowConsumers: another team watches these$/m);
    assert.doesNotMatch(file, /record: nats_jetstream_consumers|alert: NATSConsumerLagHigh$/m);
    assert.match(file, /record: nats_jetstream_streams/);
  });

  it("are those of a local environment too, with its servers and without workers", () => {
    const local = rulesOf(localEnvironment(), tenants, "ams");
    const text = rulesFile(local);
    assert.match(text, /server="ams-0"/);
    assert.doesNotMatch(text, /alert: NATSWorkerDown$/m);
    assert.deepEqual(local.leftOut, []);
  });
});

/** Reads a command line as the command itself does, and does nothing. @throws for what the command would refuse */
function parse(words: string[]): void {
  const quiet = (command: Command): void => {
    command.exitOverride().configureOutput({ writeErr: () => undefined });
    if (command.commands.length === 0) command.action(() => undefined);
    command.commands.forEach(quiet);
  };
  const all = program();
  quiet(all);
  all.parse(words, { from: "user" });
}

describe("pages of alerts", () => {
  const folder = "docs/runbooks/alerts";
  const pages = fs
    .readdirSync(path.join(projectFolder, folder))
    .filter((file) => file !== "README.md")
    .map((file) => file.replace(/\.md$/, ""));

  it("are one for each alert, and no other", () => assert.deepEqual(pages.sort(), [...alertNames].sort()));

  it("have what it means, a first look and what to do, and are in the list", () => {
    const list = read(`${folder}/README.md`);
    for (const name of alertNames) {
      const text = read(runbookOf(name));
      const parts = [...text.matchAll(/^#+ (.*)$/gm)].map(([, heading]) => heading);
      assert.deepEqual(parts, [name, "What it means", "First look", "What to do"], name);
      assert.match(text, /```sh\n\S/, name);
      assert.ok(list.includes(`- [${name}](${name}.md)`), name);
    }
  });

  /** Commands that stand in blocks of the pages, each with the page that it is from. */
  const commandsOf = (tool: RegExp): { page: string; words: string[] }[] =>
    alertNames.flatMap((page) =>
      blocksOf(page, read(runbookOf(page))).flatMap(({ text }) =>
        [...text.replaceAll(/ +#.*$/gm, "").matchAll(tool)].map(([, command]) => ({
          page,
          words: command!.trim().split(/\s+/),
        })),
      ),
    );

  it("have commands of this project in their blocks, with options that these have", () => {
    const { scripts } = JSON.parse(read("package.json")) as { scripts: Record<string, string> };
    const found = commandsOf(/\bnpm run ((?:-s )?[^")\n;|&]+)/g);
    assert.ok(found.length > 40, `${found.length} commands`);
    for (const { page, words } of found) {
      const [name, separator, ...args] = words.filter((word) => word !== "-s");
      const [, command] = /cli\/index\.ts (.+)$/.exec(scripts[name!] ?? "") ?? [];
      assert.ok(command, `${page}: npm run ${name}`);
      assert.ok([undefined, "--"].includes(separator), `${page}: npm run ${words.join(" ")} needs a --`);
      assert.doesNotThrow(() => parse([...command.split(" "), ...args]), `${page}: npm run ${words.join(" ")}`);
    }
    assert.throws(() => parse(["status", "--of", "production"]), /unknown option '--of'/);
  });

  it("have contexts of the nats CLI in their blocks that npm run context writes for production", () => {
    const logins = accountsOf(environment, tenants).flatMap(({ users }) => users.map(({ login }) => login));
    const contexts = logins.flatMap((login) => environment.regions.map((region) => `${login}-${region}`));
    const found = commandsOf(/\bnats --context (\S+)/g);
    assert.ok(found.length > 15, `${found.length} commands`);
    for (const { page, words } of found) assert.ok(contexts.includes(words[0]!), `${page}: ${words[0]}`);
  });

  it("name commands of this project that exist", () => {
    const { scripts } = JSON.parse(read("package.json")) as { scripts: Record<string, string> };
    const used = alertNames.flatMap((name) =>
      [...read(runbookOf(name)).matchAll(/\bnpm run (?:-s )?([\w:-]+)/g)].map(([, script]) => script!),
    );
    assert.ok(used.length > 30);
    assert.deepEqual(
      used.filter((script) => !(script in scripts)),
      [],
    );
  });
});

describe("documents", () => {
  /** Pages, and code with its comments; not the tests, which name what does not exist. */
  const documents = fs
    .globSync("**/*.{md,ts,mjs,yaml}", {
      cwd: projectFolder,
      exclude: (name) => ["node_modules", "tests", ".cache", ".git"].includes(name),
    })
    .filter((file) => !/^(node_modules|tests|\.cache|\.git)\//.test(file));
  const named = (text: string) =>
    [...text.matchAll(/\bNATS[A-Z][a-z]\w*|\bArrakis\w+(?:Slow|Unanswered)\b/g)].map(([name]) => name);

  it("and comments name no alert that does not exist", () => {
    for (const part of ["README.md", "docs/monitoring.md", "workers/covenant/README.md", "workers/probe/servers.ts"])
      assert.ok(documents.includes(part), part);
    const known: readonly string[] = alertNames;
    const all = documents.flatMap((file) => named(read(file)).map((name) => ({ file, name })));
    assert.ok(all.length > 100, "alerts are named");
    assert.deepEqual(
      all.filter(({ name }) => !known.includes(name)),
      [],
    );
    assert.deepEqual(named("see NATSNoSuchAlert, and NATS_URL"), ["NATSNoSuchAlert"]);
  });

  it("list every alert in docs/monitoring.md", () => {
    const text = read("docs/monitoring.md");
    for (const name of alertNames) assert.ok(text.includes(`[${name}](runbooks/alerts/${name}.md)`), name);
  });
});

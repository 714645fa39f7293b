import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import * as path from "node:path";
import { parse } from "yaml";
import { scrapeConfig } from "../../../../components/monitoring/scrape-config";
import { accountsOf } from "../../../../components/security/accounts";
import { chartValues, podConfig } from "../../../../components/supercluster/chart-values";
import { loadBalancers } from "../../../../components/supercluster/load-balancers";
import type { KubernetesEnvironment } from "../../../../config/schema/settings";
import { systemsPage } from "../../../../docs/generator/systems/page";
import { settings } from "../../../../docs/generator/systems/settings";
import { systems } from "../../../../docs/generator/systems/tenants";
import {
  comparedOf,
  problemsOf,
  settingProblems,
  type System,
  type Value,
} from "../../../../docs/generator/systems/values";
import { requirements } from "../../../../docs/generator/systems/workers";
import { tenants } from "../../../../tenants";
import { projectFolder } from "../../../support/project-copy";
import { stackSettings } from "../../../support/stack-settings";

const read = (file: string): string => readFileSync(path.join(projectFolder, file), "utf8");

const problems = (all: System[], deployed = tenants): string[] =>
  all.flatMap((system) => problemsOf(system, deployed[system.name]!));
const copy = <T>(value: T): T => structuredClone(value);

describe("docs/systems.md", () => {
  it("is what `npm run docs` writes", () => assert.equal(read("docs/systems.md"), systemsPage(), "run npm run docs"));

  it("is about every tenant, and every value of each is the document's or has its reason", () => {
    assert.deepEqual(
      systems.map(({ name }) => name),
      Object.keys(tenants),
    );
    assert.deepEqual(problems(systems), []);
    const compared = systems.flatMap(comparedOf);
    const of = (kind: string) => new Set(compared.flatMap(({ at }) => at.match(`^${kind}\\.[^.]+`)?.[0] ?? []));
    assert.equal(of("streams").size, 14);
    assert.equal(of("consumers").size, 15);
    assert.ok(compared.length > 200, `${compared.length} values`);
  });

  it("refuses a tenant's value that is neither, and a departure without effect", () => {
    const changed = copy(tenants);
    changed.covenant!.streams.ALERTS_INCIDENTS!.discard = "old";
    changed.irisx!.streams.SMS!.replicas = 1;
    changed.irisx!.users.late = { publishes: ["sms.status"] };
    delete changed.arrakis!.consumers["sync-worker"]!.ackWait;
    assert.deepEqual(problems(systems, changed), [
      "arrakis.consumers.sync-worker.ackWait: is none, the document has 5m; say why, or write what it has",
      "covenant.streams.ALERTS_INCIDENTS.discard: is old, the document has new; say why, or write what it has",
      "irisx.streams.SMS.replicas: is 1, and the reason is for 3",
      "irisx.users.late.publishes: no document gives it; say why it is there",
    ]);
    const needless = copy(systems);
    needless[1]!.departures.push({ here: { "streams.ALERTS_INCIDENTS.discard": "new" }, why: "because" });
    assert.deepEqual(problems(needless), [
      "covenant.streams.ALERTS_INCIDENTS.discard: new is what the document has; remove the reason",
    ]);
  });

  it("has a reason in words for every departure", () => {
    for (const { name, departures, remarks } of systems) {
      for (const { why, here } of departures) assert.ok(why.length > 15, `${name}: ${Object.keys(here)[0]}`);
      for (const { here, document } of remarks) assert.ok(here && document, name);
    }
  });
});

describe("docs/systems.md: workers", () => {
  for (const [system, rows] of Object.entries(requirements)) {
    it(`${system}: each requirement has files that are there, and tests of these titles`, () => {
      assert.ok(system in tenants);
      for (const { document, files, tests } of rows) {
        assert.ok(files.length > 0 && tests.length > 0, document);
        for (const file of files) assert.ok(existsSync(path.join(projectFolder, file)), `${document}: ${file}`);
        for (const { file, title } of tests) {
          const titles = [...read(file).matchAll(/\bit\(\s*("(?:[^"\\]|\\.)*"|`[^`]*`)/g)].map(([, text]) =>
            text!.slice(1, -1),
          );
          assert.ok(titles.includes(title), `${document}: ${file} has no test "${title}"`);
        }
      }
    });

    it(`${system}: no requirement stands twice`, () => {
      const documents = rows.map(({ document }) => document);
      assert.deepEqual(documents, [...new Set(documents)]);
    });
  }
});

describe("docs/systems.md: servers", () => {
  const { environment } = stackSettings("iad");
  const region = { name: "iad", environment: "production", settings: environment as KubernetesEnvironment };
  const spec = { ...region, accounts: accountsOf(environment, tenants) };
  const chart = chartValues(spec);
  const { dependencies, devDependencies } = JSON.parse(read("package.json")) as Record<string, Record<string, string>>;
  const rendered: Record<string, unknown> = {
    settings: environment,
    config: podConfig(spec, 0),
    chart,
    clients: loadBalancers(region.settings, region.name).clients,
    scrape: (parse(scrapeConfig(region.settings, region.name)) as { scrape_configs: unknown[] }).scrape_configs[0],
    version: chart.container.image.tag.match(/^\d+\.\d+/)![0],
    package: Object.fromEntries(Object.keys({ ...dependencies, ...devDependencies }).map((name) => [name, name])),
  };
  const actual = (at: string): Value | undefined =>
    at.split(".").reduce<unknown>((value, key) => (value as Record<string, unknown> | undefined)?.[key], rendered) as
      Value | undefined;

  for (const setting of settings) {
    it(`${setting.what}: ${setting.at} is the documents', or has its reason`, () => {
      assert.deepEqual(settingProblems(setting, actual(setting.at)), []);
      assert.ok(setting.here === undefined || setting.why, "a reason");
    });
  }

  it("refuses a value that is neither, and a reason without effect", () => {
    const payload = { what: "Largest message", source: 8388608, at: "config.max_payload" };
    assert.deepEqual(settingProblems(payload, 1048576), [
      "config.max_payload: is 1,048,576, the document has 8,388,608; say why, or write what it has",
    ]);
    assert.deepEqual(settingProblems({ ...payload, here: 1048576, why: "x" }, 1048576), []);
    assert.deepEqual(settingProblems({ ...payload, here: 1048576, why: "x" }, 8388608), [
      "config.max_payload: is 8,388,608, and the reason is for 1,048,576",
    ]);
    assert.deepEqual(settingProblems({ ...payload, why: "x" }, 8388608), [
      "config.max_payload: 8,388,608 is what the document has; remove the reason",
    ]);
  });
});

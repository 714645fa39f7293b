import * as pulumi from "@pulumi/pulumi";
import type { RegionSpec } from "../../config/assets/region";
import { type WorkerAsset, workerKey } from "../../config/assets/workers";
import { monitoringOf } from "../../config/monitoring";
import { serversOf } from "../../config/topology";
import { atLeast } from "../../tools/pins.mjs";
import { readRecord } from "../../tools/record.mjs";
import { cacheDir } from "../../config/cache";
import { alertmanagerInputs, exporterInputs, prometheusInputs, regionInputs, trusting } from "./monitoring-layout";
import { LocalFiles, LocalProgram } from "./program";
import type { LocalRegion } from "./region";

export interface LocalMonitoringArgs {
  region: RegionSpec;
  /** The region's servers and workers. */
  local: LocalRegion;
  /** The CA that clients trust. */
  ca: pulumi.Input<string>;
  /** Those workers. */
  workers: readonly WorkerAsset[];
  /** The region's file of rules. */
  rules: string;
}

/** The first Prometheus that reads `scrape_config_files`. */
const firstWithScrapeFiles = "2.43";

/**
 * What monitors a region: an exporter for each server, its rules, and where its workers are. The environment's first
 * region has Prometheus and Alertmanager for all.
 *
 * @public to stacks/region.ts, which loads it only where it is needed
 */
export class LocalMonitoring extends pulumi.ComponentResource {
  /** URLs: of its exporters by server; of Prometheus and Alertmanager where they are the region's. */
  readonly urls: {
    exporters: Record<string, pulumi.Output<string>>;
    prometheus?: pulumi.Output<string>;
    alertmanager?: pulumi.Output<string>;
  };

  constructor(
    name: string,
    { region: { name: region, environment, settings }, local, ca, workers, rules }: LocalMonitoringArgs,
    opts?: pulumi.ComponentResourceOptions,
  ) {
    super("supercluster:local:Monitoring", `${name}-monitoring`, {}, opts);
    const parent = { parent: this };
    const trust = monitoringOf(settings).scheme === "https" ? pulumi.output(ca).apply(trusting) : undefined;
    const exporters = serversOf(settings, region).map(({ name: server, monitor }, index) => {
      const inputs = {
        ...exporterInputs(environment, { region, server, monitor }),
        ...(trust && { env: trust.env, files: trust.files }),
      };
      // Ended before its server.
      const options = { ...parent, dependsOn: local.servers[index]! };
      return [server, new LocalProgram(`${server}-exporter`, inputs, options).url] as const;
    });
    const healths = pulumi.all(workers.map((worker) => local.workers[workerKey(worker)]!.health));
    const inputsOf = (urls: string[]) =>
      regionInputs(environment, {
        ...{ region, rules },
        workers: urls.map((health, index) => ({ worker: workers[index]!, health })),
      });
    new LocalFiles(
      `${name}-monitored`,
      { ...inputsOf([]), files: healths.apply((urls) => inputsOf(urls).files) },
      parent,
    );
    this.urls = { exporters: Object.fromEntries(exporters) };
    if (settings.regions[0] === region) {
      const { version } = readRecord(cacheDir()).prometheus ?? {};
      const readsScrapeFiles = version === undefined || atLeast(version, firstWithScrapeFiles);
      const program = (inputs: ReturnType<typeof alertmanagerInputs>) =>
        new LocalProgram(`${name}-${inputs.tool}`, inputs, parent).url;
      this.urls.alertmanager = program(alertmanagerInputs(environment));
      this.urls.prometheus = program(prometheusInputs(environment, { readsScrapeFiles }));
    }
    this.registerOutputs({});
  }
}

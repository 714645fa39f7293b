import { chmodSync, readdirSync } from "node:fs";
import * as path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { KubeConfig, type KubernetesObject, KubernetesObjectApi, PatchStrategy } from "@kubernetes/client-node";
import type { KubernetesEnvironment } from "../../config/schema/settings";
import { namespaceOf } from "../../config/topology";
import { loadBalancers } from "../../components/supercluster/load-balancers";

/** Field manager of what tests write. */
export const manager = "supercluster-test";

/** How the cluster that KUBECONFIG names is reached. */
export function clusterConfig(): KubeConfig {
  const config = new KubeConfig();
  config.loadFromDefault();
  return config;
}

/** That cluster: its context, and a client for objects of any kind. */
export function currentCluster(): { context: string; api: KubernetesObjectApi } {
  const config = clusterConfig();
  return { context: config.getCurrentContext(), api: KubernetesObjectApi.makeApiClient(config) };
}

/**
 * What a cloud does around its clusters, for one that has none: load balancers are known by their names (to this
 * cluster's DNS, at their Services' own addresses), and servers may write to their volumes.
 */
export class Cloud {
  private isStopped = false;
  private running?: Promise<void>;

  constructor(
    private readonly api: KubernetesObjectApi,
    private readonly settings: KubernetesEnvironment,
  ) {}

  /** Does so all the time, for whatever comes up. */
  start(): void {
    this.running = (async () => {
      while (!this.isStopped) {
        await this.publishNames().catch((error: Error) => console.error(`names of load balancers: ${error.message}`));
        openVolumes();
        await sleep(500);
      }
    })();
  }

  async stop(): Promise<void> {
    this.isStopped = true;
    await this.running;
  }

  private async publishNames(): Promise<void> {
    const metadata = { name: "coredns", namespace: "kube-system" };
    const { data } = (await this.api.read({ apiVersion: "v1", kind: "ConfigMap", metadata })) as {
      data?: Record<string, string>;
    };
    const before = data!.Corefile!;
    const own = /^ {4}hosts \{\n((?: {8}.*\n)*) {4}\}\n/m;
    const known = own.exec(before)?.[1]?.match(/^ {8}\d.*$/gm) ?? [];
    // Another supercluster's names, of another domain, stay.
    const others = known.map((line) => line.trim()).filter((line) => !line.endsWith(`.${this.settings.domain}`));
    const hosts = [
      "    hosts {",
      ...[...others, ...(await this.names())].map((line) => `        ${line}`),
      "        ttl 5",
      "        fallthrough",
      "    }",
      "",
    ].join("\n");
    const Corefile = before.replace(own, "").replace(/^(\s*)kubernetes /m, `${hosts}$1kubernetes `);
    if (Corefile === before) return;
    await this.api.patch(
      { apiVersion: "v1", kind: "ConfigMap", metadata, data: { Corefile } } as KubernetesObject,
      undefined,
      undefined,
      manager,
      true,
      PatchStrategy.ServerSideApply,
    );
  }

  private async names(): Promise<string[]> {
    const lines: string[] = [];
    for (const region of this.settings.regions) {
      for (const { name, hosts } of Object.values(loadBalancers(this.settings, region))) {
        const service = {
          apiVersion: "v1",
          kind: "Service",
          metadata: { name, namespace: namespaceOf(this.settings, region) },
        };
        const found = (await this.api.read(service).catch(() => undefined)) as
          { spec?: { clusterIP?: string } } | undefined;
        if (found?.spec?.clusterIP) lines.push(...hosts.map((host) => `${found.spec!.clusterIP} ${host}`));
      }
    }
    return lines;
  }
}

/**
 * Volumes that are folders of the host belong to root, whatever group a pod asks for: only for clusters whose volumes
 * are in KUBE_VOLUMES.
 */
function openVolumes(): void {
  const folder = process.env.KUBE_VOLUMES;
  if (folder) for (const name of readdirSync(folder)) chmodSync(path.join(folder, name), 0o777);
}

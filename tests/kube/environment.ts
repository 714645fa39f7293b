import { execFileSync } from "node:child_process";
import { chmodSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { KubeConfig, type KubernetesObject, KubernetesObjectApi, PatchStrategy } from "@kubernetes/client-node";
import type { RegionIdentity } from "../../config/region";
import type { KubernetesEnvironment } from "../../config/settings";
import { namespaceOf, serversOf } from "../../config/topology";
import { rolloutProvider, type RolloutInputs } from "../../components/supercluster/provider/rollout-provider";
import { accountsOf } from "../../components/security/accounts";
import { certificateNames } from "../../components/security/certificate-names";
import { loadBalancers } from "../../components/supercluster/load-balancers";
import { region as regionStack } from "../../stacks/region";
import type { Tenants } from "../../config/assets";
import { usersOf } from "../support/accounts";
import { issue, makeAuthority } from "../support/certificates";
import { identityOutputs } from "../support/identity";
import { kubernetesEnvironment, kubernetesSettings } from "../support/kubernetes";
import { record, type Registration, unsecret } from "../support/mocks";
import { chartFolder } from "./chart";

/*
 * Regions on a real Kubernetes. The plugin for it may not be there to be had, so what region stacks register is applied here as it
 * stands: the Release by helm, a rollout by its provider, everything else by server-side apply.
 */

const manager = "supercluster-test";

export class KubeEnvironment {
  readonly settings: KubernetesEnvironment;
  readonly name = "kube";
  private readonly rollouts = new Map<string, RolloutInputs>();
  private readonly api: KubernetesObjectApi;

  private constructor(
    readonly tenants: Tenants,
    private readonly identities: Record<string, RegionIdentity>,
    settings: KubernetesEnvironment,
    config: KubeConfig,
  ) {
    this.settings = settings;
    this.api = KubernetesObjectApi.makeApiClient(config);
  }

  static async create(regions: string[], tenants: Tenants): Promise<KubeEnvironment> {
    const config = new KubeConfig();
    config.loadFromDefault();
    const context = config.getCurrentContext();
    const settings = kubernetesEnvironment({
      regions,
      storage: { file: "90GiB", memory: "1GiB" },
      lameDuck: { duration: "30s", gracePeriod: "1s" },
      kubernetes: kubernetesSettings({
        namespace: "nats-<region>",
        clusters: Object.fromEntries(regions.map((region) => [region, { context }])),
        chart: { path: chartFolder() },
        resources: { cpu: "50m", memory: "1536MiB" },
        volume: { size: "100GiB", storageClass: process.env.KUBE_STORAGE_CLASS ?? "local" },
        spread: { hosts: "ScheduleAnyway" },
        loadBalancers: { dns: "none", annotations: {} },
      }),
    });
    return new KubeEnvironment(tenants, await makeIdentities(settings, tenants), settings, config);
  }

  /** What `pulumi up` of a region's stack does. */
  async up(region: string, settings = this.settings): Promise<void> {
    const references = { [`organization/supercluster/${this.name}-identity`]: { ...identityOutputs(settings, this.tenants), ...this.identities } };
    const stack = { environment: this.name, kind: "region" as const, region };
    const { registrations } = await record(() => regionStack({ name: this.name, environment: settings, stack, tenants: this.tenants, degraded: [], failovers: {} }), { references });
    const kinds = (type: string) => registrations.filter((one) => one.type === type);
    for (const one of registrations.filter(({ type }) => type.startsWith("kubernetes:core/") || type.startsWith("kubernetes:storage"))) await this.apply(one);
    await this.publishNames();
    for (const one of kinds("kubernetes:helm.sh/v3:Release")) await this.install(one);
    this.openVolumes();
    for (const { inputs } of kinds("pulumi-nodejs:dynamic/kubernetes:Rollout")) {
      const wanted = unsecret(inputs) as RolloutInputs;
      const last = this.rollouts.get(region);
      if (last) await rolloutProvider.diff("", last, wanted);
      await (last ? rolloutProvider.update("", last, wanted) : rolloutProvider.create(wanted));
      this.rollouts.set(region, wanted);
    }
  }

  /** Everything of all regions, volumes too. */
  async remove(): Promise<void> {
    const namespaces = this.settings.regions.map((region) => namespaceOf(this.settings, region));
    await Promise.all(namespaces.map((name) => this.api.delete({ apiVersion: "v1", kind: "Namespace", metadata: { name } }).catch(() => undefined)));
  }

  private async apply({ inputs }: Registration): Promise<void> {
    const { apiVersion, kind, metadata, ...rest } = unsecret(inputs) as KubernetesObject & Record<string, unknown>;
    await this.api.patch({ apiVersion, kind, metadata, ...rest }, undefined, undefined, manager, true, PatchStrategy.ServerSideApply);
  }

  private install({ inputs }: Registration): Promise<void> {
    const { name, namespace, chart, values } = unsecret(inputs) as { name: string; namespace: string; chart: string; values: object };
    const folder = mkdtempSync(path.join(os.tmpdir(), "values-"));
    const file = path.join(folder, "values.json");
    writeFileSync(file, JSON.stringify(values), { mode: 0o600 });
    execFileSync(process.env.HELM ?? "helm", ["upgrade", "--install", name, chart, "--namespace", namespace, "--values", file], { stdio: ["ignore", "ignore", "inherit"] });
    rmSync(folder, { recursive: true });
    return Promise.resolve();
  }

  /** The names of load balancers, as a zone would have them: here their Services' own addresses, known to the cluster's DNS. */
  private async publishNames(): Promise<void> {
    const lines: string[] = [];
    for (const region of this.settings.regions) {
      for (const { name, hosts } of Object.values(loadBalancers(this.settings, region))) {
        const service = { apiVersion: "v1", kind: "Service", metadata: { name, namespace: namespaceOf(this.settings, region) } };
        const found = (await this.api.read(service).catch(() => undefined)) as { spec?: { clusterIP?: string } } | undefined;
        if (found?.spec?.clusterIP) lines.push(...hosts.map((host) => `${found.spec!.clusterIP} ${host}`));
      }
    }
    const metadata = { name: "coredns", namespace: "kube-system" };
    const { data } = (await this.api.read({ apiVersion: "v1", kind: "ConfigMap", metadata })) as { data?: Record<string, string> };
    const own = /^ {4}hosts \{\n(?: {8}.*\n)* {4}\}\n/m;
    const hosts = ["    hosts {", ...lines.map((line) => `        ${line}`), "        ttl 5", "        fallthrough", "    }", ""].join("\n");
    const Corefile = data!.Corefile!.replace(own, "").replace(/^(\s*)kubernetes /m, `${hosts}$1kubernetes `);
    await this.api.patch({ apiVersion: "v1", kind: "ConfigMap", metadata, data: { Corefile } } as KubernetesObject, undefined, undefined, manager, true, PatchStrategy.ServerSideApply);
  }

  /** Volumes that are folders of the host belong to root, whatever group a pod asks for: only for clusters whose volumes are in KUBE_VOLUMES. */
  private openVolumes(): void {
    const folder = process.env.KUBE_VOLUMES;
    if (!folder) return;
    const timer = setInterval(() => {
      for (const name of readdirSync(folder)) chmodSync(path.join(folder, name), 0o777);
    }, 500);
    timer.unref();
  }

  /** How clients of this machine reach a region. */
  forwardOf(region: string) {
    return { cluster: { context: this.settings.kubernetes.clusters[region]!.context }, namespace: namespaceOf(this.settings, region), statefulSet: region };
  }

  serverNames = (region: string): string[] => serversOf(this.settings, region).map(({ name }) => name);
  ca = (): string => Object.values(this.identities)[0]!.clientCa;
}

/** Real certificates with the names that the settings ask for; each password is its login. */
async function makeIdentities(settings: KubernetesEnvironment, tenants: Tenants): Promise<Record<string, RegionIdentity>> {
  const [clientCa, peerCa] = await Promise.all([makeAuthority("clients"), makeAuthority("peers")]);
  const users = usersOf(accountsOf(settings, tenants));
  const entries = settings.regions.map(async (region): Promise<[string, RegionIdentity]> => {
    const server = await issue(clientCa, `nats ${region}`, { names: certificateNames(settings, region, ["client"]) });
    const peer = await issue(peerCa, `nats ${region}`, { clientAuth: true, names: certificateNames(settings, region, ["route", "gateway"]) });
    return [region, { clientCa: clientCa.cert, peerCa: peerCa.cert, server, peer, jetstreamKey: `key of ${region}`, users }];
  });
  return Object.fromEntries(await Promise.all(entries));
}

import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { type KubernetesObject, type KubernetesObjectApi, PatchStrategy } from "@kubernetes/client-node";
import { connect, type NatsConnection } from "@nats-io/transport-node";
import type { dynamic } from "@pulumi/pulumi";
import type { Tenants } from "../../config/assets/asset";
import type { RegionIdentity } from "../../config/assets/region";
import type { KubernetesEnvironment } from "../../config/schema/settings";
import { loginOf, systemAccount } from "../../config/assets/standard";
import { serversInAll } from "../../config/sizes";
import { forwardTo, namespaceOf, serversOf } from "../../config/topology";
import type { Login, RegionAccess } from "../../components/jetstream/provider/settings";
import { accountsOf } from "../../components/security/accounts";
import { certificateNames } from "../../components/security/certificate-names";
import { inboxPrefixOf } from "../../components/security/permissions";
import { passThrough } from "../../components/supercluster/provider/kubernetes-client";
import { forwardedUrl } from "../../components/supercluster/provider/port-forward";
import { snapshotUntil, takeSnapshot } from "../../operations/supercluster/snapshot";
import { checksOf } from "../../operations/verify/checks";
import { region as regionStack } from "../../stacks/region";
import { usersOf } from "../support/accounts";
import { type Authority, issue, makeAuthority } from "../support/certificates";
import { identityOutputs } from "../support/identity";
import { record, type Registration, unsecret } from "../support/mocks";
import { Cloud, currentCluster, manager } from "./cloud";
import { helm } from "./helm";
import { kubeEnvironment, type KubeOptions } from "./settings";

/*
 * Regions on a real Kubernetes, without the engine's plugin for it, which may not be installed: what region
 * stacks register is applied as it stands, the Release by helm, dynamic resources by their providers, everything else
 * by server-side apply.
 */

interface Provider {
  check?(olds: unknown, inputs: unknown): Promise<dynamic.CheckResult>;
  diff?(id: string, olds: unknown, news: unknown): Promise<dynamic.DiffResult>;
  create(inputs: unknown): Promise<dynamic.CreateResult>;
  update?(id: string, olds: unknown, inputs: unknown): Promise<dynamic.UpdateResult>;
}
const providers = require("../../components/supercluster/provider/entry.js") as Record<string, Provider>;

/** Beginnings of types, in the order in which they depend on each other. */
const order = [
  "pulumi-nodejs:dynamic/kubernetes:ClusterGuard",
  "kubernetes:core/",
  "kubernetes:networking",
  "kubernetes:storage",
  "kubernetes:apps/",
  "kubernetes:batch/",
  "kubernetes:policy/",
  "kubernetes:autoscaling/",
  "pulumi-nodejs:dynamic/kubernetes:Volumes",
  "pulumi-nodejs:dynamic/kubernetes:ScaleDown",
  "kubernetes:helm.sh/v3:Release",
  "pulumi-nodejs:dynamic/kubernetes:Objects",
  "pulumi-nodejs:dynamic/kubernetes:Rollout",
];

export class KubeEnvironment {
  /** Dynamic resources as they were deployed, by type and region. */
  private readonly deployed = new Map<string, { id: string; outs: unknown }>();
  private readonly open: NatsConnection[] = [];
  private authorities?: Promise<[clients: Authority, peers: Authority]>;
  private readonly cloud: Cloud;

  private constructor(
    readonly name: string,
    readonly settings: KubernetesEnvironment,
    readonly tenants: Tenants,
    private readonly api: KubernetesObjectApi,
  ) {
    this.cloud = new Cloud(api, settings);
  }

  static create(options: KubeOptions, tenants: Tenants): KubeEnvironment {
    const kube = new KubeEnvironment(options.name, kubeEnvironment(options), tenants, currentCluster().api);
    kube.cloud.start();
    return kube;
  }

  /** What `pulumi up` of a region's stack does, with other settings or tenants where they are given. */
  async up(
    region: string,
    { settings = this.settings, tenants = this.tenants }: { settings?: KubernetesEnvironment; tenants?: Tenants } = {},
  ): Promise<void> {
    const own = `organization/supercluster/${this.name}`;
    const identity = await this.identityOf(region, settings, tenants);
    const references = {
      [`${own}-${region}`]: {},
      [`${own}-jetstream`]: {},
      [`${own}-identity`]: { ...identityOutputs(settings, tenants), [region]: identity },
    };
    const stack = { environment: this.name, kind: "region" as const, region };
    const { registrations } = await record(
      () => regionStack({ name: this.name, environment: settings, stack, tenants, degraded: [], failovers: {} }),
      {
        references,
        stack: `${this.name}-${region}`,
      },
    );
    for (const type of order)
      for (const one of registrations.filter((registration) => registration.type.startsWith(type)))
        await this.bringUp(region, one);
  }

  /** What a dynamic resource of a region was deployed with last. */
  deployedAs = <Inputs>(region: string, type: string): Inputs => this.deployed.get(`${region} ${type}`)!.outs as Inputs;

  /** Everything of some regions, volumes too; without waiting until it is gone. */
  async remove(regions = this.settings.regions): Promise<void> {
    const names = regions.map((region) => namespaceOf(this.settings, region));
    await Promise.all(
      names.map((name) =>
        this.api.delete({ apiVersion: "v1", kind: "Namespace", metadata: { name } }).catch(() => undefined),
      ),
    );
  }

  /** Ends what runs here; with KUBE_KEEP=1 the regions stay, to look at. */
  async stop(): Promise<void> {
    await Promise.all(this.open.map((connection) => connection.close()));
    await this.cloud.stop();
    if (process.env.KUBE_KEEP !== "1") await this.remove();
  }

  private async bringUp(region: string, { type, inputs }: Registration): Promise<void> {
    if (type.startsWith("kubernetes:helm.sh/")) return install(unsecret(inputs) as Release);
    const [, dynamicType] = type.split("dynamic/kubernetes:");
    if (dynamicType === undefined) return this.apply(unsecret(inputs) as KubernetesObject & Record<string, unknown>);
    const provider = providers[dynamicType]!;
    const key = `${region} ${dynamicType}`;
    const last = this.deployed.get(key);
    const wanted = unsecret(inputs);
    const { failures = [] } = (await provider.check?.(last?.outs ?? {}, wanted)) ?? {};
    if (failures.length) throw new Error(failures.map(({ reason }) => reason).join("\n"));
    if (!last) {
      const made = await provider.create(wanted);
      this.deployed.set(key, { id: made.id, outs: made.outs as Record<string, unknown> });
      return;
    }
    await provider.diff?.(last.id, last.outs, wanted);
    const updated = await provider.update?.(last.id, last.outs, wanted);
    this.deployed.set(key, { id: last.id, outs: updated?.outs ?? wanted });
  }

  private async apply({
    apiVersion,
    kind,
    metadata,
    ...rest
  }: KubernetesObject & Record<string, unknown>): Promise<void> {
    passThrough({ apiVersion: apiVersion!, kind: kind! });
    await this.api.patch(
      { apiVersion, kind, metadata, ...rest },
      undefined,
      undefined,
      manager,
      true,
      PatchStrategy.ServerSideApply,
    );
  }

  /** Real certificates with the names that the settings ask for; each password is its login. */
  private async identityOf(region: string, settings: KubernetesEnvironment, tenants: Tenants): Promise<RegionIdentity> {
    const [clientCa, peerCa] = await (this.authorities ??= Promise.all([
      makeAuthority("clients"),
      makeAuthority("peers"),
    ]));
    const server = await issue(clientCa, `nats ${region}`, { names: certificateNames(settings, region, ["client"]) });
    const peer = await issue(peerCa, `nats ${region}`, {
      clientAuth: true,
      names: certificateNames(settings, region, ["route", "gateway"]),
    });
    return {
      clientCa: clientCa.cert,
      peerCa: peerCa.cert,
      server,
      peer,
      jetstreamKey: `key of ${region}`,
      users: usersOf(accountsOf(settings, tenants)),
    };
  }

  /** Where the provider finds the servers of some regions. */
  access(regions = this.settings.regions): RegionAccess[] {
    return regions.map((name) => ({
      name,
      servers: serversOf(this.settings, name).map((server) => server.name),
      clientUrls: [],
      forward: forwardTo(this.settings, name),
      degraded: false,
    }));
  }

  login = (account: string, user: string): Login => ({
    login: loginOf(account, user),
    password: loginOf(account, user),
    inboxPrefix: inboxPrefixOf(user),
  });

  /** Connects a user to a region's servers, for as long as the test goes on. */
  async connect(region: string, account: string, user: string): Promise<NatsConnection> {
    const { login: name, password, inboxPrefix } = this.login(account, user);
    const servers = await forwardedUrl(forwardTo(this.settings, region)!);
    const connection = await connect({
      servers,
      user: name,
      pass: password,
      inboxPrefix,
      tls: { ca: await this.ca() },
      ignoreClusterUpdates: true,
      maxReconnectAttempts: -1,
      reconnectTimeWait: 250,
    });
    this.open.push(connection);
    return connection;
  }

  /** A region's pods: identity of each by name. */
  async pods(region: string): Promise<Record<string, string>> {
    const found = await this.api.list("v1", "Pod", namespaceOf(this.settings, region));
    return Object.fromEntries(found.items.map(({ metadata }) => [metadata!.name!, metadata!.uid!]));
  }

  /** Waits until every check of `npm run verify` about servers, gateways and the meta group passes. */
  async isWhole(
    change: Partial<Pick<KubernetesEnvironment, "regions" | "servers" | "byRegion">> = {},
    by = "iad",
  ): Promise<void> {
    const system = await this.connect(by, systemAccount.name, systemAccount.user);
    const environment = { ...this.settings, ...change };
    const failed = (snapshot: Parameters<typeof checksOf>[1]) =>
      checksOf({ environment, tenants: {} }, snapshot).filter(({ result }) => result === "failed");
    const snapshot = await snapshotUntil(
      () => takeSnapshot(system, serversInAll(environment)),
      (now) => failed(now).length === 0,
      120_000,
    );
    assert.deepEqual(failed(snapshot), []);
  }

  /** Names of a region's volume claims, those without a pod included. */
  async claims(region: string): Promise<string[]> {
    const found = await this.api.list("v1", "PersistentVolumeClaim", namespaceOf(this.settings, region));
    return found.items.map(({ metadata }) => metadata!.name!).sort();
  }

  ca = async (): Promise<string> => (await this.authorities!)[0].cert;
}

interface Release {
  name: string;
  namespace: string;
  chart: string;
  values: object;
}

function install({ name, namespace, chart, values }: Release): void {
  const folder = mkdtempSync(path.join(os.tmpdir(), "values-"));
  try {
    const file = path.join(folder, "values.json");
    writeFileSync(file, JSON.stringify(values), { mode: 0o600 });
    helm("upgrade", "--install", name, chart, "--namespace", namespace, "--values", file);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

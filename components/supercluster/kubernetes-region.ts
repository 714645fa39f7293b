import * as path from "node:path";
import * as kubernetes from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import type { RegionIdentity, RegionSpec } from "../../config/assets/region";
import { monitoringOf } from "../../config/monitoring";
import { written } from "../../config/rules/chart-values";
import type { IdentitySecretSettings } from "../../config/schema/secret-store";
import type { KubernetesEnvironment } from "../../config/schema/settings";
import { serversIn, volumeSizeIn } from "../../config/sizes";
import { kubernetesNames, namespaceOf, storageClassName } from "../../config/topology";
import { prometheusRuleSpec, type RegionRules, rulesFile } from "../../observability/rules";
import { prometheusRuleKind, rulesFileName } from "../monitoring/alert-rules";
import { scrapeConfig } from "../monitoring/scrape-config";
import { accountsFingerprint } from "../security/accounts-conf";
import { certificatesInForce } from "../security/certificates-in-force";
import { tenantLogins } from "../security/connections";
import { storageClass } from "../storage/storage-class";
import { Volumes } from "../storage/volumes";
import { chartValues, dataVolume, podConfig, secrets, secretsOf } from "./chart-values";
import { ClusterGuard } from "./cluster-guard";
import { type ByUse, hostsOf, type LoadBalancer, loadBalancers, mapUses, waitAnnotations } from "./load-balancers";
import { annotationsOf, labelsOf, metadataOf } from "./metadata";
import { listenerPorts, networkPolicySpec } from "./network-policy";
import { comparable, type KubeObject } from "./object-drift";
import { Objects } from "./objects";
import type { ClusterAccess } from "./provider/kubernetes-client";
import { objectLabels, podSecurity, releasedChart, releaseFingerprint, serverVersion } from "./release";
import { regionSecrets } from "./region-secrets";
import {
  externalSecretKind,
  identityAnnotation,
  identityReadSpec,
  pushedName,
  pushSecretKind,
  pushSecretSpec,
  readName,
} from "./secret-store";
import { StoredIdentity } from "./stored-identity";
import { podParts } from "./pod-parts";
import { Rollout } from "./rollout";
import { ScaleDown } from "./scale-down";

export interface KubernetesRegionArgs {
  region: RegionSpec & { settings: KubernetesEnvironment };
  /** The region's part of the identity; all of it stays secret. Or how to read it, where a secret store carries it. */
  identity: pulumi.Input<RegionIdentity> | IdentityInStore;
  /** The cluster it is deployed to. */
  cluster: pulumi.Input<{ [Key in keyof ClusterAccess]: pulumi.Input<ClusterAccess[Key]> }>;
  /** What Prometheus is to evaluate. */
  rules: RegionRules;
  /** More annotations of the load balancers. */
  annotations?: ByUse<pulumi.Input<Record<string, string>>>;
  /** KMS key of the storage class, where this program makes one. Default: the driver's key. */
  kmsKeyId?: pulumi.Input<string>;
  /** Namespaces whose workers connect to the servers. Default: none. */
  workerNamespaces?: readonly string[];
}

/** An identity that a secret store carries (`kubernetes.identitySecret`). */
export class IdentityInStore {
  constructor(
    /** Of the identity that the identity stack deployed last. */
    readonly fingerprint: pulumi.Input<string>,
    /** What is used, by what was read. */
    readonly complete: (read: pulumi.Output<RegionIdentity>) => pulumi.Output<RegionIdentity>,
  ) {}
}

/**
 * The servers of one region on Kubernetes, by the official chart, with everything around it: namespace, Secrets,
 * network policy, storage class, load balancers, scrape configuration, alerts. Complete when all servers serve; it
 * waits for no other region.
 */
export class KubernetesRegion extends pulumi.ComponentResource {
  /** The region's part of the identity; secret. */
  readonly identity: pulumi.Output<RegionIdentity>;
  /** Host names or addresses of the load balancers, once their controller has assigned them. */
  readonly loadBalancers: ByUse<pulumi.Output<string[]>>;
  /** A file for Prometheus's `scrape_config_files`. */
  readonly scrapeConfig: pulumi.Output<string>;
  /** What the program made in the cluster, with digests in place of secrets, to be compared with what is there. */
  readonly objects: pulumi.Output<KubeObject[]>;
  /** Provider for its cluster. What it makes waits until the guard has found that this is the right one. */
  readonly provider: kubernetes.Provider;

  constructor(
    name: string,
    { region, identity, cluster, rules, annotations, kmsKeyId, workerNamespaces = [] }: KubernetesRegionArgs,
    opts?: pulumi.ComponentResourceOptions,
  ) {
    super("supercluster:kubernetes:Region", name, {}, opts);
    const { settings } = region;
    const access = pulumi.output(cluster);
    const annotated = annotationsOf(settings, region.name);
    const common = metadataOf({ ...labelsOf(settings), ...objectLabels(region) }, annotated);
    const metadata = { ...common, namespace: namespaceOf(settings, region.name) };
    const { chart, volume } = settings.kubernetes;
    const kinds = neededKinds(settings);
    const guard = new ClusterGuard(
      `${name}-guard`,
      {
        environment: region.environment,
        region: region.name,
        namespace: metadata.namespace,
        cluster: access,
        chart,
        ...("existing" in volume.storageClass && { storageClass: volume.storageClass.existing }),
        ...(kinds.length && { kinds }),
        ...(settings.aws?.regions[region.name] && { awsRegion: settings.aws.regions[region.name]!.region }),
      },
      { parent: this },
    );
    const provider = new kubernetes.Provider(
      name,
      {
        kubeconfig: access.apply(({ kubeconfig }) => kubeconfig!),
        context: access.apply(({ context }) => context!),
        // Of the region, not of the cluster: neither a renewed credential nor another cluster replaces the servers and
        // leaves their volumes behind.
        clusterIdentifier: `${region.environment}-${region.name}`,
        enableServerSideApply: true,
        // Otherwise the provider deletes a changed Secret before it creates the new one: a pod that restarts between
        // the two, or after a run that ended there, waits in Init.
        enableSecretMutable: true,
        enableConfigMapMutable: true,
        // What a killed run created and did not record, and a namespace that stayed or was made before, is taken over.
        // The guard has made sure that the namespace is this region's.
        upsertExistingObjects: true,
      },
      // Everything that this provider makes waits for the guard.
      { parent: this, dependsOn: guard },
    );
    this.provider = provider;
    const own = { parent: this, provider };

    const objects: pulumi.Output<KubeObject>[] = [];
    /** Arguments of an object that is put back when it is deleted or changed by others. */
    const kept = <Args extends object>(apiVersion: string, kind: string, args: Args): Args => {
      objects.push(pulumi.output({ apiVersion, kind, ...args }).apply((object: object) => object as KubeObject));
      return args;
    };

    // Deleting the namespace would delete the claims of its volumes.
    const namespace = new kubernetes.core.v1.Namespace(
      name,
      kept("v1", "Namespace", {
        metadata: { ...common, name: metadata.namespace, labels: { ...common.labels, ...podSecurity } },
      }),
      { ...own, retainOnDelete: true },
    );
    const inNamespace = { ...own, dependsOn: namespace };

    const { identitySecret } = settings.kubernetes;
    const read = (fingerprint: pulumi.Input<string>, stored: IdentitySecretSettings) => {
      const external = new kubernetes.apiextensions.CustomResource(
        `${name}-identity`,
        kept(externalSecretKind.apiVersion, externalSecretKind.kind, {
          ...externalSecretKind,
          metadata: {
            ...metadata,
            name: readName,
            annotations: { ...common.annotations, [identityAnnotation]: fingerprint },
          },
          spec: identityReadSpec(region.environment, region.name, stored),
        }),
        inNamespace,
      );
      const { cluster: writer, namespace: theirs } = stored;
      return new StoredIdentity(
        `${name}-stored-identity`,
        {
          environment: region.environment,
          region: region.name,
          namespace: metadata.namespace,
          name: readName,
          cluster: access,
          fingerprint,
          pushed: { ...writer, namespace: theirs, name: pushedName(region.environment, region.name) },
        },
        { parent: this, dependsOn: external },
      ).identity;
    };
    this.identity =
      identity instanceof IdentityInStore
        ? identity.complete(read(identity.fingerprint, identitySecret!))
        : pulumi.output(identity);
    const known = this.identity;
    const contents = pulumi.secret(known.apply((parts) => regionSecrets(region, parts)));
    const made = secretsOf(settings).map(
      ({ name: secret, type }) =>
        new kubernetes.core.v1.Secret(
          `${name}-${secret}`,
          kept("v1", "Secret", {
            metadata: { ...metadata, name: secret },
            type,
            data: contents.apply((all) => encoded(all[secret]!)),
          }),
          inNamespace,
        ),
    );

    const { networkPolicy, connectionSecrets, workers } = settings.kubernetes;
    if (connectionSecrets)
      new kubernetes.apiextensions.CustomResource(
        `${name}-connections`,
        kept(pushSecretKind.apiVersion, pushSecretKind.kind, {
          ...pushSecretKind,
          metadata: { ...metadata, name: secrets.connections.name },
          spec: pushSecretSpec({
            environment: region.environment,
            region: region.name,
            secret: secrets.connections.name,
            logins: tenantLogins(region),
            settings: connectionSecrets,
          }),
        }),
        { ...inNamespace, dependsOn: made },
      );
    const policy =
      networkPolicy.enabled &&
      new kubernetes.networking.v1.NetworkPolicy(
        `${name}-servers`,
        kept("networking.k8s.io/v1", "NetworkPolicy", {
          metadata: { ...metadata, name: "nats-servers" },
          spec: networkPolicySpec(networkPolicy, {
            ports: listenerPorts(settings),
            workers: workerNamespaces,
            keda:
              workers?.scaling.by === "keda"
                ? { namespace: workers.scaling.kedaNamespace, port: monitoringOf(settings).port }
                : undefined,
          }),
        }),
        inNamespace,
      );

    const wanted = storageClass(settings, region.name, kmsKeyId);
    const storage =
      wanted &&
      new kubernetes.storage.v1.StorageClass(`${name}-storage`, kept("storage.k8s.io/v1", "StorageClass", wanted), own);

    const balancers = loadBalancers(settings, region.name);
    const service = (balancer: LoadBalancer, more: pulumi.Input<Record<string, string>> | undefined) =>
      new kubernetes.core.v1.Service(
        `${name}-${balancer.name}`,
        kept("v1", "Service", serviceArgs(balancer, more, metadata, settings)),
        inNamespace,
      );
    const services = mapUses(balancers, (balancer, use) => service(balancer, annotations?.[use]));
    this.loadBalancers = mapUses(services, hosts);

    const scrape = scrapeConfig(settings, region.name, workerNamespaces);
    const prometheus = new kubernetes.core.v1.ConfigMap(
      `${name}-prometheus`,
      kept("v1", "ConfigMap", { metadata: { ...metadata, name: "nats-prometheus" }, data: { "nats.yaml": scrape } }),
      inNamespace,
    );
    this.scrapeConfig = pulumi.output(scrape);
    const { prometheusRule, labels, dashboards } = settings.kubernetes.monitoring;
    const alerts = prometheusRule
      ? new kubernetes.apiextensions.CustomResource(
          `${name}-alerts`,
          kept(prometheusRuleKind.apiVersion, prometheusRuleKind.kind, {
            ...prometheusRuleKind,
            metadata: { ...metadata, name: "nats-alerts", labels: { ...metadata.labels, ...labels } },
            spec: prometheusRuleSpec(rules),
          }),
          inNamespace,
        )
      : new kubernetes.core.v1.ConfigMap(
          `${name}-prometheus-rules`,
          kept("v1", "ConfigMap", {
            metadata: { ...metadata, name: "nats-prometheus-rules" },
            data: { [rulesFileName]: rulesFile(rules) },
          }),
          inNamespace,
        );

    const boards = Object.entries(dashboards.enabled ? rendered(settings) : {}).map(([file, json]) => {
      const object = `${path.parse(file).name}-dashboard`;
      return new kubernetes.core.v1.ConfigMap(
        `${name}-${object}`,
        kept("v1", "ConfigMap", {
          metadata: { ...metadata, name: object, labels: { ...metadata.labels, ...dashboards.labels } },
          data: { [file]: json },
        }),
        inNamespace,
      );
    });

    const values = chartValues(region);
    const volumes = new Volumes(
      `${name}-volumes`,
      {
        region: region.name,
        namespace: metadata.namespace,
        statefulSet: values.statefulSet.name,
        template: dataVolume,
        servers: serversIn(settings, region.name),
        cluster: access,
        size: volumeSizeIn(settings, region.name),
        storageClass: storageClassName(settings, region.name),
      },
      { parent: this, dependsOn: [namespace, guard] },
    );
    const scaleDown = new ScaleDown(
      `${name}-scale-down`,
      {
        region: region.name,
        namespace: metadata.namespace,
        statefulSet: values.statefulSet.name,
        servers: serversIn(settings, region.name),
        cluster: access,
      },
      { parent: this, dependsOn: [namespace, guard] },
    );
    const optional = [...(storage ? [storage] : []), ...(policy ? [policy] : [])];
    const release = new kubernetes.helm.v3.Release(
      name,
      {
        name: kubernetesNames.release,
        namespace: metadata.namespace,
        ...releasedChart(settings),
        values,
        // Helm would wait for pods that this program has yet to replace.
        skipAwait: true,
      },
      {
        ...own,
        dependsOn: [namespace, volumes, scaleDown, ...made, ...optional],
      },
    );

    const present = new Objects(
      `${name}-objects`,
      {
        region: region.name,
        namespace: metadata.namespace,
        release: kubernetesNames.release,
        cluster: access,
        objects: pulumi.all(objects),
      },
      {
        parent: this,
        dependsOn: [
          namespace,
          ...made,
          ...optional,
          ...Object.values(services),
          prometheus,
          alerts,
          ...boards,
          release,
        ],
      },
    );
    this.objects = pulumi.unsecret(pulumi.all(objects).apply((all) => all.map(comparable)));

    const config = podConfig(region, 0);
    const overrides = written(settings.kubernetes.values).map(({ path }) => path.join("."));
    new Rollout(
      name,
      {
        environment: region.environment,
        region: region.name,
        namespace: metadata.namespace,
        statefulSet: values.statefulSet.name,
        servers: serversIn(settings, region.name),
        cluster: access,
        parts: podParts(values, settings),
        state: { config, files: {}, version: serverVersion(settings) },
        accounts: pulumi.unsecret(known.apply(({ users }) => accountsFingerprint(region.accounts, users))),
        certificates: pulumi.unsecret(known.apply(certificatesInForce)),
        release: releaseFingerprint(values, settings),
        ...(overrides.length && { overrides }),
      },
      // Created last, so deleted first: it checks that this is the right cluster.
      { parent: this, dependsOn: [release, ...Object.values(services), prometheus, alerts, present] },
    );
    this.registerOutputs({ loadBalancers: this.loadBalancers, scrapeConfig: this.scrapeConfig });
  }
}

/** Grafana's SDK is loaded only where dashboards are wanted. */
const rendered = (settings: KubernetesEnvironment): Record<string, string> =>
  (
    require("../../observability/dashboards/render") as typeof import("../../observability/dashboards/render")
  ).dashboardFiles(settings);

/** Kinds of operators that settings need: without them a deployment would fail halfway. */
const neededKinds = ({
  kubernetes: { connectionSecrets, identitySecret, monitoring, workers },
}: KubernetesEnvironment): string[] => [
  ...(identitySecret ? [`${externalSecretKind.apiVersion}/${externalSecretKind.kind}`] : []),
  ...(connectionSecrets ? [`${pushSecretKind.apiVersion}/${pushSecretKind.kind}`] : []),
  ...(workers?.scaling.by === "keda" ? ["keda.sh/v1alpha1/ScaledObject"] : []),
  ...(monitoring.podMonitor ? ["monitoring.coreos.com/v1/PodMonitor"] : []),
  ...(monitoring.prometheusRule ? [`${prometheusRuleKind.apiVersion}/${prometheusRuleKind.kind}`] : []),
];

/**
 * As `data` of a Secret. Not `stringData`: server-side apply does not remove keys that leave it
 * (https://kubernetes.io/docs/concepts/configuration/secret/).
 */
const encoded = (files: Record<string, string>): Record<string, string> =>
  Object.fromEntries(Object.entries(files).map(([file, text]) => [file, Buffer.from(text).toString("base64")]));

function serviceArgs(
  { name, annotations, spec }: LoadBalancer,
  more: pulumi.Input<Record<string, string>> | undefined,
  metadata: { namespace: string; labels?: Record<string, string> },
  settings: KubernetesEnvironment,
): kubernetes.core.v1.ServiceArgs {
  const known = { ...annotations, ...waitAnnotations(settings) };
  const all = more === undefined ? known : pulumi.output(more).apply((others) => ({ ...known, ...others }));
  const labels = { ...labelsOf(settings, "services"), ...metadata.labels };
  return { metadata: { ...metadata, name, labels, annotations: all }, spec };
}

const hosts = ({ status }: kubernetes.core.v1.Service): pulumi.Output<string[]> => status.apply(hostsOf);

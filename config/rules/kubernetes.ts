import { unknownName } from "../problems";
import { thousandthsOf } from "../schema/kubernetes-values";
import type { KubernetesEnvironment } from "../schema/settings";
import { isDnsLabel } from "../schema/values";
import { resourcesIn, storageIn, volumeSizeIn } from "../sizes";
import { listenersOf } from "../listeners";
import { clusterIdOf, loadBalancerIn, namespaceOf, storageClassName } from "../topology";
import { toBytes, toMilliseconds } from "../units";
import { isUnsupportedTag, supportedServers } from "../versions";
import type { ValidationContext } from "./context";
import { list, text } from "./messages";
import { isMeantBy } from "./misspelt-region";
import { networkPolicyRules } from "./network-policy";
import { type Rule, rule, type Scope } from "./rule";
import { memoryOfServer, usableOfVolume } from "./server-overhead";

/** An environment, where its servers run on Kubernetes. */
export const onKubernetes = ({ name, environment }: ValidationContext) =>
  environment.target === "kubernetes" ? [{ path: ["environments", name], ...environment }] : [];

const regionNames = (context: ValidationContext) =>
  onKubernetes(context).flatMap(({ path, regions }) =>
    regions.map((region, index) => ({ path: [...path, "regions", index], region })),
  );

const regionsOnKubernetes = (context: ValidationContext) =>
  onKubernetes(context).flatMap(({ path, regions, kubernetes, aws }) =>
    regions.map((region) => ({
      path: [...path, "kubernetes", "clusters", region],
      region,
      access: kubernetes.access,
      cluster: kubernetes.clusters[region],
      awsCluster: aws?.regions[region]?.cluster,
      // The misspelt name is reported instead.
      isMisspelt: isMeantBy(region, regions, [...Object.keys(kubernetes.clusters), ...Object.keys(aws?.regions ?? {})]),
    })),
  );

/** What one server has: of all regions, and of each with sizes of its own. */
const sizesOfServers = (context: ValidationContext) =>
  onKubernetes(context).flatMap(({ path, ...environment }) => [
    {
      path,
      storage: environment.storage,
      resources: environment.kubernetes.resources,
      volume: environment.kubernetes.volume.size,
    },
    ...Object.entries(environment.byRegion ?? {}).flatMap(([region, own]) =>
      // Of a region that only has another number of servers, the same would be reported twice.
      own.storage || own.kubernetes
        ? [
            {
              path: [...path, "byRegion", region],
              storage: storageIn(environment, region),
              resources: resourcesIn(environment, region),
              volume: volumeSizeIn(environment, region),
            },
          ]
        : [],
    ),
  ]);

/** What containers get, of servers and beside them. */
const containerResources = (context: ValidationContext) =>
  onKubernetes(context).flatMap(({ path, ...environment }) => [
    { path: [...path, "kubernetes", "resources"], ...environment.kubernetes.resources },
    ...Object.entries(environment.byRegion ?? {})
      .filter(([, own]) => own.kubernetes?.resources)
      .map(([region]) => ({
        path: [...path, "byRegion", region, "kubernetes", "resources"],
        ...resourcesIn(environment, region),
      })),
    ...Object.entries(environment.kubernetes.containers).map(([name, one]) => ({
      path: [...path, "kubernetes", "containers", name],
      cpu: one.cpu,
      cpuLimit: one.cpuLimit,
    })),
  ]);

/** Load balancers: those of clients and gateways, and of each listener that is asked for. */
const loadBalancersOf = (context: ValidationContext) =>
  onKubernetes(context).flatMap(({ path, ...environment }) => {
    const at = [...path, "kubernetes", "loadBalancers"];
    const { loadBalancers } = environment.kubernetes;
    const own = listenersOf(environment).filter((name) => {
      const { public: isPublic, sourceRanges } = loadBalancers.listeners[name] ?? {};
      return isPublic !== undefined || sourceRanges !== undefined;
    });
    return [
      { path: at, ...loadBalancers },
      ...own.map((name) => ({ path: [...at, "listeners", name], ...loadBalancerIn(environment, name) })),
    ];
  });

/** Clusters that are named in settings. */
const namedClusters = (context: ValidationContext) =>
  onKubernetes(context).flatMap(({ path, kubernetes }) =>
    Object.keys(kubernetes.clusters).map((region) => ({ path: [...path, "kubernetes", "clusters", region], region })),
  );

/** Whether two regions that share a cluster would have something there by the same name. */
const clash = (environment: KubernetesEnvironment, nameOf: (region: string) => string): boolean => {
  const places = environment.regions.flatMap((region) => {
    const cluster = clusterIdOf(environment, region);
    return cluster === undefined ? [] : [JSON.stringify([cluster, nameOf(region)])];
  });
  return environment.regions.length === new Set(environment.regions).size && new Set(places).size < places.length;
};

/** Longest name of a region: Kubernetes appends `-<hash>` to a StatefulSet's name in a label of 63 characters. */
const longestRegion = 52;

/** The longest host name of an environment; DNS limits them to 253 characters. */
const longestHost = ({ domain, regions }: { domain: string; regions: readonly string[] }): string =>
  regions.map((region) => `gateway-0.${region}.${domain}`).toSorted((a, b) => b.length - a.length)[0]!;

/** Regions without a hosted zone; of one whose name is misspelt in `aws.regions`, that is reported instead. */
const withoutZone = ({ regions, aws }: Pick<KubernetesEnvironment, "regions" | "aws">): string[] =>
  regions
    .filter((region) => !aws?.regions[region]?.hostedZone)
    .filter((region) => !isMeantBy(region, regions, Object.keys(aws?.regions ?? {})));

/** What is set by region is of a region of the environment. */
export const ofKnownRegions = (each: (context: ValidationContext) => (Scope & { region: string })[]): Rule =>
  rule({
    each,
    when: ({ region }, { environment }) => !environment.regions.includes(region),
    message: ({ region }, { environment }) => unknownName(region, "a region of the environment", environment.regions),
  });

/** Rules about servers on Kubernetes: what relates its settings to each other. */
const platformRules: Rule[] = [
  rule({
    each: regionNames,
    when: ({ region }) => !isDnsLabel(region) || region.length > longestRegion,
    message: ({ region }) =>
      `${text(region)} is a part of host names and the name of a StatefulSet; ` +
      `write at most ${longestRegion} lower case letters, digits and dashes, no dash at the end`,
  }),
  rule({
    each: onKubernetes,
    at: ["domain"],
    when: (environment) => longestHost(environment).length > 253,
    message: (environment) =>
      `${text(environment.domain)} is too long: ${longestHost(environment)} has ` +
      `${longestHost(environment).length} characters, and host names have at most 253; write a shorter one`,
  }),
  rule({
    each: onKubernetes,
    at: ["kubernetes", "namespace"],
    when: ({ regions, kubernetes }) => regions.some((region) => namespaceOf({ kubernetes }, region).length > 63),
    message: ({ regions, kubernetes }) => {
      const names = regions.map((region) => namespaceOf({ kubernetes }, region)).filter((name) => name.length > 63);
      return (
        `${text(kubernetes.namespace)} is too long: ${list(names)} ` +
        `${names.length === 1 ? "has" : "have"} more than 63 characters; write a shorter one`
      );
    },
  }),
  ofKnownRegions(namedClusters),
  rule({
    each: onKubernetes,
    at: ["kubernetes", "images", "nats", "tag"],
    when: ({ kubernetes: { images } }) => images.nats.digest === undefined && isUnsupportedTag(images.nats.tag),
    message: ({ kubernetes: { images } }) =>
      `${text(images.nats.tag)} is not a supported version of nats-server; ` +
      `write one from ${supportedServers.from} to before ${supportedServers.before}`,
  }),
  rule({
    each: containerResources,
    at: ["cpuLimit"],
    when: ({ cpu, cpuLimit }) => cpuLimit !== undefined && thousandthsOf(cpuLimit) < thousandthsOf(cpu),
    message: ({ cpu, cpuLimit }) =>
      `${text(cpuLimit)} is less than cpu, ${text(cpu)}, and Kubernetes refuses pods whose limit is below their ` +
      "request; write as much or more, or leave it out",
  }),
  rule({
    each: loadBalancersOf,
    at: ["public"],
    when: (one) => one.public && one.sourceRanges.length === 0,
    message: () =>
      "true without sourceRanges lets everyone on the internet connect; " +
      'write who may in sourceRanges, e.g. ["203.0.113.0/24"], or ["0.0.0.0/0"] for everyone',
  }),
  rule({
    each: regionsOnKubernetes,
    when: ({ cluster, awsCluster, isMisspelt }) => !cluster && !awsCluster && !isMisspelt,
    message: ({ region }) =>
      `is missing: region ${region} has no cluster; write { context: "<context of your kubeconfig>" }`,
  }),
  rule({
    each: regionsOnKubernetes,
    when: ({ cluster, awsCluster, access }) => access === "portForward" && awsCluster !== undefined && !cluster,
    message: ({ region }) =>
      'is missing, and kubernetes.access "portForward" needs a kubeconfig\'s context; ' +
      `write { context: ... } instead of aws.regions.${region}.cluster, or access: "loadBalancer"`,
  }),
  rule({
    each: sizesOfServers,
    at: ["storage", "file"],
    when: ({ storage, volume }) => toBytes(storage.file) > toBytes(volume) * usableOfVolume,
    message: ({ storage, volume }) =>
      `${text(storage.file)} does not fit into kubernetes.volume.size ${text(volume)}: ` +
      "a formatted volume holds 5% less, and a full one stops the server; " +
      `write at most ${Math.floor((toBytes(volume) * usableOfVolume) / 1024 ** 2)}MiB`,
  }),
  rule({
    each: sizesOfServers,
    at: ["storage", "memory"],
    when: ({ storage, resources }) => toBytes(storage.memory) + toBytes(memoryOfServer) > toBytes(resources.memory),
    message: ({ storage, resources }) =>
      `${text(storage.memory)} and ${memoryOfServer} for the server itself are more than ` +
      `kubernetes.resources.memory ${text(resources.memory)}; raise that, or write less`,
  }),
  rule({
    each: onKubernetes,
    at: ["regions"],
    when: (environment) => clash(environment, (region) => namespaceOf(environment, region)),
    message: ({ kubernetes }) =>
      `two of them are in the same cluster and the same namespace ${text(kubernetes.namespace)}; ` +
      'write kubernetes.namespace: "nats-<region>"',
  }),
  rule({
    each: onKubernetes,
    at: ["kubernetes", "volume", "storageClass"],
    when: (environment) =>
      !("existing" in environment.kubernetes.volume.storageClass) &&
      clash(environment, (region) => storageClassName(environment, region)),
    message: (environment) =>
      `${text(storageClassName(environment, "<region>"))} would be created by the stacks of several regions in the ` +
      'same cluster, and the first one owns it; write { name: "nats-<region>" }',
  }),
  rule({
    each: onKubernetes,
    at: ["kubernetes", "loadBalancers", "dns"],
    when: ({ kubernetes, ...environment }) =>
      kubernetes.loadBalancers.dns === "route53" && withoutZone(environment).length > 0,
    message: (environment) =>
      '"route53" needs aws.regions.<region>.hostedZone of every region; ' +
      `missing: ${list(withoutZone(environment))}`,
  }),
  rule({
    each: onKubernetes,
    at: ["kubernetes", "monitoring", "interval"],
    when: ({ kubernetes }) => toMilliseconds(kubernetes.monitoring.interval) < 1000,
    message: ({ kubernetes }) =>
      `${text(kubernetes.monitoring.interval)} is too short to read servers in; write "1s" or more`,
  }),
  rule({
    each: onKubernetes,
    at: ["kubernetes", "identitySecret"],
    when: ({ kubernetes, aws }) =>
      kubernetes.identitySecret !== undefined && Object.values(aws?.regions ?? {}).some((one) => one.identitySecret),
    message: ({ aws }) => {
      const regions = Object.keys(aws!.regions).filter((region) => aws!.regions[region]!.identitySecret);
      return `is for all regions, and aws.regions.<region>.identitySecret is written for ${list(regions)}; remove one`;
    },
  }),
  rule({
    each: onKubernetes,
    at: ["kubernetes", "identitySecret", "namespace"],
    when: ({ regions, kubernetes }) =>
      regions.some((region) => namespaceOf({ kubernetes }, region) === kubernetes.identitySecret?.namespace),
    message: ({ kubernetes }) =>
      `${text(kubernetes.identitySecret!.namespace)} is the namespace of a region's servers, and the identity stack ` +
      'needs one for itself; write another, e.g. "nats-identity"',
  }),
  rule({
    each: onKubernetes,
    at: ["kubernetes", "volume", "storageClass"],
    when: ({ kubernetes, aws }) =>
      "existing" in kubernetes.volume.storageClass &&
      Object.values(aws?.regions ?? {}).some(({ cluster }) => cluster?.create),
    message: (environment) =>
      `${JSON.stringify(environment.kubernetes.volume.storageClass)} does not exist in a cluster that is created ` +
      "(aws.regions.<region>.cluster.create); " +
      `write { name: ${text(storageClassName(environment, "<region>"))} } to create a class by that name, ` +
      "which volumes of an earlier deployment keep, or leave it out to create nats-<region>",
  }),
];

/** Rules about an environment on Kubernetes. What it uses of AWS: aws.ts. */
export const kubernetesRules: Rule[] = [...platformRules, ...networkPolicyRules];

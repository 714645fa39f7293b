import { plural } from "../plural";
import { defaultBucketName, isZoneOf, longestBucketName, partitionOf, zonesOf } from "../schema/aws";
import { isRangeWithin } from "../schema/values";
import { serversIn } from "../sizes";
import type { ValidationContext } from "./context";
import { ofKnownRegions, onKubernetes } from "./kubernetes";
import { list, text } from "./messages";
import { type Rule, rule } from "./rule";

/** Rules about what regions use of AWS: what relates its settings to each other and to those of Kubernetes. */

/** What each region uses of AWS. */
const awsRegions = (context: ValidationContext) =>
  onKubernetes(context).flatMap(({ path, kubernetes, aws, servers, byRegion }) =>
    Object.entries(aws?.regions ?? {}).map(([region, settings]) => ({
      path: [...path, "aws", "regions", region],
      region,
      settings,
      kubernetes,
      servers: serversIn({ servers, byRegion }, region),
      bucket:
        settings.backups && (settings.backups.bucket ?? defaultBucketName(context.name, region, settings.account)),
    })),
  );

/** Where it is written that some principal or key is: its ARN, and the AWS region it is used in. */
const arns = (context: ValidationContext) =>
  awsRegions(context).flatMap(({ path, settings: { region, account, role, key, cluster } }) => [
    ...(role === undefined ? [] : [{ path: [...path, "role"], region, account, arn: role }]),
    ...(key?.arn === undefined ? [] : [{ path: [...path, "key", "arn"], region, account: undefined, arn: key.arn }]),
    ...(cluster?.create?.administrators ?? []).map((arn, index) => ({
      path: [...path, "cluster", "create", "administrators", index],
      region,
      account: undefined,
      arn,
    })),
  ]);

const partOf = (arn: string, part: "partition" | "region" | "account"): string =>
  arn.split(":")[{ partition: 1, region: 3, account: 4 }[part]]!;

/** Each with the first other of the list that is equal to it. */
const withEarlier = <T extends { region: string }>(all: readonly T[], isEqual: (one: T, other: T) => boolean) =>
  all.map((scope, index) => ({ ...scope, earlier: all.slice(0, index).find((one) => isEqual(one, scope))?.region }));

/** Buckets of backups; names are unique in all of AWS. */
const buckets = (context: ValidationContext) =>
  withEarlier(
    awsRegions(context).filter(({ bucket }) => bucket !== undefined),
    (one, other) => one.bucket === other.bucket,
  );

/** Clusters that are created on AWS, each with the earlier region that has the same network. */
const newClusters = (context: ValidationContext) =>
  withEarlier(
    awsRegions(context).flatMap((scope) =>
      scope.settings.cluster?.create
        ? [{ ...scope, path: [...scope.path, "cluster", "create"], create: scope.settings.cluster.create }]
        : [],
    ),
    (one, other) => one.create.cidr === other.create.cidr,
  );

/** The same clusters, each with the earlier region that creates a cluster of the same name in the same place. */
const newNames = (context: ValidationContext) =>
  withEarlier(
    newClusters(context),
    ({ settings: one }, { settings: other }) =>
      one.account === other.account && one.region === other.region && one.cluster?.name === other.cluster?.name,
  ).map(({ path, ...scope }) => ({ ...scope, path: [...path.slice(0, -1), "name"] }));

/** Ranges that a NetworkPolicy limits connections to, with each network that a region's stack creates. */
const limitedNetworks = (context: ValidationContext) =>
  newClusters(context).flatMap(({ region, create, kubernetes }) =>
    (["clients", "gateways"] as const).map((who) => ({
      path: ["environments", context.name, "kubernetes", "networkPolicy", who, "sourceRanges"],
      region,
      cidr: create.cidr,
      ranges: kubernetes.networkPolicy.enabled ? kubernetes.networkPolicy[who].sourceRanges : [],
    })),
  );

const foreignZones = ({ settings, create }: ReturnType<typeof newClusters>[number]): string[] =>
  zonesOf(settings, create).filter((zone) => !isZoneOf(zone, settings.region));

/** Rules about an environment's settings of AWS. */
export const awsRules: Rule[] = [
  ofKnownRegions(awsRegions),
  rule({
    each: awsRegions,
    at: ["cluster"],
    when: ({ region, settings, kubernetes }) =>
      settings.cluster !== undefined && kubernetes.clusters[region] !== undefined,
    message: ({ region }) => `kubernetes.clusters.${region} names a cluster for this region too; remove one of the two`,
  }),
  rule({
    each: awsRegions,
    at: ["hostedZone"],
    when: ({ settings, kubernetes }) => settings.hostedZone !== undefined && kubernetes.loadBalancers.dns !== "route53",
    message: ({ settings, kubernetes }) =>
      `${text(settings.hostedZone)} is only used with kubernetes.loadBalancers.dns "route53", ` +
      `which is ${text(kubernetes.loadBalancers.dns)}; change that, or remove this`,
  }),
  rule({
    each: awsRegions,
    at: ["securityGroups"],
    when: ({ settings, kubernetes }) => settings.securityGroups && kubernetes.loadBalancers.sourceRanges.length === 0,
    message: () =>
      "allow kubernetes.loadBalancers.sourceRanges only, which is empty; write who may connect, e.g. " +
      '["10.0.0.0/8"]',
  }),
  rule({
    each: awsRegions,
    at: ["securityGroups"],
    when: ({ settings }) => settings.securityGroups && !settings.cluster,
    message: () => "need the cluster's network, and no AWS cluster is named; write cluster: { name: ... }",
  }),
  rule({
    each: newClusters,
    at: ["zones"],
    when: (scope) => foreignZones(scope).length > 0,
    message: (scope) =>
      `${list(foreignZones(scope))} is not a zone of ${scope.settings.region}; write zones of that region`,
  }),
  rule({
    each: newClusters,
    at: ["nodes", "perZone"],
    when: ({ create, servers }) => create.nodes.perZone * 3 < servers,
    message: ({ create, servers }) =>
      `${create.nodes.perZone} in each of three zones are fewer hosts than the ${plural(servers, "server")}; ` +
      `write ${Math.ceil(servers / 3)} or more`,
  }),
  rule({
    each: newClusters,
    at: ["cidr"],
    when: ({ earlier }) => earlier !== undefined,
    message: ({ create, earlier }) =>
      `${text(create.cidr)} is also the network of ${earlier}, and networks with equal addresses cannot be joined; ` +
      "write another",
  }),
  rule({
    each: limitedNetworks,
    when: ({ ranges, cidr }) => ranges.length > 0 && !ranges.some((range) => isRangeWithin(cidr, range)),
    message: ({ ranges, region, cidr }) =>
      `${text(ranges)} does not contain ${text(cidr)}, the network of ${region}, from which its load balancers check ` +
      `health and forward connections; add ${text(cidr)}`,
  }),
  rule({
    each: newNames,
    when: ({ earlier }) => earlier !== undefined,
    message: ({ settings, earlier }) =>
      `${text(settings.cluster?.name)} is created by the stack of ${earlier} too, ` +
      "in the same account and AWS region; write another",
  }),
  rule({
    each: arns,
    when: ({ arn, region }) => partOf(arn, "partition") !== partitionOf(region),
    message: ({ arn, region }) =>
      `${text(arn)} is of another partition than ${region}; write one that begins with ` +
      `"arn:${partitionOf(region)}:"`,
  }),
  rule({
    each: arns,
    when: ({ arn, account }) => account !== undefined && partOf(arn, "account") !== account,
    message: ({ arn, account }) =>
      `${text(arn)} is of another account than account, ${text(account)}, whose credentials alone are accepted; ` +
      "write a role of that account, or correct account",
  }),
  rule({
    each: arns,
    when: ({ arn, region }) => partOf(arn, "region") !== "" && partOf(arn, "region") !== region,
    message: ({ arn, region }) =>
      `${text(arn)} is in another AWS region than ${region}, and keys encrypt only what is in theirs; ` +
      `write a key of ${region}`,
  }),
  rule({
    each: buckets,
    at: ["backups", "bucket"],
    when: ({ bucket = "" }) => bucket.length > longestBucketName,
    message: ({ bucket = "" }) =>
      `is missing: the default, ${text(bucket)}, has more than ${longestBucketName} characters; write a shorter name`,
  }),
  rule({
    each: buckets,
    at: ["backups", "bucket"],
    when: ({ earlier }) => earlier !== undefined,
    message: ({ bucket, earlier }) => `${text(bucket)} is also the bucket of ${earlier}; write another`,
  }),
];

import * as z from "zod";
import { chartVersion } from "./kubernetes-values";
import { sourceRanges, token } from "./values";
import { strictObject } from "../problems";

/**
 * What an environment uses of AWS: `aws` beside `kubernetes` in Pulumi.yaml. All of it is optional, region by region
 * and part by part; what is left out is not created, and any conformant Kubernetes works without it. docs/aws.md
 * describes what each part creates and costs.
 */

const text = z.string().min(1);

const arn = (service: string, resource: string) => new RegExp(`^arn:aws(-cn|-us-gov)?:${service}:${resource}$`);

/** Name of a role or user, after its path. */
const principal = "([!-~]+/)?[\\w+=,.@-]{1,64}";

/** Name of an AWS region. */
const regionForm =
  "(af|ap|ca|cn|eu|il|me|mx|sa|us|us-gov)-(central|north|south|east|west|(north|south)(east|west))-[1-9]";

/** A family with its generation, and a size. */
const instanceTypeForm =
  /^[a-z][a-z0-9-]*\d[a-z0-9-]*\.(nano|micro|small|medium|large|\d{0,3}xlarge|metal(-\d{1,3}xl)?)$/;

/** Text of a form, and what to write where it has another; numbers without quotes too. */
const pattern = (form: RegExp, message: string) => z.string({ error: message }).regex(form, message);

/**
 * Tags of resources: keys of 1 to 128 characters, values of at most 256, of those that every service takes
 * (https://docs.aws.amazon.com/tag-editor/latest/userguide/best-practices-and-strats.html). Keys that begin with `aws:`
 * are AWS's, those with `supercluster:` and `kubernetes.io/` are this program's. To IAM, keys that differ in case alone
 * are equal. A resource has at most 50 tags, and 4 of them are of this program.
 */
const mostTags = 46;
const tagCharacters = /^[\p{L}\p{Z}\p{N}_.:/=+\-@]*$/u;
const tagForm = "letters, digits, spaces and _ . : / = + - @";

const tagKey = z
  .string()
  .refine((key) => key.length >= 1 && key.length <= 128 && tagCharacters.test(key), {
    error: ({ input }) => `${JSON.stringify(input)} is not a key of a tag; write 1 to 128 ${tagForm}`,
  })
  .refine((key) => !/^(aws:|supercluster:|kubernetes\.io\/|name$)/i.test(key), {
    error: ({ input }) => `${JSON.stringify(input)} is a key that AWS or this program sets; choose another`,
  });

const tags = z
  .record(
    tagKey,
    z.string({ error: "write text, in quotes" }).refine((value) => value.length <= 256 && tagCharacters.test(value), {
      error: ({ input }) => `${JSON.stringify(input)} is not a value of a tag; write at most 256 ${tagForm}`,
    }),
  )
  .refine((all) => Object.keys(all).length <= mostTags, {
    error: ({ input }) => `${Object.keys(input as object).length} tags are too many; write at most ${mostTags}`,
  })
  .superRefine((all, context) => {
    const keys = Object.keys(all);
    for (const [index, key] of keys.entries()) {
      const earlier = keys.slice(0, index).find((one) => one.toLowerCase() === key.toLowerCase());
      if (earlier !== undefined)
        context.addIssue({
          code: "custom",
          path: [key],
          message: `differs from ${JSON.stringify(earlier)} in case alone, which IAM refuses; remove one of the two`,
        });
    }
  });

/** Public ranges: EKS refuses reserved addresses for its API (CreateCluster, publicAccessCidrs), and more than 40. */
const apiSourceRanges = z
  .array(
    sourceRanges.element.refine((range) => !reservedAddresses.test(range), {
      error: ({ input }) =>
        `${JSON.stringify(input)} are reserved addresses, which reach the API from inside the network; ` +
        "write the public addresses that deploy",
    }),
  )
  .max(40, "write at most 40 ranges");
const reservedAddresses = /^(0|10|127)\.|^169\.254\.|^172\.(1[6-9]|2\d|3[01])\.|^192\.168\.|^2(2[4-9]|[345]\d)\./;

const addOnVersion = pattern(
  /^v\d+\.\d+\.\d+-eksbuild\.\d+$/,
  'write a version of EKS, e.g. "v1.44.0-eksbuild.1" (aws eks describe-addon-versions)',
);

/** Whole days, e.g. `"30d"`. */
const days = (least: number, most: number, others: readonly string[] = []) =>
  z
    .string()
    .refine(
      (value) => others.includes(value) || (/^\d+d$/.test(value) && daysOf(value) >= least && daysOf(value) <= most),
      {
        error: ({ input }) =>
          `${JSON.stringify(input)}: write whole days, ` +
          `${[...others, `${least}d`].map((value) => `"${value}"`).join(" or ")} to "${most}d"`,
      },
    );

/** The number in a text of days. */
export const daysOf = (value: string): number => Number(value.slice(0, -1));

/** Secrets Manager deletes at once, or within a month. */
const secretRecovery = days(7, 30, ["0d"]);

/** A new network and EKS cluster. Its name is `cluster.name`. */
export const newCluster = strictObject({
  /**
   * Version of Kubernetes, e.g. `1.34`: one that EKS supports. Upwards one minor version at a time, in place; downwards
   * is refused.
   */
  version: pattern(/^1\.\d{2}$/, 'write major and minor in quotes, e.g. "1.34"'),
  /**
   * Roles and users who administrate it, as ARN: the deploying role or user must be one of them (the role, not a
   * session of it). No other identity has access, not even the one that created the cluster. A change takes effect at
   * once.
   */
  administrators: z
    .array(
      pattern(
        arn("iam", `:\\d{12}:(role|user)/${principal}`),
        'write the ARN of a role or user, e.g. "arn:aws:iam::123456789012:role/deploy"',
      ),
    )
    .min(1, "write the deploying role or user, at least: no other identity has access"),
  /**
   * Addresses of the network, a /16 that no other network has with which it will be joined. A change creates a
   * new cluster.
   */
  cidr: pattern(
    /^(10\.(\d\d?|1\d\d|2[0-4]\d|25[0-5])|172\.(1[6-9]|2\d|3[01])|192\.168)\.0\.0\/16$/,
    'write a private /16, e.g. "10.20.0.0/16"',
  ),
  /** Three availability zones. Default: a, b and c of the AWS region. A change creates a new cluster. */
  zones: z
    .array(text)
    .refine(
      (zones) => zones.length === 3 && new Set(zones).size === 3,
      'write three different ones, e.g. ["us-east-1a", "us-east-1b", "us-east-1d"]',
    )
    .optional(),
  /**
   * NAT gateways: one a zone, or `one`, which costs a third and takes the region's gateways with its zone. In place.
   */
  natGateways: z.enum(["one", "zone"]).default("zone"),
  /**
   * Who reaches the Kubernetes API from the internet, as CIDR. Default: none; it is reached from the network alone.
   * In place.
   */
  apiSourceRanges: apiSourceRanges.default([]),
  nodes: strictObject({
    /**
     * Type of the nodes; families with a `g` (m7g, r8g) have ARM processors. A change makes new nodes, one after
     * another.
     */
    instanceType: pattern(instanceTypeForm, 'write e.g. "m7g.large"').default("m7g.large"),
    /** Nodes in each of the three zones. A host takes one server of a region. In place. */
    perZone: z.int().min(1).max(20).default(1),
  }).prefault({}),
  /**
   * Version of an add-on by its name, e.g. `aws-ebs-csi-driver: v1.44.0-eksbuild.1`. Default: the one that EKS takes
   * for `version`.
   */
  addOns: strictObject({
    "vpc-cni": addOnVersion.optional(),
    "kube-proxy": addOnVersion.optional(),
    coredns: addOnVersion.optional(),
    "eks-pod-identity-agent": addOnVersion.optional(),
    "aws-ebs-csi-driver": addOnVersion.optional(),
  }).prefault({}),
  /** Version of the chart of the AWS Load Balancer Controller, which makes the region's load balancers. */
  loadBalancerController: chartVersion.default("1.13.4"),
  /** Logs of the control plane that CloudWatch keeps. In place. */
  logs: z
    .array(z.enum(["api", "audit", "authenticator", "controllerManager", "scheduler"]))
    .default(["audit", "authenticator"]),
});

const cluster = strictObject({
  /** Name of the EKS cluster. It must be there already, unless there is `create`. */
  name: pattern(/^[0-9A-Za-z][\w-]{0,99}$/, "write letters, digits, dashes and underscores, at most 100"),
  /** Makes the cluster, with a network of its own. Taking it out again is refused: both are protected. */
  create: newCluster.optional(),
  /** Security group of the nodes, for `securityGroups`. Default: the cluster's own. */
  nodeSecurityGroup: pattern(/^sg-([0-9a-f]{8}|[0-9a-f]{17})$/, 'write e.g. "sg-0123456789abcdef0"').optional(),
});

const key = strictObject({
  /** A KMS key that is there. Default: one is made, rotated by AWS, and never deleted without unprotecting it first. */
  arn: pattern(
    arn("kms", `${regionForm}:\\d{12}:key/(mrk-[0-9a-f]{32}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12})`),
    'write the ARN of a key, e.g. "arn:aws:kms:us-east-1:123456789012:key/..."',
  ).optional(),
  /** How often a key that is made gets new material; what the old one encrypted stays readable. In place. */
  rotation: days(90, 2560).default("365d"),
  /** How long the deletion of a key that is made can be called off. */
  recovery: days(7, 30).default("30d"),
});

const backups = strictObject({
  /**
   * Name of the bucket; unique in all of AWS. Default: `<environment>-<region>-nats-backups-<account>`. A change makes
   * another bucket.
   */
  bucket: pattern(
    /^(?!.*\.\.)(?!xn--|sthree-|amzn-s3-demo-)(?!\d+\.\d+\.\d+\.\d+$)(?!.*(-s3alias|--ol-s3|\.mrap|--x-s3|--table-s3)$)[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/,
    "write 3 to 63 lower case letters, digits, dots and dashes",
  ).optional(),
  /** How long a file that was overwritten or deleted can be brought back. In place. */
  keepReplaced: days(1, 3650).default("90d"),
  /** After how long backups are deleted. Default: never. In place; the files are kept for `keepReplaced` more. */
  expireAfter: days(1, 36500).optional(),
});

export const awsRegion = strictObject({
  /** The AWS region, e.g. `us-east-1`. A change creates everything again there. */
  region: pattern(new RegExp(`^${regionForm}$`), 'write e.g. "us-east-1"'),
  /** The account, 12 digits. Credentials of another are refused before anything is done. */
  account: pattern(/^\d{12}$/, "write 12 digits, in quotes"),
  /** Profile of the AWS configuration on the machine that deploys. Default: what AWS's tools would take. */
  profile: text.optional(),
  /** Role to take on for everything, as ARN. Default: none. */
  role: pattern(
    arn("iam", `:\\d{12}:role/${principal}`),
    'write the ARN of a role, e.g. "arn:aws:iam::123456789012:role/deploy"',
  ).optional(),
  /**
   * The EKS cluster that servers run on. Default: the one that `kubernetes.clusters` names for the region, on AWS or
   * not.
   */
  cluster: cluster.optional(),
  /**
   * Key that encrypts the volumes of a storage class made here, secrets, and backups. Default: the keys that AWS has
   * for each service.
   */
  key: key.optional(),
  /**
   * Id of the Route53 zone for the names of load balancers. With `kubernetes.loadBalancers.dns: route53` only, and
   * needed there.
   */
  hostedZone: pattern(/^Z[0-9A-Z]{1,31}$/, 'write the id of a zone, e.g. "Z0123456789ABCDEFGHIJ"').optional(),
  /**
   * Security groups of the two load balancers: 4222 and 7222 from `kubernetes.loadBalancers.sourceRanges`. Default: the
   * controller's.
   */
  securityGroups: z.boolean().default(false),
  /** A secret in Secrets Manager for every user of a tenant, with all a client needs to connect. Default: none. */
  connectionSecrets: strictObject({
    /** How long a deleted one can be brought back; `"0d"` deletes at once. Its name is taken for as long. */
    recovery: secretRecovery.default("30d"),
  }).optional(),
  /**
   * The region's part of the identity crosses from stack to stack as a secret in Secrets Manager. Default: by reference
   * to the identity stack, which copies the keys of every region into this one's state.
   */
  identitySecret: strictObject({
    /** As of `connectionSecrets`. */
    recovery: secretRecovery.default("30d"),
  }).optional(),
  /** A bucket in S3 for backups of streams. Default: none. */
  backups: backups.optional(),
});

export const aws = strictObject({
  /** Tags of everything that can have tags, beside `supercluster:environment` and `supercluster:region`. In place. */
  tags: tags.default({}),
  /** By region of the supercluster; those left out use nothing of AWS. */
  regions: z.record(token, awsRegion),
});

export type AwsRegionSettings = z.infer<typeof awsRegion>;
export type NewCluster = z.infer<typeof newCluster>;

/** The zones of a new cluster. */
export const zonesOf = ({ region }: Pick<AwsRegionSettings, "region">, { zones }: NewCluster): string[] =>
  zones ?? ["a", "b", "c"].map((letter) => `${region}${letter}`);

/** Partition of an AWS region, as ARNs contain it: `aws`, `aws-cn` or `aws-us-gov`. */
export function partitionOf(region: string): string {
  if (region.startsWith("cn-")) return "aws-cn";
  return region.startsWith("us-gov-") ? "aws-us-gov" : "aws";
}

/** Whether a zone is an availability zone of an AWS region; a local zone is not, and EKS takes none. */
export const isZoneOf = (zone: string, region: string): boolean => /^[a-z]$/.test(zone.replace(region, ""));

/** Characters of the longest name of a bucket. */
export const longestBucketName = 63;

/** Name of a region's bucket of backups, where settings have none; the account makes it unique in all of AWS. */
export const defaultBucketName = (environment: string, region: string, account: string): string =>
  `${environment}-${region}-nats-backups-${account}`;

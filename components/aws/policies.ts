import type { AwsLocation } from "./location";
import { partitionOf } from "./location";

/** IAM policies as AWS reads them. */

interface Statement {
  Sid?: string;
  Effect?: "Allow" | "Deny";
  Principal?: unknown;
  Action: string | readonly string[];
  Resource?: string | readonly string[];
  Condition?: Record<string, Record<string, unknown>>;
}

/** Text of a policy; the default effect of a statement is Allow. */
const policy = (statements: readonly Statement[]): string =>
  JSON.stringify({
    Version: "2012-10-17",
    Statement: statements.map((statement) => ({ Effect: "Allow", ...statement })),
  });

/** Lets an AWS service assume a role; EKS Pod Identity also passes session tags. */
export const trust = (service: string): string =>
  policy([{ Principal: { Service: service }, Action: ["sts:AssumeRole", "sts:TagSession"] }]);

/** Delegates use of a key to its account's IAM policies; without it the key cannot be used or deleted at all. */
export const keyPolicy = (location: AwsLocation): string =>
  policy([
    {
      Sid: "AccountDecides",
      Principal: { AWS: `arn:${partitionOf(location)}:iam::${location.settings.account}:root` },
      Action: "kms:*",
      Resource: "*",
    },
  ]);

/** Lets the control plane encrypt Kubernetes' Secrets. */
export const encryptionPolicy = (key: string): string =>
  policy([{ Action: ["kms:Encrypt", "kms:Decrypt", "kms:ListGrants", "kms:DescribeKey"], Resource: key }]);

/** Lets the EBS driver create volumes that a key encrypts. */
export const volumePolicy = (key: string): string =>
  policy([
    {
      Action: ["kms:CreateGrant", "kms:ListGrants", "kms:RevokeGrant"],
      Resource: key,
      Condition: { Bool: { "kms:GrantIsForAWSResource": "true" } },
    },
    {
      Action: ["kms:Encrypt", "kms:Decrypt", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:DescribeKey"],
      Resource: key,
    },
  ]);

const objects = (location: AwsLocation, bucket: string, name = "*") =>
  `arn:${partitionOf(location)}:s3:::${bucket}/${name}`;

const listing = (location: AwsLocation, bucket: string): Statement => ({
  Action: ["s3:ListBucket"],
  Resource: `arn:${partitionOf(location)}:s3:::${bucket}`,
});

const using = (key: string | undefined): Statement[] =>
  key === undefined ? [] : [{ Action: ["kms:Decrypt", "kms:GenerateDataKey"], Resource: key }];

/** Lets a job make backups in a bucket and delete older ones; earlier versions of files it cannot delete. */
export const backupWriterPolicy = (location: AwsLocation, bucket: string, key?: string): string =>
  policy([
    listing(location, bucket),
    {
      Action: ["s3:GetObject", "s3:PutObject", "s3:DeleteObject", "s3:AbortMultipartUpload"],
      Resource: objects(location, bucket),
    },
    ...using(key),
  ]);

/** Lets a job read backups, and note beside them that they are good. */
export const backupReaderPolicy = (location: AwsLocation, bucket: string, key?: string): string =>
  policy([
    listing(location, bucket),
    { Action: ["s3:GetObject"], Resource: objects(location, bucket) },
    { Action: ["s3:PutObject"], Resource: objects(location, bucket, "*/verified.json") },
    ...using(key),
  ]);

/** Denies access to a bucket without TLS, or with TLS older than 1.2. */
export function tlsOnly(bucketArn: string): string {
  const refused = { Effect: "Deny", Principal: "*", Action: "s3:*", Resource: [bucketArn, `${bucketArn}/*`] } as const;
  return policy([
    { Sid: "TlsOnly", ...refused, Condition: { Bool: { "aws:SecureTransport": "false" } } },
    { Sid: "Tls12", ...refused, Condition: { NumericLessThan: { "s3:TlsVersion": "1.2" } } },
  ]);
}

const clusterTag = "elbv2.k8s.aws/cluster";
const requested = (value: "true" | "false") => ({ [`aws:RequestTag/${clusterTag}`]: value });
const owned = { [`aws:ResourceTag/${clusterTag}`]: "false" };

/** What the AWS Load Balancer Controller needs for Network Load Balancers: it changes only what it has tagged. */
export function loadBalancerPolicy(location: AwsLocation): string {
  const resources = (service: string, ...names: string[]) =>
    names.map((name) => `arn:${partitionOf(location)}:${service}:*:*:${name}`);
  const groups = resources("ec2", "security-group/*");
  const balancers = resources("elasticloadbalancing", "targetgroup/*/*", "loadbalancer/net/*/*");
  const elb = (...actions: string[]) => actions.map((action) => `elasticloadbalancing:${action}`);
  const ec2 = (...actions: string[]) => actions.map((action) => `ec2:${action}`);
  return policy([
    {
      Action: "iam:CreateServiceLinkedRole",
      Resource: "*",
      Condition: { StringEquals: { "iam:AWSServiceName": "elasticloadbalancing.amazonaws.com" } },
    },
    { Action: [...ec2("Describe*", "GetSecurityGroupsForVpc"), ...elb("Describe*")], Resource: "*" },
    {
      Action: ec2("CreateSecurityGroup", "AuthorizeSecurityGroupIngress", "RevokeSecurityGroupIngress"),
      Resource: "*",
    },
    {
      Action: ec2("CreateTags"),
      Resource: groups,
      Condition: { StringEquals: { "ec2:CreateAction": "CreateSecurityGroup" }, Null: requested("false") },
    },
    {
      Action: ec2("CreateTags", "DeleteTags"),
      Resource: groups,
      Condition: { Null: { ...requested("true"), ...owned } },
    },
    { Action: ec2("DeleteSecurityGroup"), Resource: "*", Condition: { Null: owned } },
    { Action: elb("CreateLoadBalancer", "CreateTargetGroup"), Resource: "*", Condition: { Null: requested("false") } },
    { Action: elb("CreateListener", "DeleteListener", "ModifyListener"), Resource: "*" },
    {
      Action: elb("AddTags"),
      Resource: balancers,
      Condition: {
        StringEquals: { "elasticloadbalancing:CreateAction": ["CreateTargetGroup", "CreateLoadBalancer"] },
        Null: requested("false"),
      },
    },
    {
      Action: elb("AddTags", "RemoveTags"),
      Resource: balancers,
      Condition: { Null: { ...requested("true"), ...owned } },
    },
    {
      Action: elb("AddTags", "RemoveTags"),
      Resource: resources("elasticloadbalancing", "listener/net/*/*/*", "listener-rule/net/*/*/*"),
    },
    {
      Action: elb(
        ...[
          "ModifyLoadBalancerAttributes",
          "SetIpAddressType",
          "SetSecurityGroups",
          "SetSubnets",
          "DeleteLoadBalancer",
          "ModifyCapacityReservation",
          "ModifyIpPools",
        ],
        ...["ModifyTargetGroup", "ModifyTargetGroupAttributes", "DeleteTargetGroup", "ModifyListenerAttributes"],
      ),
      Resource: "*",
      Condition: { Null: owned },
    },
    {
      Action: elb("RegisterTargets", "DeregisterTargets"),
      Resource: resources("elasticloadbalancing", "targetgroup/*/*"),
    },
  ]);
}

import assert from "node:assert/strict";
import { aws, newCluster, zonesOf } from "../../../../config/schema/aws";
import { InvalidInput } from "../../../../config/problems";
import type { KubernetesEnvironment } from "../../../../config/schema/settings";
import { validateDeployment } from "../../../../config/rules/validate";

const account = "123456789012";
const role = `arn:aws:iam::${account}:role/deploy`;
const region = { region: "us-east-1", account };
const create = { version: "1.34", administrators: [role], cidr: "10.20.0.0/16" };
const cluster = { name: "nats-iad", create };

/** An environment on Kubernetes, with what its iad uses of AWS, as a person writes it. */
const environment = (iad: object = {}, more: object = {}) =>
  withClusters({
    target: "kubernetes",
    domain: "nats.example.com",
    regions: ["iad", "ams"],
    servers: 3,
    storage: { file: "90GiB", memory: "1GiB" },
    syncInterval: "2m",
    maxPayload: "8MiB",
    lameDuck: { duration: "30s", gracePeriod: "10s" },
    jetstream: {},
    aws: { regions: { iad: { ...region, ...iad } } },
    ...more,
  });

interface Raw {
  aws?: { regions: Record<string, { cluster?: object }> };
  kubernetes?: { clusters?: object };
}

/** Where AWS names no cluster of a region, a kubeconfig does. */
function withClusters<Given extends object>(given: Given): Given & { kubernetes: object } {
  const { aws: found, kubernetes: known }: Raw = given;
  const named = ["iad", "ams"]
    .filter((name) => !found?.regions[name]?.cluster)
    .map((name) => [name, { context: `nats-${name}` }]);
  return { ...given, kubernetes: { clusters: Object.fromEntries(named) as object, ...known } };
}

const validated = (raw: object) => validateDeployment({ test: raw }, "test", {}).environment as KubernetesEnvironment;

function problemsOf(raw: object): string[] {
  try {
    validated(raw);
    return [];
  } catch (error) {
    assert.ok(error instanceof InvalidInput, String(error));
    return error.problems.map(({ path, message }) => `${path}: ${message}`);
  }
}

/** A class is made, and load balancers are open to one range, as new clusters and security groups need. */
const kubernetes = { volume: { storageClass: {} }, loadBalancers: { sourceRanges: ["10.0.0.0/8"] } };
const withRoute53 = { kubernetes: { ...kubernetes, loadBalancers: { dns: "route53" } } };

describe("settings of AWS", () => {
  it("may limit clients and gateways to ranges that contain the networks of new clusters", () => {
    const limited = (sourceRanges: string[]) =>
      problemsOf(
        environment(
          { cluster },
          { kubernetes: { ...kubernetes, networkPolicy: { clients: { sourceRanges }, gateways: { sourceRanges } } } },
        ),
      );
    for (const range of ["10.20.0.0/16", "10.0.0.0/8", "0.0.0.0/0"])
      assert.deepEqual(limited(["203.0.113.0/24", range]), [], range);
    assert.deepEqual(limited([]), []);
  });

  it("are nothing unless they are written", () =>
    assert.equal(validated(environment({}, { aws: undefined })).aws, undefined));

  it("of a region are where it is, and nothing more by default", () => {
    assert.deepEqual(validated(environment()).aws, {
      tags: {},
      regions: { iad: { ...region, securityGroups: false } },
    });
  });

  it("fill in what a part leaves open", () => {
    const { iad } = aws.parse({
      regions: {
        iad: { ...region, key: {}, backups: {}, connectionSecrets: {}, identitySecret: { recovery: "0d" }, cluster },
      },
    }).regions;
    assert.deepEqual(
      [iad!.key, iad!.backups, iad!.connectionSecrets, iad!.identitySecret],
      [{ rotation: "365d", recovery: "30d" }, { keepReplaced: "90d" }, { recovery: "30d" }, { recovery: "0d" }],
    );
    const made = iad!.cluster!.create!;
    assert.deepEqual(made, {
      ...create,
      natGateways: "zone",
      apiSourceRanges: [],
      nodes: { instanceType: "m7g.large", perZone: 1 },
      addOns: {},
      loadBalancerController: "1.13.4",
      logs: ["audit", "authenticator"],
    });
    assert.deepEqual(zonesOf(iad!, made), ["us-east-1a", "us-east-1b", "us-east-1c"]);
    assert.deepEqual(
      zonesOf(iad!, newCluster.parse({ ...create, zones: ["us-east-1a", "us-east-1b", "us-east-1d"] })).at(-1),
      "us-east-1d",
    );
  });

  it("may ask for everything at once", () => {
    const all = {
      cluster,
      key: {},
      securityGroups: true,
      connectionSecrets: {},
      identitySecret: {},
      backups: {},
      profile: "production",
      role,
      hostedZone: "Z0123456789",
    };
    const inBoth = {
      kubernetes: { ...kubernetes, loadBalancers: { dns: "route53", sourceRanges: ["10.0.0.0/8"] } },
      aws: {
        regions: { iad: { ...region, ...all }, ams: { region: "eu-central-1", account, hostedZone: "Z0123456789" } },
      },
    };
    assert.deepEqual(problemsOf(environment({}, inBoth)), []);
  });
});

const iad = "environments.test.aws.regions.iad";

/** A mistake of one field each: its settings, and the one problem that is told. */
const fields: [string, object, string][] = [
  ["no region of AWS", { region: undefined }, `${iad}.region: is missing; write e.g. "us-east-1"`],
  ["a zone for a region", { region: "us-east-1a" }, `${iad}.region: "us-east-1a": write e.g. "us-east-1"`],
  [
    "an account that YAML took for a number",
    { account: 123456789012 },
    `${iad}.account: 123456789012: write 12 digits, in quotes`,
  ],
  [
    "the ARN of a session",
    { role: `arn:aws:sts::${account}:assumed-role/deploy/me` },
    `${iad}.role: "arn:aws:sts::${account}:assumed-role/deploy/me": ` +
      `write the ARN of a role, e.g. "arn:aws:iam::123456789012:role/deploy"`,
  ],
  [
    "an unknown part",
    { backup: {} },
    `${iad}.backup: is not a known key; did you mean "backups"? Known: ` +
      `region, account, profile, role, cluster, key, hostedZone, securityGroups, connectionSecrets, ` +
      `identitySecret, backups`,
  ],
  [
    "a cluster without a name",
    { cluster: {} },
    `${iad}.cluster.name: is missing; write letters, digits, dashes and underscores, at most 100`,
  ],
  [
    "an alias for a key",
    { key: { arn: "alias/nats" } },
    `${iad}.key.arn: "alias/nats": write the ARN of a key, e.g. "arn:aws:kms:us-east-1:123456789012:key/..."`,
  ],
  [
    "a key that turns too quickly",
    { key: { rotation: "30d" } },
    `${iad}.key.rotation: "30d": write whole days, "90d" to "2560d"`,
  ],
  [
    "a key that cannot be rescued",
    { key: { recovery: "0d" } },
    `${iad}.key.recovery: "0d": write whole days, "7d" to "30d"`,
  ],
  [
    "a time that is no days",
    { connectionSecrets: { recovery: "1 week" } },
    `${iad}.connectionSecrets.recovery: "1 week": write whole days, "0d" or "7d" to "30d"`,
  ],
  [
    "days that Secrets Manager refuses",
    { identitySecret: { recovery: "3d" } },
    `${iad}.identitySecret.recovery: "3d": write whole days, "0d" or "7d" to "30d"`,
  ],
  [
    "a bucket in upper case",
    { backups: { bucket: "Backups" } },
    `${iad}.backups.bucket: "Backups": write 3 to 63 lower case letters, digits, dots and dashes`,
  ],
  [
    "a bucket that S3 takes for an alias",
    { backups: { bucket: "nats-backups-s3alias" } },
    `${iad}.backups.bucket: "nats-backups-s3alias": write 3 to 63 lower case letters, digits, dots and dashes`,
  ],
  ["a misspelt region of AWS", { region: "us-est-1" }, `${iad}.region: "us-est-1": write e.g. "us-east-1"`],
  [
    "a role of an illegal name",
    { role: `arn:aws:iam::${account}:role/de ploy` },
    `${iad}.role: "arn:aws:iam::${account}:role/de ploy": ` +
      'write the ARN of a role, e.g. "arn:aws:iam::123456789012:role/deploy"',
  ],
  [
    "a key that is no key's id",
    { key: { arn: `arn:aws:kms:us-east-1:${account}:key/nats` } },
    `${iad}.key.arn: "arn:aws:kms:us-east-1:${account}:key/nats": ` +
      'write the ARN of a key, e.g. "arn:aws:kms:us-east-1:123456789012:key/..."',
  ],
  [
    "a security group that is none",
    { cluster: { name: "nats", nodeSecurityGroup: "sg-123" } },
    `${iad}.cluster.nodeSecurityGroup: "sg-123": write e.g. "sg-0123456789abcdef0"`,
  ],
  [
    "the name of a zone",
    { hostedZone: "example.com" },
    `${iad}.hostedZone: "example.com": write the id of a zone, e.g. "Z0123456789ABCDEFGHIJ"`,
  ],
];

/** The same of a new cluster. */
const ofNewClusters: [string, object, string][] = [
  [
    "a version that YAML took for a number",
    { version: 1.34 },
    'version: 1.34: write major and minor in quotes, e.g. "1.34"',
  ],
  [
    "no network that may connect",
    { administrators: [] },
    "administrators: []: write the deploying role or user, at least: no other identity has access",
  ],
  [
    "an administrator who is no role",
    { administrators: ["deploy"] },
    'administrators[0]: "deploy": write the ARN of a role or user, e.g. "arn:aws:iam::123456789012:role/deploy"',
  ],
  ["a network of another size", { cidr: "10.0.0.0/8" }, 'cidr: "10.0.0.0/8": write a private /16, e.g. "10.20.0.0/16"'],
  [
    "a network of public addresses",
    { cidr: "192.5.0.0/16" },
    'cidr: "192.5.0.0/16": write a private /16, e.g. "10.20.0.0/16"',
  ],
  [
    "a chart without a version",
    { loadBalancerController: "latest" },
    'loadBalancerController: "latest" is not a version of a chart; write three numbers in quotes, e.g. "2.14.2"',
  ],
  [
    "a zone twice",
    { zones: ["us-east-1a", "us-east-1a", "us-east-1b"] },
    'zones: write three different ones, e.g. ["us-east-1a", "us-east-1b", "us-east-1d"]',
  ],
  ["a node of no type", { nodes: { instanceType: "large" } }, 'nodes.instanceType: "large": write e.g. "m7g.large"'],
  [
    "a node of no size",
    { nodes: { instanceType: "m7g.big" } },
    'nodes.instanceType: "m7g.big": write e.g. "m7g.large"',
  ],
  [
    "an add-on of another form of version",
    { addOns: { coredns: "1.11" } },
    'addOns.coredns: "1.11": write a version of EKS, e.g. "v1.44.0-eksbuild.1" (aws eks describe-addon-versions)',
  ],
  [
    "an API that is opened to addresses that are not on the internet",
    { apiSourceRanges: ["10.0.0.0/8"] },
    'apiSourceRanges[0]: "10.0.0.0/8" are reserved addresses, which reach the API from inside the network; ' +
      "write the public addresses that deploy",
  ],
  [
    "an unknown add-on",
    { addOns: { "ebs-csi-driver": "v1" } },
    "addOns.ebs-csi-driver: is not a known key; " +
      'did you mean "aws-ebs-csi-driver"? Known: vpc-cni, kube-proxy, coredns, eks-pod-identity-agent, ' +
      "aws-ebs-csi-driver",
  ],
  [
    "a range with an address of a host",
    { apiSourceRanges: ["203.0.113.7/24"] },
    'apiSourceRanges[0]: "203.0.113.7/24" has bits after its mask; write "203.0.113.0/24"',
  ],
  [
    "a range that is none",
    { apiSourceRanges: ["office"] },
    'apiSourceRanges[0]: "office": write an IPv4 range, e.g. "10.0.0.0/8"',
  ],
];

/** A mistake that is in more than one field. */
const rules: [string, object, string][] = [
  [
    "a region that there is not",
    environment({}, { aws: { regions: { iab: region } } }),
    'environments.test.aws.regions.iab: "iab" is not a region of the environment; did you mean "iad"? Known: iad, ams',
  ],
  [
    "two clusters of one region",
    environment(
      { cluster: { name: "nats" } },
      { kubernetes: { clusters: { iad: { context: "nats-iad" }, ams: { context: "nats-ams" } } } },
    ),
    `${iad}.cluster: kubernetes.clusters.iad names a cluster for this region too; remove one of the two`,
  ],
  [
    "names that are reserved",
    environment({ hostedZone: "Z0123456789" }, withRoute53),
    "environments.test.kubernetes.loadBalancers.dns: " +
      '"route53" needs aws.regions.<region>.hostedZone of every region; missing: ams',
  ],
  [
    "a zone that is not used",
    environment({ hostedZone: "Z0123456789" }),
    `${iad}.hostedZone: "Z0123456789" is only used with kubernetes.loadBalancers.dns "route53", ` +
      `which is "external-dns"; change that, or remove this`,
  ],
  [
    "security groups that let no client in",
    environment({ cluster: { name: "nats" }, securityGroups: true }),
    `${iad}.securityGroups: allow kubernetes.loadBalancers.sourceRanges only, which is empty; ` +
      `write who may connect, e.g. ["10.0.0.0/8"]`,
  ],
  [
    "a NetworkPolicy that keeps out a region's own load balancers",
    environment(
      { cluster },
      { kubernetes: { ...kubernetes, networkPolicy: { clients: { sourceRanges: ["10.16.0.0/14", "10.21.0.0/16"] } } } },
    ),
    "environments.test.kubernetes.networkPolicy.clients.sourceRanges: " +
      '["10.16.0.0/14","10.21.0.0/16"] does not contain "10.20.0.0/16", the network of iad, from which its load ' +
      'balancers check health and forward connections; add "10.20.0.0/16"',
  ],
  [
    "a NetworkPolicy for a part of a region's network",
    environment(
      { cluster },
      { kubernetes: { ...kubernetes, networkPolicy: { gateways: { sourceRanges: ["10.20.0.0/17"] } } } },
    ),
    "environments.test.kubernetes.networkPolicy.gateways.sourceRanges: " +
      '["10.20.0.0/17"] does not contain "10.20.0.0/16", the network of iad, from which its load ' +
      'balancers check health and forward connections; add "10.20.0.0/16"',
  ],
  [
    "security groups of no known network",
    environment({ securityGroups: true }, { kubernetes }),
    `${iad}.securityGroups: need the cluster's network, and no AWS cluster is named; write cluster: { name: ... }`,
  ],
  [
    "a class that a new cluster does not have",
    environment({ cluster }, { kubernetes: { ...kubernetes, volume: { storageClass: { existing: "gp3" } } } }),
    "environments.test.kubernetes.volume.storageClass: " +
      '{"existing":"gp3"} does not exist in a cluster that is created (aws.regions.<region>.cluster.create); ' +
      'write { name: "gp3" } to create a class by that name, which volumes of an earlier deployment keep, ' +
      "or leave it out to create nats-<region>",
  ],
  ...(
    [
      ["a local zone", "us-east-1-bos-1a"],
      ["a zone of a longer name", "us-east-1ab"],
    ] as const
  ).map(([what, zone]): [string, object, string] => [
    what,
    environment(
      { cluster: { name: "nats", create: { ...create, zones: ["us-east-1a", "us-east-1b", zone] } } },
      { kubernetes },
    ),
    `${iad}.cluster.create.zones: ${zone} is not a zone of us-east-1; write zones of that region`,
  ]),
  [
    "a role of another account",
    environment({ role: "arn:aws:iam::210987654321:role/deploy" }),
    `${iad}.role: "arn:aws:iam::210987654321:role/deploy" is of another account than account, "${account}", ` +
      "whose credentials alone are accepted; write a role of that account, or correct account",
  ],
  [
    "a role of another partition",
    environment({ role: `arn:aws-cn:iam::${account}:role/deploy` }),
    `${iad}.role: "arn:aws-cn:iam::${account}:role/deploy" is of another partition than us-east-1; ` +
      'write one that begins with "arn:aws:"',
  ],
  [
    "a key of another region",
    environment({ key: { arn: `arn:aws:kms:eu-west-1:${account}:key/01234567-89ab-cdef-0123-456789abcdef` } }),
    `${iad}.key.arn: "arn:aws:kms:eu-west-1:${account}:key/01234567-89ab-cdef-0123-456789abcdef" ` +
      "is in another AWS region than us-east-1, and keys encrypt only what is in theirs; write a key of us-east-1",
  ],
  [
    "one bucket for two regions",
    environment(
      {},
      {
        aws: {
          regions: {
            iad: { ...region, backups: { bucket: "nats-backups" } },
            ams: { ...region, backups: { bucket: "nats-backups" } },
          },
        },
      },
    ),
    'environments.test.aws.regions.ams.backups.bucket: "nats-backups" is also the bucket of iad; write another',
  ],
  [
    "one name for two new clusters",
    environment(
      {},
      {
        kubernetes: { ...kubernetes, namespace: "nats-<region>" },
        aws: {
          regions: {
            iad: { ...region, cluster },
            ams: { ...region, cluster: { name: "nats-iad", create: { ...create, cidr: "10.21.0.0/16" } } },
          },
        },
      },
    ),
    'environments.test.aws.regions.ams.cluster.name: "nats-iad" is created by the stack of iad too, in the same ' +
      "account and AWS region; write another",
  ],
  ...(
    [
      ["a reserved key", { "aws:team": "x" }, '["aws:team"]: "aws:team" is a key that AWS or this program sets; '],
      [
        "a key of this program",
        { "supercluster:region": "x" },
        '["supercluster:region"]: "supercluster:region" is a key',
      ],
      ["an illegal key", { "team!": "x" }, '["team!"]: "team!" is not a key of a tag; write 1 to 128 letters, '],
      ["an illegal value", { team: "a\nb" }, '.team: "a\\nb" is not a value of a tag; write at most 256 letters, '],
      ["a value that is too long", { team: "x".repeat(257) }, `.team: "${"x".repeat(257)}" is not a value of a tag; `],
      ["keys that differ in case alone", { team: "a", Team: "b" }, '.Team: differs from "team" in case alone, which '],
      [
        "too many",
        Object.fromEntries(Array.from({ length: 47 }, (_, index) => [`t${index}`, ""])),
        ": 47 tags are too many; write at most 46",
      ],
    ] as const
  ).map(([what, tags, expected]): [string, object, string] => [
    `tags: ${what}`,
    environment({}, { aws: { tags, regions: { iad: region } } }),
    `environments.test.aws.tags${expected}`,
  ]),
  [
    "zones of another region",
    environment(
      { cluster: { name: "nats", create: { ...create, zones: ["us-east-1a", "us-west-2a", "us-east-1b"] } } },
      { kubernetes },
    ),
    `${iad}.cluster.create.zones: us-west-2a is not a zone of us-east-1; write zones of that region`,
  ],
  [
    "fewer hosts than servers",
    environment({ cluster }, { kubernetes, servers: 5 }),
    `${iad}.cluster.create.nodes.perZone: 1 in each of three zones are fewer hosts than the 5 servers; write 2 or more`,
  ],
  [
    "networks that cannot be joined",
    environment(
      {},
      {
        kubernetes,
        aws: {
          regions: {
            iad: { ...region, cluster },
            ams: { region: "eu-central-1", account, cluster: { name: "nats-ams", create } },
          },
        },
      },
    ),
    "environments.test.aws.regions.ams.cluster.create.cidr: " +
      '"10.20.0.0/16" is also the network of iad, and networks with equal addresses cannot be joined; ' +
      "write another",
  ],
];

describe("settings of AWS that can be", () => {
  const types = [
    ...["t3.nano", "m7g.large", "m7i-flex.xlarge", "c7gn.16xlarge", "u-6tb1.112xlarge", "x2idn.metal"],
    ...["p4de.24xlarge", "m7i.metal-24xl", "trn1n.32xlarge", "i4i.2xlarge"],
  ];
  it("are every type of instance by its family and size", () => {
    for (const instanceType of types)
      assert.deepEqual(
        problemsOf(
          environment({ cluster: { name: "nats", create: { ...create, nodes: { instanceType } } } }, { kubernetes }),
        ),
        [],
        instanceType,
      );
  });

  it("are tags of every language and sign that AWS takes, and a region of every partition", () => {
    const tags = { "team/cost-center": "Köln = 1+1 @ops.example:x_y", stage: "" };
    assert.deepEqual(problemsOf(environment({}, { aws: { tags, regions: { iad: region } } })), []);
    for (const name of [
      "ap-southeast-2",
      "us-gov-west-1",
      "cn-northwest-1",
      "me-central-1",
      "af-south-1",
      "il-central-1",
    ])
      assert.deepEqual(problemsOf(environment({ region: name })), [], name);
  });
});

describe("settings of AWS that cannot be", () => {
  const cases = [
    ...fields.map(([what, change, expected]) => [what, environment(change, { kubernetes }), expected] as const),
    ...ofNewClusters.map(
      ([what, change, expected]) =>
        [
          what,
          environment({ cluster: { name: "nats", create: { ...create, ...change } } }, { kubernetes }),
          `${iad}.cluster.create.${expected}`,
        ] as const,
    ),
    ...rules,
  ];
  for (const [what, raw, expected] of cases)
    it(`are refused for ${what}`, () => {
      const found = problemsOf(raw);
      assert.equal(found.length, 1, found.join("\n"));
      // The characters of tags are written out in the message.
      if (what.startsWith("tags: ")) assert.ok(found[0]!.startsWith(expected), found[0]);
      else assert.equal(found[0], expected);
    });

  it("are refused on another target", () => {
    const { domain: _, kubernetes: __, ...local } = environment({}, { target: "local", basePort: 4222, kubernetes });
    assert.deepEqual(
      problemsOf(local).map((problem) => problem.split(";")[0]),
      ["environments.test.aws: is not a known key"],
    );
  });
});

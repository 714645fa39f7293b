import * as assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import * as path from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { clusterArn, managedPolicy, type AwsLocation, awsLocationOf } from "../../components/aws/location";
import { AwsRegion } from "../../components/aws/region";
import { RegionIdentitySecret } from "../../components/aws/region-identity";
import { accountsOf } from "../../components/security/accounts";
import { aws } from "../../config/schema/aws";
import { listeners } from "../../config/schema/listeners";
import type { RegionIdentity } from "../../config/assets/region";
import type { KubernetesEnvironment } from "../../config/schema/settings";
import { tenants } from "../../tenants";
import { identityOutputs } from "../support/identity";
import { kubernetesEnvironment, kubernetesSettings } from "../support/kubernetes";
import { isSecret, record, type Recording, type RecordOptions, settled, unsecret } from "../support/mocks";

const account = "123456789012";
const accountKey = `arn:aws:kms:us-east-1:${account}:key/01234567-89ab-cdef-0123-456789abcdef`;
const sourceRanges = ["10.0.0.0/8", "203.0.113.0/24"];

/** A region's settings of AWS, in an environment where only iad has any. */
function settingsOf(change: object, more: Partial<KubernetesEnvironment> = {}): KubernetesEnvironment {
  const listeners = { websocket: { sourceRanges: ["0.0.0.0/0"] } };
  const kubernetes = kubernetesSettings({ loadBalancers: { dns: "route53", sourceRanges, listeners } });
  return kubernetesEnvironment({
    ...more,
    kubernetes,
    aws: aws.parse({ tags: { team: "messaging" }, regions: { iad: { region: "us-east-1", account, ...change } } }),
  });
}

const locationIn = (environment: KubernetesEnvironment): AwsLocation => awsLocationOf("test", environment, "iad")!;
const identities = (environment: KubernetesEnvironment) =>
  identityOutputs(environment, tenants) as Record<string, RegionIdentity>;

/** What a region with these settings registers, and what the program makes of it. */
async function region<T>(
  change: object,
  use: (region: AwsRegion, identity: pulumi.Output<RegionIdentity>) => T,
  options?: RecordOptions,
  more?: Partial<KubernetesEnvironment>,
): Promise<Recording<T>> {
  const settings = settingsOf(change, more);
  const spec = { name: "iad", environment: "test", settings, accounts: accountsOf(settings, tenants) };
  return record(
    () =>
      use(
        new AwsRegion("iad", { location: locationIn(settings), region: spec }),
        pulumi.secret(identities(settings).iad!),
      ),
    options,
  );
}

const existing = {
  calls: {
    "aws:eks/getCluster:getCluster": ({ name }: Record<string, unknown>) => ({
      name,
      endpoint: "https://there.example.com",
      certificateAuthorities: [{ data: "Y2E=" }],
      vpcConfig: { vpcId: "vpc-0", clusterSecurityGroupId: "sg-cluster" },
    }),
  },
};

const inputsOf = ({ of }: Recording<unknown>, type: string) =>
  of(type).map(({ inputs }) => unsecret(inputs) as Record<string, unknown>);
const only = (recording: Recording<unknown>, type: string) => {
  const all = inputsOf(recording, type);
  assert.equal(all.length, 1, type);
  return all[0]!;
};
const statements = (policy: unknown) =>
  (JSON.parse(policy as string) as { Statement: Record<string, unknown>[] }).Statement;

describe("a region of AWS", () => {
  it("is used only where the region's own settings name it, and not on another target", () => {
    assert.equal(awsLocationOf("test", kubernetesEnvironment(), "iad"), undefined);
    assert.equal(awsLocationOf("test", settingsOf({}), "ams"), undefined);
  });

  it("makes nothing that is not asked for", async () => {
    const recording = await region({}, (made, identity) => {
      made.records({ clients: "a", gateways: "b" });
      return [
        made.readIdentity(),
        made.connectionSecrets(identity),
        made.cluster,
        made.key,
        made.backups,
        made.annotations,
      ];
    });
    assert.deepEqual(
      recording.registrations.map(({ type }) => type),
      ["supercluster:aws:Region", "pulumi:providers:aws"],
    );
    assert.deepEqual(recording.result, Array.from({ length: 6 }));
  });

  it("is reached in its own region and account only, with tags on everything", async () => {
    const role = `arn:aws:iam::${account}:role/deploy`;
    const provider = only(await region({ profile: "production", role }, () => 0), "pulumi:providers:aws");
    assert.equal(provider.region, "us-east-1");
    assert.equal(provider.profile, "production");
    assert.deepEqual(JSON.parse(provider.allowedAccountIds as string), [account]);
    assert.deepEqual(JSON.parse(provider.assumeRoles as string), [
      { roleArn: role, sessionName: "supercluster-test-iad" },
    ]);
    assert.deepEqual(JSON.parse(provider.defaultTags as string), {
      tags: { team: "messaging", "supercluster:environment": "test", "supercluster:region": "iad" },
    });
  });

  it("has names of its own part of AWS", () => {
    const there = (name: string) => locationIn(settingsOf({ region: name }));
    assert.equal(clusterArn(there("eu-central-1"), "nats"), `arn:aws:eks:eu-central-1:${account}:cluster/nats`);
    assert.equal(
      clusterArn(there("us-gov-west-1"), "nats"),
      `arn:aws-us-gov:eks:us-gov-west-1:${account}:cluster/nats`,
    );
    assert.equal(
      managedPolicy(there("cn-north-1"), "AmazonEKSClusterPolicy"),
      "arn:aws-cn:iam::aws:policy/AmazonEKSClusterPolicy",
    );
  });

  it("loads AWS's SDK nowhere else: who has no AWS does not wait for it", () => {
    const project = path.join(__dirname, "..", "..");
    const files = ["cli", "components", "config", "stacks"].flatMap((folder) =>
      readdirSync(path.join(project, folder), { recursive: true, encoding: "utf8" }).map((file) =>
        path.join(folder, file),
      ),
    );
    const loading = files
      .filter((file) => file.endsWith(".ts") && !file.startsWith(path.join("components", "aws")))
      .filter((file) =>
        /^import (?!type )[^;]* from "(@pulumi\/aws|[^"]*\/aws\/(?!location))/m.test(
          readFileSync(path.join(project, file), "utf8"),
        ),
      );
    assert.deepEqual(loading, []);
  });
});

describe("a key", () => {
  it("is rotated, has an alias, can be rescued, and is protected", async () => {
    const recording = await region({ key: { rotation: "180d" } }, (made) => made.key);
    const { policy, ...key } = only(recording, "aws:kms/key:Key");
    assert.deepEqual(key, {
      description: "NATS nats of test iad",
      enableKeyRotation: true,
      rotationPeriodInDays: 180,
      deletionWindowInDays: 30,
    });
    assert.equal(recording.of("aws:kms/key:Key")[0]!.options.protect, true);
    assert.deepEqual(
      statements(policy).map(({ Principal }) => Principal),
      [{ AWS: `arn:aws:iam::${account}:root` }],
    );
    assert.deepEqual(only(recording, "aws:kms/alias:Alias"), {
      name: "alias/test-iad-nats",
      targetKeyId: "key id of iad-key",
    });
    assert.equal((await settled(recording.result as pulumi.Output<string>)).value, "arn of iad-key");
  });

  it("that is there is used as it is", async () => {
    const { result, registrations } = await region({ key: { arn: accountKey } }, (made) => made.key);
    assert.equal(result, accountKey);
    assert.ok(registrations.every(({ type }) => !type.startsWith("aws:kms")));
  });
});

describe("the bucket for backups", () => {
  const bucket = "test-iad-nats-backups-123456789012";

  it("is encrypted by the key, versioned, owned by its account, private, and protected", async () => {
    const recording = await region({ key: { arn: accountKey }, backups: {} }, (made) => made.backups!);
    assert.deepEqual(only(recording, "aws:s3/bucket:Bucket"), { bucket });
    assert.equal(recording.of("aws:s3/bucket:Bucket")[0]!.options.protect, true);
    assert.deepEqual(
      only(recording, "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration").rules,
      [
        {
          applyServerSideEncryptionByDefault: { sseAlgorithm: "aws:kms", kmsMasterKeyId: accountKey },
          bucketKeyEnabled: true,
        },
      ],
    );
    assert.deepEqual(only(recording, "aws:s3/bucketVersioning:BucketVersioning").versioningConfiguration, {
      status: "Enabled",
    });
    assert.deepEqual(only(recording, "aws:s3/bucketOwnershipControls:BucketOwnershipControls").rule, {
      objectOwnership: "BucketOwnerEnforced",
    });
    const { bucket: _, ...access } = only(recording, "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock");
    assert.deepEqual(access, {
      blockPublicAcls: true,
      blockPublicPolicy: true,
      ignorePublicAcls: true,
      restrictPublicBuckets: true,
    });
    assert.equal((await settled(recording.result)).value, bucket);
  });

  it("refuses everybody who comes without TLS 1.2", async () => {
    const { policy } = only(await region({ backups: {} }, () => 0), "aws:s3/bucketPolicy:BucketPolicy");
    assert.deepEqual(
      statements(policy).map(({ Effect, Principal, Action, Condition }) => [Effect, Principal, Action, Condition]),
      [
        ["Deny", "*", "s3:*", { Bool: { "aws:SecureTransport": "false" } }],
        ["Deny", "*", "s3:*", { NumericLessThan: { "s3:TlsVersion": "1.2" } }],
      ],
    );
    for (const { Resource } of statements(policy))
      assert.deepEqual(Resource, ["arn of iad-backups", "arn of iad-backups/*"]);
  });

  it("keeps what was replaced for a time, and all else without limit unless it is to expire", async () => {
    const rule = async (backups: object) => {
      const recording = await region({ backups }, () => 0);
      assert.deepEqual(
        recording.of("aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration")[0]!.options.dependencies,
        ["iad-backups", "iad-backups-versioning"],
      );
      return (
        only(recording, "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration").rules as Record<
          string,
          unknown
        >[]
      )[0]!;
    };
    const kept = await rule({});
    assert.deepEqual(
      [kept.noncurrentVersionExpiration, kept.expiration],
      [{ noncurrentDays: 90 }, { expiredObjectDeleteMarker: true }],
    );
    const expiring = await rule({ keepReplaced: "7d", expireAfter: "365d" });
    assert.deepEqual(
      [expiring.noncurrentVersionExpiration, expiring.expiration],
      [{ noncurrentDays: 7 }, { days: 365 }],
    );
  });

  it("has S3's own encryption where there is no key", async () => {
    const { rules } = only(
      await region({ backups: {} }, () => 0),
      "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration",
    );
    assert.deepEqual(rules, [
      { applyServerSideEncryptionByDefault: { sseAlgorithm: "AES256" }, bucketKeyEnabled: false },
    ]);
  });
});

describe("connection secrets", () => {
  const recorded = () =>
    region({ key: { arn: accountKey }, connectionSecrets: { recovery: "7d" } }, (made, identity) =>
      made.connectionSecrets(identity)!,
    );

  it("are one for each user of a tenant, named for clients, and none for this program's users", async () => {
    const recording = await recorded();
    const users = Object.values(tenants).flatMap((tenant) =>
      // Beside those that it declares, the process that collects its dead letters.
      [...Object.keys(tenant.users), ...(tenant.deadLetters ? ["dead-letters"] : [])].map(
        (user) => `${tenant.name}-${user}`,
      ),
    );
    const secrets = inputsOf(recording, "aws:secretsmanager/secret:Secret");
    assert.deepEqual(
      secrets.map(({ name }) => name),
      users.sort().map((login) => `test/iad/nats/${login}`),
    );
    for (const { kmsKeyId, recoveryWindowInDays } of secrets)
      assert.deepEqual([kmsKeyId, recoveryWindowInDays], [accountKey, 7]);
    assert.deepEqual(Object.keys((await settled(recording.result)).value).sort(), users);
  });

  it("hold, as secrets, all that a client needs", async () => {
    const { of } = await recorded();
    const values = of("aws:secretsmanager/secretVersion:SecretVersion");
    for (const { inputs } of values) assert.ok(isSecret(inputs.secretString));
    const { inputs } = values.find(({ name }) => name === "iad-connections-covenant-api-value")!;
    assert.equal(inputs.secretId, "arn of iad-connections-covenant-api");
    assert.deepEqual(JSON.parse(unsecret(inputs.secretString) as string), {
      NATS_URL: "tls://nats.iad.nats.example.com:4222",
      NATS_USER: "covenant-api",
      NATS_PASSWORD: "password of covenant-api",
      NATS_INBOX_PREFIX: "_INBOX_api",
      NATS_CA: "certificate of the client CA",
    });
  });

  it("show no password outside their values, not in names, tags or outputs", async () => {
    const { registrations, result } = await recorded();
    const open = JSON.stringify([registrations.map((one) => unsecret(one, () => "[secret]")), await settled(result)]);
    assert.ok(!open.includes("password of"), open);
    assert.ok(JSON.stringify(registrations).includes("password of covenant-api"), "they were there to be found");
  });
});

describe("the identity of a region", () => {
  const written = (change: object) => {
    const settings = settingsOf({ identitySecret: {}, ...change });
    return record(
      () =>
        new RegionIdentitySecret(
          "iad-identity",
          { location: locationIn(settings), identity: pulumi.secret(identities(settings).iad!) },
          { protect: true },
        ),
    );
  };

  it("is written as a secret of its own location, encrypted by a key of its own, protected", async () => {
    const recording = await written({ key: {} });
    const { name, kmsKeyId } = only(recording, "aws:secretsmanager/secret:Secret");
    assert.deepEqual([name, kmsKeyId], ["test/iad/identity", "arn of iad-identity-key"]);
    assert.equal(only(recording, "aws:kms/alias:Alias").name, "alias/test-iad-identity");
    assert.ok(isSecret(recording.of("aws:secretsmanager/secretVersion:SecretVersion")[0]!.inputs.secretString));
    for (const { type, name: own, options } of recording.registrations)
      assert.equal(options.protect, true, `${type} ${own}`);
  });

  it("is read by its region's stack as it was written, secret, and nothing of another region with it", async () => {
    const secretString = unsecret(
      (await written({})).of("aws:secretsmanager/secretVersion:SecretVersion")[0]!.inputs.secretString,
    ) as string;
    const asked: unknown[] = [];
    const read = (inputs: Record<string, unknown>) => (asked.push(inputs.secretId), { secretString });
    const { registrations, result } = await region({ identitySecret: {} }, (made) => made.readIdentity()!, {
      calls: { "aws:secretsmanager/getSecretVersion:getSecretVersion": read },
    });
    const { value, secret } = await settled(result);
    assert.deepEqual([value, secret], [identities(settingsOf({})).iad, true]);
    assert.deepEqual(asked, ["test/iad/identity"]);
    assert.deepEqual(
      registrations.filter(({ type }) => type === "pulumi:pulumi:StackReference"),
      [],
    );
    assert.ok(!JSON.stringify(value).includes("syd"));
  });

  it("that is not there yet is missed by the name of what to deploy first", async () => {
    const calls = {
      "aws:secretsmanager/getSecretVersion:getSecretVersion": () => {
        throw Object.assign(new Error(), { details: "couldn't find resource" });
      },
    };
    await assert.rejects(
      region({ identitySecret: {} }, async (made) => settled(made.readIdentity()!), { calls }),
      /secret test\/iad\/identity in us-east-1 could not be read: .*couldn't find resource.*deploy the identity stack first: pulumi up --stack test-identity/,
    );
  });

  it("is not shown when it was changed by hand", async () => {
    const calls = {
      "aws:secretsmanager/getSecretVersion:getSecretVersion": () => ({ secretString: '{"jetstreamKey":"hidden' }),
    };
    await assert.rejects(
      region({ identitySecret: {} }, async (made) => settled(made.readIdentity()!), { calls }),
      ({ message }: Error) =>
        message ===
        "secret test/iad/identity in us-east-1 was changed after the identity stack wrote it; " +
          "restore it: pulumi up --stack test-identity --refresh",
    );
  });
});

describe("records", () => {
  it("are a name for clients, and one for each server's gateway", async () => {
    const hostedZone = "Z0123456789";
    const recording = await region({ hostedZone }, (made) =>
      made.records({
        clients: pulumi.output("clients.elb.example.com"),
        gateways: pulumi.output("gateways.elb.example.com"),
      }),
    );
    assert.deepEqual(
      inputsOf(recording, "aws:route53/record:Record").map(({ zoneId, name, type, ttl, records }) => [
        zoneId,
        name,
        type,
        ttl,
        records,
      ]),
      [
        ...[0, 1, 2].map((server) => [
          hostedZone,
          `gateway-${server}.iad.nats.example.com`,
          "CNAME",
          60,
          ["gateways.elb.example.com"],
        ]),
        [hostedZone, "nats.iad.nats.example.com", "CNAME", 60, ["clients.elb.example.com"]],
      ],
    );
  });
});

describe("security groups", () => {
  const recorded = (cluster: object = {}) =>
    region({ cluster: { name: "shared", ...cluster }, securityGroups: true }, (made) => made.annotations!, existing);
  const summary = ({
    securityGroupId,
    ipProtocol,
    fromPort,
    toPort,
    cidrIpv4,
    referencedSecurityGroupId,
  }: Record<string, unknown>) =>
    [securityGroupId, ipProtocol, fromPort, toPort, cidrIpv4 ?? referencedSecurityGroupId].join(" ");
  const [clients, gateways] = ["iad-load-balancers-clients", "iad-load-balancers-gateways"];

  it("let clients in on 4222 and gateways on 7222, from the given ranges, and on to the nodes", async () => {
    assert.deepEqual(
      inputsOf(await recorded(), "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule")
        .map(summary)
        .sort(),
      [
        ...sourceRanges.map((range) => `${clients} tcp 4222 4222 ${range}`),
        ...sourceRanges.map((range) => `${gateways} tcp 7222 7222 ${range}`),
        `sg-cluster tcp 4222 4222 ${clients}`,
        `sg-cluster tcp 7222 7222 ${gateways}`,
      ],
    );
  });

  it("let those in that a listener is for, by the ports of its load balancer and of its servers", async () => {
    const recording = await region(
      { cluster: { name: "shared" }, securityGroups: true },
      (made) => made.annotations!,
      existing,
      { listeners: listeners.parse({ websocket: {} }) },
    );
    const group = "iad-load-balancers-websocket";
    const all = ["Ingress", "Egress"].flatMap((way) =>
      inputsOf(recording, `aws:vpc/securityGroup${way}Rule:SecurityGroup${way}Rule`).map(summary),
    );
    assert.deepEqual(all.filter((rule) => rule.includes(group)).sort(), [
      `${group} tcp 443 443 0.0.0.0/0`,
      `${group} tcp 8080 8080 sg-cluster`,
      `sg-cluster tcp 8080 8080 ${group}`,
    ]);
  });

  it("let load balancers connect to nodes only, and never open 6222, 8222 and 7777", async () => {
    const recording = await recorded({ nodeSecurityGroup: "sg-0123456789abcdef0" });
    assert.deepEqual(
      inputsOf(recording, "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule").map(summary).sort(),
      [`${clients} tcp 4222 4222 sg-0123456789abcdef0`, `${gateways} tcp 7222 7222 sg-0123456789abcdef0`],
    );
    assert.deepEqual(
      inputsOf(recording, "aws:ec2/securityGroup:SecurityGroup").map(({ vpcId, ingress, egress }) => [
        vpcId,
        ingress,
        egress,
      ]),
      Array(2).fill(["vpc-0", undefined, undefined]),
    );
    assert.doesNotMatch(JSON.stringify(recording.registrations), /6222|8222|7777|"0\.0\.0\.0\/0"/);
  });

  it("are given to the load balancers by annotations", async () => {
    const { result } = await recorded();
    const { value } = await settled(result.gateways);
    assert.deepEqual(value, {
      "service.beta.kubernetes.io/aws-load-balancer-security-groups": gateways,
      "service.beta.kubernetes.io/aws-load-balancer-manage-backend-security-group-rules": "false",
    });
  });
});

describe("a cluster that is there", () => {
  it("is found by its name, and reached with tokens of AWS's command line", async () => {
    const role = `arn:aws:iam::${account}:role/deploy`;
    const { registrations, result } = await region(
      { cluster: { name: "shared" }, profile: "production", role },
      (made) => made.cluster!,
      existing,
    );
    assert.deepEqual(
      registrations.map(({ type }) => type),
      ["supercluster:aws:Region", "pulumi:providers:aws", "supercluster:aws:Cluster"],
    );
    assert.equal(result.identifier, `arn:aws:eks:us-east-1:${account}:cluster/shared`);
    const { value, secret } = await settled(result.kubeconfig);
    assert.equal(secret, false);
    const config = JSON.parse(value) as {
      clusters: { cluster: object }[];
      users: { user: { exec: { command: string; args: string[] } } }[];
    };
    assert.deepEqual(config.clusters[0]!.cluster, {
      server: "https://there.example.com",
      "certificate-authority-data": "Y2E=",
    });
    const { command, args } = config.users[0]!.user.exec;
    assert.equal(
      [command, ...args].join(" "),
      `aws eks get-token --cluster-name shared --region us-east-1 --output json ` +
        `--role-arn ${role} --profile production`,
    );
  });
});

describe("a new cluster", () => {
  const administrator = `arn:aws:iam::${account}:role/deploy`;
  const create = { version: "1.34", administrators: [administrator], cidr: "10.20.0.0/16" };
  const recorded = (change: object = {}, more: object = {}) =>
    region(
      { cluster: { name: "nats-iad", create: { ...create, ...change } }, key: { arn: accountKey }, ...more },
      (made) => made.cluster!,
    );
  let plain: Awaited<ReturnType<typeof recorded>>;
  before(async () => void (plain = await recorded()));

  it("has a protected control plane with encrypted Secrets, out of reach of the internet", () => {
    const { vpcConfig, encryptionConfig, accessConfig, version, name } = only(plain, "aws:eks/cluster:Cluster");
    assert.deepEqual([name, version], ["nats-iad", "1.34"]);
    assert.deepEqual(vpcConfig, {
      subnetIds: ["a", "b", "c"].map((zone) => `iad-cluster-eks-network-nodes-us-east-1${zone}`),
      endpointPrivateAccess: true,
      endpointPublicAccess: false,
    });
    assert.deepEqual(encryptionConfig, { provider: { keyArn: accountKey }, resources: ["secrets"] });
    assert.deepEqual(accessConfig, { authenticationMode: "API", bootstrapClusterCreatorAdminPermissions: false });
    const { options } = plain.of("aws:eks/cluster:Cluster")[0]!;
    assert.equal(options.protect, true);
    for (const right of ["AmazonEKSClusterPolicy", "key"])
      assert.ok(options.dependencies!.includes(`iad-cluster-eks-control-plane-${right}`));
  });

  it("opens its API to given ranges only", async () => {
    const { vpcConfig } = only(await recorded({ apiSourceRanges: ["203.0.113.7/32"] }), "aws:eks/cluster:Cluster");
    const { endpointPublicAccess, publicAccessCidrs } = vpcConfig as Record<string, unknown>;
    assert.deepEqual([endpointPublicAccess, publicAccessCidrs], [true, ["203.0.113.7/32"]]);
  });

  it("gives access to the named administrators only", () => {
    assert.deepEqual(only(plain, "aws:eks/accessEntry:AccessEntry").principalArn, administrator);
    const { principalArn, policyArn } = only(plain, "aws:eks/accessPolicyAssociation:AccessPolicyAssociation");
    assert.deepEqual(
      [principalArn, policyArn],
      [administrator, "arn:aws:eks::aws:cluster-access-policy/AmazonEKSClusterAdminPolicy"],
    );
  });

  it("has a node group in each zone: no public addresses, encrypted, credentials out of reach of pods", () => {
    assert.deepEqual(
      inputsOf(plain, "aws:eks/nodeGroup:NodeGroup").map(({ subnetIds, amiType: image, scalingConfig }) => [
        subnetIds,
        image,
        scalingConfig,
      ]),
      ["a", "b", "c"].map((zone) => [
        [`iad-cluster-eks-network-nodes-us-east-1${zone}`],
        "AL2023_ARM_64_STANDARD",
        { minSize: 1, desiredSize: 1, maxSize: 2 },
      ]),
    );
    for (const { mapPublicIpOnLaunch } of inputsOf(plain, "aws:ec2/subnet:Subnet"))
      assert.equal(mapPublicIpOnLaunch, undefined);
    const { metadataOptions, blockDeviceMappings } = only(plain, "aws:ec2/launchTemplate:LaunchTemplate") as {
      metadataOptions: Record<string, unknown>;
      blockDeviceMappings: { ebs: Record<string, unknown> }[];
    };
    assert.deepEqual(
      [metadataOptions.httpTokens, metadataOptions.httpPutResponseHopLimit, blockDeviceMappings[0]!.ebs.encrypted],
      ["required", 1, "true"],
    );
  });

  it("has add-ons at their versions, nodes after those they need, and a driver with the key", async () => {
    const recording = await recorded({ addOns: { coredns: "v1.12.0-eksbuild.1" } });
    const versions = Object.fromEntries<unknown>(
      inputsOf(recording, "aws:eks/addon:Addon").map(({ addonName, addonVersion }) => [
        addonName as string,
        addonVersion,
      ]),
    );
    const own = undefined;
    assert.deepEqual(versions, {
      "aws-ebs-csi-driver": own,
      coredns: "v1.12.0-eksbuild.1",
      "eks-pod-identity-agent": own,
      "kube-proxy": own,
      "vpc-cni": own,
    });
    for (const { options } of recording.of("aws:eks/nodeGroup:NodeGroup")) {
      for (const addOn of ["vpc-cni", "kube-proxy"])
        assert.ok(options.dependencies!.includes(`iad-cluster-eks-${addOn}`));
    }
    const key = recording
      .of("aws:iam/rolePolicy:RolePolicy")
      .find(({ name }) => name === "iad-cluster-eks-volumes-key")!;
    for (const { Resource } of statements(key.inputs.policy)) assert.equal(Resource, accountKey);
  });

  it("reaches the internet through each zone's own NAT, or through one", async () => {
    const routes = (recording: Recording<unknown>) =>
      inputsOf(recording, "aws:ec2/route:Route").flatMap(({ natGatewayId }) => natGatewayId ?? []);
    const nat = (zone: string) => `iad-cluster-eks-network-nat-us-east-1${zone}`;
    assert.deepEqual(routes(plain), ["a", "b", "c"].map(nat));
    assert.deepEqual(routes(await recorded({ natGateways: "one" })), ["a", "a", "a"].map(nat));
    assert.deepEqual(
      (await settled(plain.result.natAddresses!)).value,
      ["a", "b", "c"].map((zone) => `address of iad-cluster-eks-network-nat-us-east-1${zone}`),
    );
  });

  it("gets the controller of load balancers, which may change only what it made", () => {
    const { chart, version, namespace, values } = only(plain, "kubernetes:helm.sh/v3:Release");
    assert.deepEqual([chart, version, namespace], ["aws-load-balancer-controller", "1.13.4", "kube-system"]);
    const { clusterName, vpcId, region: awsRegion } = values as Record<string, unknown>;
    assert.deepEqual([clusterName, vpcId, awsRegion], ["nats-iad", "iad-cluster-eks-network", "us-east-1"]);
    const { policy } = plain
      .of("aws:iam/rolePolicy:RolePolicy")
      .find(({ name }) => name === "iad-cluster-load-balancer-controller-role-load-balancers")!.inputs;
    const actions = (conditioned: boolean) =>
      statements(policy)
        .filter(({ Condition }) => Boolean(Condition) === conditioned)
        .flatMap(({ Action }) => Action as string[]);
    for (const action of ["elasticloadbalancing:DeleteLoadBalancer", "ec2:DeleteSecurityGroup"]) {
      assert.ok(actions(true).includes(action) && !actions(false).includes(action), action);
    }
    assert.ok(
      plain
        .of("aws:eks/podIdentityAssociation:PodIdentityAssociation")[0]!
        .options.dependencies!.includes("iad-cluster-eks"),
      "it waits for the cluster",
    );
    const { namespace: where, serviceAccount } = only(plain, "aws:eks/podIdentityAssociation:PodIdentityAssociation");
    assert.deepEqual([where, serviceAccount], ["kube-system", "aws-load-balancer-controller"]);
  });

  it("is reached when its nodes, add-ons and controller are there", async () => {
    const before = plain.of("pulumi:providers:kubernetes")[0]!.options.dependencies!;
    const awaited = [
      "iad-cluster-eks",
      "iad-cluster-eks-coredns",
      "iad-cluster-eks-aws-ebs-csi-driver",
      "iad-cluster-eks-123456789012-role-deploy",
    ];
    for (const name of awaited) assert.ok(before.includes(name), `${name} in ${before.join(", ")}`);
    const [driver] = plain.of("aws:eks/addon:Addon");
    for (const zone of ["a", "b", "c"])
      assert.ok(driver!.options.dependencies!.includes(`iad-cluster-eks-nodes-us-east-1${zone}`));
    const config = JSON.parse((await settled(plain.result.kubeconfig)).value) as {
      clusters: { cluster: { server: string } }[];
    };
    assert.equal(config.clusters[0]!.cluster.server, "https://new.example.com");
    assert.equal(only(plain, "pulumi:providers:kubernetes").clusterIdentifier, plain.result.identifier);
  });
});

describe("everything of AWS", () => {
  it("is a child of its region, made by its provider, named after it, without a secret in plain text", async () => {
    const all = {
      cluster: {
        name: "nats-iad",
        create: { version: "1.34", administrators: [`arn:aws:iam::${account}:role/deploy`], cidr: "10.20.0.0/16" },
      },
      ...{ key: {}, backups: {}, connectionSecrets: {}, securityGroups: true, hostedZone: "Z0123456789" },
    };
    const { registrations } = await region(all, (made, identity) => {
      made.connectionSecrets(identity);
      made.records({ clients: "a.example.com", gateways: "b.example.com" });
    });
    for (const { type, name, options, outputs } of registrations) {
      assert.ok(name === "iad" || name.startsWith("iad-"), name);
      assert.ok(name === "iad" || options.parent, `${name} has a parent`);
      if (type.startsWith("aws:")) assert.equal(options.provider, "iad-aws", `${type} ${name}`);
      if (type.startsWith("supercluster:")) assert.ok(outputs, `${name} registers its outputs`);
    }
    const { iad } = identities(settingsOf({}));
    const hidden = [
      iad!.jetstreamKey,
      iad!.server.key,
      ...Object.values(iad!.users).flatMap(({ password, hash }) => [password, hash]),
    ];
    const open = JSON.stringify(registrations.map((one) => unsecret(one, () => "[secret]")));
    assert.deepEqual(
      hidden.filter((secret) => open.includes(secret)),
      [],
    );
  });
});

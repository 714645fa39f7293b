import * as assert from "node:assert/strict";
import { Provider } from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { AwsRegion } from "../../components/aws/region";
import { awsLocationOf } from "../../components/aws/location";
import { BackupJobs } from "../../components/backup/backup-jobs";
import { backupAccounts } from "../../components/backup/backup-objects";
import { accountsOf } from "../../components/security/accounts";
import { backupPlaceOf, withBackups } from "../../config/assets/backups";
import type { AccountSpec, RegionIdentity } from "../../config/assets/region";
import { validateTenants } from "../../config/rules/validate";
import { aws } from "../../config/schema/aws";
import { identityOutputs } from "../support/identity";
import { kubernetesEnvironment, kubernetesSettings } from "../support/kubernetes";
import { serversMs } from "../support/limits";
import { isSecret, record, unsecret } from "../support/mocks";
import { shop } from "../support/rule-cases";

const recipients = ["age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p"];
const account = "123456789012";

const environment = (backups: object) =>
  kubernetesEnvironment({
    jetstream: { jetstream: ["shop"] },
    kubernetes: kubernetesSettings({
      clusters: { ams: { context: "nats-ams" }, syd: { context: "nats-syd" } },
      workers: { image: { repository: "example/workers", tag: "1.4.0" } },
      backups: { region: "iad", recipients, ...backups },
      monitoring: { podMonitor: true },
    }),
    aws: aws.parse({
      regions: { iad: { region: "us-east-1", account, key: {}, cluster: { name: "nats-iad" }, backups: {} } },
    }),
  });

/** What the region registers of its backups; with a role where its own bucket is the place. */
function recorded(backups: object) {
  const settings = environment(backups);
  const tenants = validateTenants({ shop: shop() }, settings);
  const region = { name: "iad", environment: "production", accounts: accountsOf(settings, tenants), settings };
  const place = backupPlaceOf("production", settings)!;
  return record(() => {
    if (place.isOwn)
      new AwsRegion("iad", { location: awsLocationOf("production", settings, "iad")!, region }).backupAccess(
        "workers-backup",
        backupAccounts,
      );
    return new BackupJobs("iad-backup", {
      ...{ region, settings: withBackups(settings, "iad")!, place },
      identity: pulumi.secret(identityOutputs(settings, tenants).iad as RegionIdentity),
      provider: new Provider("iad", {}),
      ...(place.isOwn && { serviceAccounts: backupAccounts }),
    });
  }, existing);
}

const existing = {
  calls: {
    "aws:eks/getCluster:getCluster": () => ({
      endpoint: "https://there.example.com",
      certificateAuthorities: [{ data: "Y2E=" }],
      vpcConfig: { vpcId: "vpc-0", clusterSecurityGroupId: "sg-cluster" },
    }),
  },
};

interface Container {
  image: string;
  args: string[];
  env: { name: string; value?: string; valueFrom?: { secretKeyRef: object } }[];
  envFrom?: object[];
  resources: object;
  restartPolicy?: string;
  securityContext: object;
}
interface Template {
  metadata: { labels: Record<string, string> };
  spec: {
    containers: [Container];
    initContainers?: [Container];
    volumes: { emptyDir: { sizeLimit: string } }[];
    securityContext: { runAsNonRoot: boolean };
    automountServiceAccountToken: boolean;
    restartPolicy: string;
    serviceAccountName?: string;
  };
}
interface CronJob {
  schedule: string;
  timeZone: string;
  concurrencyPolicy: string;
  startingDeadlineSeconds: number;
  jobTemplate: {
    spec: {
      activeDeadlineSeconds: number;
      backoffLimit: number;
      podFailurePolicy: { rules: { onExitCodes?: object }[] };
      template: Template;
    };
  };
}

type Recorded = Awaited<ReturnType<typeof recorded>>;
const jobs = ({ of }: Recorded) =>
  Object.fromEntries(
    of("kubernetes:batch/v1:CronJob").map(({ name, inputs }) => [name, unsecret(inputs.spec) as CronJob]),
  ) as Record<"iad-backup-backup" | "iad-backup-backup-verify", CronJob>;
const variablesOf = ({ env }: Container) =>
  Object.fromEntries(env.map(({ name, value, valueFrom }) => [name, value ?? valueFrom!.secretKeyRef]));

describe("BackupJobs", function () {
  // Loads @pulumi/kubernetes and @pulumi/aws.
  this.timeout(serversMs);

  it("makes backups by a job that never runs twice, has a deadline, and goes on after an interruption", async () => {
    const { "iad-backup-backup": spec } = jobs(await recorded({ schedule: "5 1 * * *", deadline: "2h", keep: 3 }));
    assert.deepEqual(
      [spec.schedule, spec.timeZone, spec.concurrencyPolicy, spec.startingDeadlineSeconds],
      ["5 1 * * *", "Etc/UTC", "Forbid", 3600],
    );
    const job = spec.jobTemplate.spec;
    assert.deepEqual([job.activeDeadlineSeconds, job.backoffLimit], [7200, 3]);
    assert.deepEqual(job.podFailurePolicy.rules[0]!.onExitCodes, {
      containerName: "worker",
      operator: "In",
      values: [2],
    });
    const pod = job.template.spec;
    assert.deepEqual([pod.restartPolicy, pod.automountServiceAccountToken], ["Never", false]);
    const [container] = pod.containers;
    assert.deepEqual([container.image, container.args], ["example/workers:1.4.0", ["backup", "run"]]);
    assert.deepEqual(variablesOf(container), {
      BACKUP_ENVIRONMENT: "production",
      BACKUP_STORE: `s3://production-iad-nats-backups-${account}`,
      AWS_REGION: "us-east-1",
      BACKUP_RECIPIENTS: recipients[0],
      BACKUP_RATE: String(20 * 1024 ** 2),
      BACKUP_KEEP: "3",
      NATS_URL: { name: "nats-backup", key: "NATS_URL" },
      NATS_CA: { name: "nats-backup", key: "NATS_CA" },
      BACKUP_CREDENTIALS: { name: "nats-backup", key: "BACKUP_CREDENTIALS" },
    });
    assert.deepEqual(container.resources, {
      requests: { cpu: "100m", memory: String(512 * 1024 ** 2) },
      limits: { memory: String(512 * 1024 ** 2) },
    });
  });

  it("logs in as a user of each account who copies streams and can change none; its logins are secret", async () => {
    const settings = environment({});
    const [{ users }] = accountsOf(settings, validateTenants({ shop: shop() }, settings)) as [AccountSpec];
    assert.deepEqual(users.find(({ name }) => name === "backup")!.permissions.publish.allow, [
      "$JS.API.STREAM.LIST",
      "$JS.API.STREAM.SNAPSHOT.*",
      "$JS.SNAPSHOT.ACK.>",
    ]);
    const { of } = await recorded({});
    const [secret] = of("kubernetes:core/v1:Secret");
    assert.ok(isSecret(secret!.inputs.data));
    const data = unsecret(secret!.inputs.data) as Record<string, string>;
    const text = (key: string) => Buffer.from(data[key]!, "base64").toString();
    assert.deepEqual(JSON.parse(text("BACKUP_CREDENTIALS")), {
      shop: { user: "shop-backup", password: "password of shop-backup", inboxPrefix: "_INBOX_backup" },
    });
    assert.equal(text("NATS_URL"), "tls://nats.nats.svc.cluster.local:4222");
  });

  it("reaches the region's bucket by roles of the pods: one writes, one reads and notes", async () => {
    const recording = await recorded({ verify: { keySecret: "backup-key" } });
    const associations = recording.of("aws:eks/podIdentityAssociation:PodIdentityAssociation");
    assert.deepEqual(
      associations.map(({ inputs }) => [inputs.clusterName, inputs.namespace, inputs.serviceAccount].join()).sort(),
      ["nats-iad,workers-backup,backup", "nats-iad,workers-backup,backup-reader"],
    );
    const actions = Object.fromEntries(
      recording
        .of("aws:iam/rolePolicy:RolePolicy")
        .filter(({ name }) => name.includes("backup-access"))
        .map(({ name, inputs }) => [
          name,
          (JSON.parse(String(unsecret(inputs.policy))) as { Statement: { Action: string[] }[] }).Statement.flatMap(
            ({ Action }) => Action,
          ),
        ]),
    );
    assert.equal(Object.keys(actions).length, 2);
    assert.ok(actions["iad-backup-access-writer-bucket"]!.includes("s3:DeleteObject"));
    assert.ok(!actions["iad-backup-access-reader-bucket"]!.includes("s3:DeleteObject"));
    assert.ok(!Object.values(actions).flat().includes("s3:DeleteObjectVersion"), "earlier versions stay");
    const { "iad-backup-backup": run, "iad-backup-backup-verify": verify } = jobs(recording);
    assert.equal(run.jobTemplate.spec.template.spec.serviceAccountName, "backup");
    assert.equal(verify.jobTemplate.spec.template.spec.serviceAccountName, "backup-reader");
    assert.equal(recording.of("kubernetes:core/v1:ServiceAccount").length, 2);
  });

  it("reaches another place by a Secret of the operator's, and makes no role", async () => {
    const elsewhere = { to: "s3://backups/nats", endpoint: "https://s3.example.com", secrets: ["s3"] };
    const recording = await recorded(elsewhere);
    assert.deepEqual(
      recording.registrations.filter(({ type }) => type.startsWith("aws:")),
      [],
    );
    const [container] = jobs(recording)["iad-backup-backup"].jobTemplate.spec.template.spec.containers;
    assert.deepEqual(container.envFrom, [{ secretRef: { name: "s3" } }]);
    const { BACKUP_STORE, AWS_ENDPOINT_URL_S3 } = variablesOf(container);
    assert.deepEqual([BACKUP_STORE, AWS_ENDPOINT_URL_S3], ["s3://backups/nats", "https://s3.example.com"]);
  });

  it("restores backups into a server of the pod alone, with the key of a Secret, where it is asked to", async () => {
    assert.deepEqual(Object.keys(jobs(await recorded({}))), ["iad-backup-backup"]);
    const { "iad-backup-backup-verify": spec } = jobs(
      await recorded({ verify: { keySecret: "backup-key", storage: "50GiB" } }),
    );
    const pod = spec.jobTemplate.spec.template.spec;
    const [server] = pod.initContainers!;
    assert.equal(server.restartPolicy, "Always", "it runs beside the job, and ends with it");
    assert.ok(server.args.includes("127.0.0.1"), "nothing outside the pod reaches it");
    const [container] = pod.containers;
    const { BACKUP_KEY_SECRET, NATS_URL } = variablesOf(container);
    assert.deepEqual(BACKUP_KEY_SECRET, { name: "backup-key", key: "key" });
    assert.equal(NATS_URL, "nats://127.0.0.1:4222");
    assert.equal(pod.volumes[1]!.emptyDir.sizeLimit, String(50 * 1024 ** 3));
  });

  it("runs everything without rights, and reports the age of backups to Prometheus", async () => {
    const recording = await recorded({ verify: { keySecret: "backup-key" } });
    const [watch] = recording.of("kubernetes:apps/v1:Deployment");
    const { template } = unsecret(watch!.inputs.spec) as { template: Template };
    assert.deepEqual(template.spec.containers[0].args, ["backup", "watch"]);
    assert.equal(template.metadata.labels["app.kubernetes.io/component"], "worker", "as its namespace is scraped");
    assert.equal(recording.of("kubernetes:monitoring.coreos.com/v1:PodMonitor").length, 1);
    const pods = [template, ...Object.values(jobs(recording)).map((spec) => spec.jobTemplate.spec.template)];
    assert.equal(pods.length, 3);
    for (const { spec } of pods) {
      assert.equal(spec.securityContext.runAsNonRoot, true);
      for (const { securityContext } of [...spec.containers, ...(spec.initContainers ?? [])])
        assert.deepEqual(securityContext, {
          allowPrivilegeEscalation: false,
          readOnlyRootFilesystem: true,
          runAsNonRoot: true,
          capabilities: { drop: ["ALL"] },
        });
    }
    const [namespace] = recording.of("kubernetes:core/v1:Namespace");
    assert.equal(namespace!.options.retainOnDelete, true, "it has Secrets that operators made");
  });
});

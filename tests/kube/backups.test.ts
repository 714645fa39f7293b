import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { Provider } from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { CoreV1Api } from "@kubernetes/client-node";
import { BackupJobs } from "../../components/backup/backup-jobs";
import { accountsOf } from "../../components/security/accounts";
import { backupPlaceOf, withBackups } from "../../config/assets/backups";
import type { RegionIdentity } from "../../config/assets/region";
import { pollUntil } from "../../config/poll-until";
import { validateTenants } from "../../config/rules/validate";
import { identityOutputs } from "../support/identity";
import { kubernetesEnvironment, kubernetesSettings } from "../support/kubernetes";
import { serversMs, waitMs } from "../support/limits";
import { record, unsecret } from "../support/mocks";
import { shop } from "../support/rule-cases";
import { clusterConfig } from "./cloud";

interface KubernetesObject {
  apiVersion: string;
  kind: string;
  metadata: { name: string; namespace?: string };
  spec?: { template?: PodTemplate; jobTemplate?: { spec: { template: PodTemplate } } };
}
interface PodTemplate {
  metadata: object;
  spec: object;
}

/** What the component asks for, with both schedules, of a store that is not AWS. */
async function objects(): Promise<KubernetesObject[]> {
  const settings = kubernetesEnvironment({
    jetstream: { jetstream: ["shop"] },
    kubernetes: kubernetesSettings({
      clusters: Object.fromEntries(["iad", "ams", "syd"].map((region) => [region, { context: `nats-${region}` }])),
      workers: { image: { repository: "example/workers", tag: "1.4.0" } },
      backups: {
        region: "iad",
        recipients: ["age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p"],
        to: "s3://backups/nats",
        endpoint: "https://s3.example.com",
        secrets: ["s3"],
        verify: { keySecret: "backup-key" },
      },
    }),
  });
  const tenants = validateTenants({ shop: shop() }, settings);
  const { registrations } = await record(
    () =>
      new BackupJobs("iad-backup", {
        region: { name: "iad", environment: "production", accounts: accountsOf(settings, tenants), settings },
        settings: withBackups(settings, "iad")!,
        place: backupPlaceOf("production", settings)!,
        identity: pulumi.secret(identityOutputs(settings, tenants).iad as RegionIdentity),
        provider: new Provider("iad", {}),
      }),
  );
  return registrations
    .filter(({ type }) => type.startsWith("kubernetes:"))
    .map(({ inputs }) => unsecret(inputs) as KubernetesObject);
}

const kubectl = (input: object, ...options: string[]) =>
  execFileSync("kubectl", ["apply", "--server-side", "--validate=strict", ...options, "-f", "-"], {
    input: JSON.stringify(input),
    encoding: "utf8",
    stdio: ["pipe", "pipe", "pipe"],
  });
const dryRun = (input: object) => kubectl(input, "--dry-run=server");

describe("backups on a schedule, as a real Kubernetes takes them", function () {
  this.timeout(serversMs);
  let namespace: string | undefined;
  let wanted: KubernetesObject[];
  let core: CoreV1Api;

  before(async () => {
    core = clusterConfig().makeApiClient(CoreV1Api);
    wanted = await objects();
    const made = wanted.find(({ kind }) => kind === "Namespace")!;
    const { name } = made.metadata;
    kubectl(made);
    namespace = name;
    const account = await pollUntil(
      () => core.readNamespacedServiceAccount({ name: "default", namespace: name }).catch(() => undefined),
      waitMs,
      200,
    );
    assert.ok(account, "pods need it");
  });
  after(() => (namespace ? core.deleteNamespace({ name: namespace }) : undefined));

  it("accepts every object, and knows each of their fields", () => {
    assert.deepEqual(wanted.map(({ kind }) => kind).sort(), [
      ...["CronJob", "CronJob", "Deployment", "Namespace", "PodDisruptionBudget", "Secret"],
    ]);
    for (const one of wanted) assert.match(dryRun(one), /serverside-applied \(server dry run\)/);
  });

  it("admits the pods of each under the namespace's own Pod Security", () => {
    const templates = wanted.flatMap(({ metadata: { name }, spec }) => {
      const template = spec?.jobTemplate?.spec.template ?? spec?.template;
      return template ? [{ name, template }] : [];
    });
    assert.equal(templates.length, 3);
    const podOf = (name: string, { metadata, spec }: PodTemplate) => ({
      ...{ apiVersion: "v1", kind: "Pod" },
      metadata: { ...metadata, name, namespace },
      spec: { restartPolicy: "Always", ...spec },
    });
    for (const { name, template } of templates) assert.match(dryRun(podOf(name, template)), /server dry run/);
    const [{ name, template }] = templates as [(typeof templates)[0]];
    assert.throws(
      () => dryRun(podOf(name, { ...template, spec: { ...template.spec, hostNetwork: true } })),
      /violates PodSecurity/,
      "it is enforced here",
    );
  });
});

import * as assert from "node:assert/strict";
import * as pulumi from "@pulumi/pulumi";
import type { RegionIdentity } from "../../config/region";
import type { KubernetesEnvironment } from "../../config/settings";
import { accountsOf } from "../../components/security/accounts";
import { KubernetesRegion } from "../../components/supercluster/kubernetes-region";
import { tenants } from "../../tenants";
import { identityOutputs } from "../support/identity";
import { kubernetesEnvironment, kubernetesSettings } from "../support/kubernetes";
import { record, settled, unsecret } from "../support/mocks";

const regions = ["iad", "ams", "syd"];
const identities = identityOutputs(kubernetesEnvironment(), tenants);

const recorded = (name: string, settings: KubernetesEnvironment = kubernetesEnvironment()) =>
  record(() => {
    const region = { name, environment: "production", settings, accounts: accountsOf(settings, tenants) };
    return new KubernetesRegion(name, { region, identity: pulumi.secret(identities[name] as RegionIdentity), cluster: { context: `nats-${name}` } });
  });

describe("KubernetesRegion", function () {
  // Loads @pulumi/kubernetes.
  this.timeout(30_000);

  for (const name of regions) {
    it(`is all that ${name} needs, made by one provider for its own cluster`, async () => {
      const { registrations, of } = await recorded(name);
      const [provider] = of("pulumi:providers:kubernetes");
      assert.deepEqual([provider!.inputs.context, provider!.inputs.clusterIdentifier], [`nats-${name}`, `production-${name}`]);
      for (const { type, options } of registrations) if (type.startsWith("kubernetes:")) assert.equal(options.provider, name, type);
      const count = (type: string) => of(type).length;
      assert.deepEqual(
        ["core/v1:Namespace", "core/v1:Secret", "core/v1:Service", "core/v1:ConfigMap", "helm.sh/v3:Release"].map((type) => count(`kubernetes:${type}`)),
        [1, 4, 2, 1, 1],
      );
    });
  }

  it("leaves no password, hash or key outside the secrets", async () => {
    const identity = identities.ams as RegionIdentity;
    const hidden = [identity.server.key, identity.peer.key, identity.jetstreamKey, ...Object.values(identity.users).flatMap(({ password, hash }) => [password, hash])];
    const { registrations } = await recorded("ams");
    const open = JSON.stringify(registrations.map((one) => unsecret(one, () => "[secret]")));
    assert.deepEqual(hidden.filter((secret) => open.includes(secret)), []);
    assert.ok(JSON.stringify(registrations).includes(identity.jetstreamKey), "they were there to be found");
  });

  it("installs the chart when its Secrets are there, and rolls out when the chart is", async () => {
    const { of } = await recorded("iad");
    const [release] = of("kubernetes:helm.sh/v3:Release");
    assert.deepEqual(release!.options.dependencies!.filter((one) => one.startsWith("iad-")), of("kubernetes:core/v1:Secret").map(({ name }) => name));
    assert.deepEqual(of("pulumi-nodejs:dynamic/kubernetes:Rollout")[0]!.options.dependencies, ["iad"]);
  });

  it("takes the chart from its repository in one version, or from this machine", async () => {
    const chartOf = async (settings?: KubernetesEnvironment) => {
      const { chart, version, repositoryOpts } = (await recorded("iad", settings)).of("kubernetes:helm.sh/v3:Release")[0]!.inputs;
      return { chart, version, repositoryOpts };
    };
    assert.deepEqual(await chartOf(), { chart: "nats", version: "2.14.2", repositoryOpts: { repo: "https://nats-io.github.io/k8s/helm/charts/" } });
    const local = kubernetesEnvironment({ kubernetes: kubernetesSettings({ chart: { path: "charts/nats" } }) });
    assert.deepEqual(await chartOf(local), { chart: "charts/nats", version: undefined, repositoryOpts: undefined });
  });

  it("makes a storage class only where it is asked to, and keeps the namespace, with which volumes would go", async () => {
    const { of } = await recorded("iad", kubernetesEnvironment({ kubernetes: kubernetesSettings({ volume: { storageClass: { name: "nats-iad" } } }) }));
    assert.equal((of("kubernetes:storage.k8s.io/v1:StorageClass")[0]!.inputs.metadata as { name: string }).name, "nats-iad");
    assert.equal((await recorded("iad")).of("kubernetes:storage.k8s.io/v1:StorageClass").length, 0);
    assert.equal(of("kubernetes:core/v1:Namespace")[0]!.options.retainOnDelete, true);
  });

  it("knows its load balancers when their controller has made them", async () => {
    const { result } = await recorded("iad");
    assert.deepEqual(await settled(result.loadBalancers.gateways), { value: ["iad-nats-gateways.elb.example.com"], secret: false });
  });
});

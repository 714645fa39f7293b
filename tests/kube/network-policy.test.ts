import assert from "node:assert/strict";
import { CoreV1Api, NetworkingV1Api, PortForward } from "@kubernetes/client-node";
import { getFromPod } from "../../components/supercluster/provider/pod-http";
import { monitoringOf } from "../../config/monitoring";
import { kubernetesPorts, metricsPort } from "../../config/topology";
import { clusterConfig } from "./cloud";
import { KubeEnvironment } from "./environment";

const namespace = "policy-iad";

/**
 * Network plugins of test clusters may not enforce NetworkPolicies, so this tests the object, what it selects, and that
 * this program reads monitoring in the way that no policy keeps out.
 */
describe("the NetworkPolicy of a region, on a real Kubernetes", function () {
  this.timeout(600_000);
  const config = clusterConfig();
  const core = config.makeApiClient(CoreV1Api);
  const networking = config.makeApiClient(NetworkingV1Api);
  const options = { name: "policy", regions: ["iad"], servers: 1, jetstream: {} };
  const kube = KubeEnvironment.create(options, {});

  before(() => kube.up("iad"));
  after(() => kube.stop());

  const policy = async () => (await networking.readNamespacedNetworkPolicy({ name: "nats-servers", namespace })).spec!;

  it("selects every server, and by the ports that their containers have", async () => {
    const { podSelector, ingress } = await policy();
    const labelSelector = Object.entries(podSelector!.matchLabels!)
      .map(([key, value]) => `${key}=${value}`)
      .join(",");
    const { items } = await core.listNamespacedPod({ namespace, labelSelector });
    assert.deepEqual(
      items.map(({ metadata }) => metadata!.name),
      ["iad-0"],
    );
    const listening = items[0]!.spec!.containers.flatMap(({ ports = [] }) => ports.map((one) => one.containerPort));
    const opened = ingress!.flatMap(({ ports = [] }) => ports.map((one) => Number(one.port)));
    assert.deepEqual(opened, [kubernetesPorts.client, kubernetesPorts.route, kubernetesPorts.gateway, metricsPort]);
    assert.deepEqual(
      listening.filter((port) => !opened.includes(port)),
      [monitoringOf({}).port],
    );
  });

  it("does not keep this program from monitoring: it reads it from inside the pod", async () => {
    const pod = { namespace, name: "iad-0", port: monitoringOf({}).port };
    const { server_name: name } = JSON.parse(await getFromPod(new PortForward(config), pod, "varz")) as {
      server_name: string;
    };
    assert.equal(name, "iad-0");
    await assert.rejects(getFromPod(new PortForward(config), { ...pod, port: 1 }, "varz"));
  });
});

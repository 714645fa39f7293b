import assert from "node:assert/strict";
import { CoreV1Api, PortForward, StorageV1Api } from "@kubernetes/client-node";
import { getFromPod } from "../../components/supercluster/provider/pod-http";
import { environment, type KubernetesEnvironment } from "../../config/schema/settings";
import { metricsPort } from "../../config/topology";
import { pollUntil } from "../../config/poll-until";
import { waitMs } from "../support/limits";
import { clusterConfig } from "./cloud";
import { KubeEnvironment } from "./environment";
import { kubeSettings } from "./settings";

const namespace = "placement-iad";

/** A real API server takes what settings say of placement, labels, annotations, the exporter and the chart's values. */
describe("placement, labels and values by settings, on a real Kubernetes", function () {
  this.timeout(600_000);
  const config = clusterConfig();
  const core = config.makeApiClient(CoreV1Api);
  const storage = config.makeApiClient(StorageV1Api);
  const options = { name: "placement", regions: ["iad"], servers: 1, jetstream: {} };
  const kube = KubeEnvironment.create(options, {});
  const tolerations = [{ key: "example.com/nats", operator: "Exists", effect: "NoSchedule" }];
  const onLinux = { matchExpressions: [{ key: "kubernetes.io/os", operator: "In", values: ["linux"] }] };

  function settings(): KubernetesEnvironment {
    const { kubernetes, ...rest } = kubeSettings(options) as { kubernetes: object };
    return environment.parse({
      ...rest,
      kubernetes: {
        ...kubernetes,
        nodeSelector: { "kubernetes.io/os": "linux" },
        tolerations,
        affinity: {
          nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [onLinux] } },
        },
        priorityClassName: "system-cluster-critical",
        labels: { all: { team: "messaging" }, pods: { mesh: "off" } },
        annotations: { all: { contact: "ops-<region>" } },
        monitoring: { exporter: { jetstream: "streams", arguments: ["-accstatz"] } },
        values: { config: { merge: { write_deadline: "11s" } } },
      },
    }) as KubernetesEnvironment;
  }

  before(() => kube.up("iad", { settings: settings() }));
  after(() => kube.stop());

  it("are those of the pod", async () => {
    const { metadata, spec } = await core.readNamespacedPod({ name: "iad-0", namespace });
    assert.deepEqual([metadata!.labels!.team, metadata!.labels!.mesh], ["messaging", "off"]);
    assert.equal(metadata!.annotations!.contact, "ops-iad");
    assert.equal(spec!.nodeSelector!["kubernetes.io/os"], "linux");
    assert.ok(spec!.tolerations!.some(({ key }) => key === tolerations[0]!.key));
    assert.ok(spec!.affinity!.nodeAffinity && spec!.affinity!.podAntiAffinity);
    assert.equal(spec!.priorityClassName, "system-cluster-critical");
  });

  it("stand on Services, Secrets and the namespace too", async () => {
    const { items: services } = await core.listNamespacedService({ namespace });
    const secret = await core.readNamespacedSecret({ name: "nats-server", namespace });
    for (const { metadata } of [...services, secret, await core.readNamespace({ name: namespace })])
      assert.deepEqual(
        [metadata!.labels!.team, metadata!.annotations!.contact],
        ["messaging", "ops-iad"],
        metadata!.name,
      );
  });

  it("change the servers' configuration and the series of the exporter", async () => {
    const conf = await core.readNamespacedConfigMap({ name: "nats-config", namespace });
    assert.match(conf.data!["nats.conf"]!, /"write_deadline": "11s"/);
    const read = () => getFromPod(new PortForward(config), { namespace, name: "iad-0", port: metricsPort }, "metrics");
    const has = (series: RegExp) => async () => {
      const found = await read();
      return series.test(found) ? found : undefined;
    };
    // An exporter that started before its server looks for it again only after half a minute.
    const metrics = await pollUntil(has(/^nats_server_total_streams/m), waitMs, 1_000);
    assert.ok(metrics, await read());
    const { spec } = await core.readNamespacedPod({ name: "iad-0", namespace });
    const { args } = spec!.containers.find(({ name }) => name === "prom-exporter")!;
    assert.deepEqual(
      args!.filter((argument) => /^-(jsz|accstatz)/.test(argument)),
      ["-accstatz", "-jsz=streams"],
    );
  });

  it("leave an existing class as it is: none is created", async () => {
    const { items } = await storage.listStorageClass();
    assert.deepEqual(
      items.filter(({ metadata }) => metadata!.name!.startsWith("nats-iad")),
      [],
    );
  });
});

import type { KubernetesEnvironment } from "../../config/schema/settings";
import { kubernetesEnvironment, kubernetesSettings } from "./kubernetes";

/** A change of settings, and the parts of a server's pod that it changes; none: no pod is replaced. */
interface PodChange {
  what: string;
  settings: KubernetesEnvironment;
  parts: string[];
}

const kubernetes = (change: object) => kubernetesEnvironment({ kubernetes: kubernetesSettings(change) });
const digest = `sha256:${"a".repeat(64)}`;
const variables = "variables of servers (domain, kubernetes.serverTags)";
const keyCheck = "container jetstream-key (containers.keyCheck, images.box)";

/** One of each kind. A test compares each with what the chart makes of it. */
export const podChanges: PodChange[] = [
  {
    what: "a server's memory",
    settings: kubernetes({ resources: { memory: "4GiB" } }),
    parts: ["kubernetes.resources"],
  },
  { what: "a server's CPU", settings: kubernetes({ resources: { cpu: "1" } }), parts: ["kubernetes.resources"] },
  {
    what: "a server's image",
    settings: kubernetes({ images: { nats: { tag: "2.14.7-alpine" } } }),
    parts: ["kubernetes.images.nats"],
  },
  {
    what: "the image of the reloader",
    settings: kubernetes({ images: { reloader: { digest } } }),
    parts: ["kubernetes.images.reloader"],
  },
  {
    what: "the image of the exporter",
    settings: kubernetes({ images: { exporter: { tag: "0.21.0" } } }),
    parts: ["kubernetes.images.exporter"],
  },
  {
    what: "the image of the key check, which is the box's",
    settings: kubernetes({ images: { box: { tag: "0.19.8" } } }),
    parts: [keyCheck],
  },
  {
    what: "a registry",
    settings: kubernetes({ images: { registry: "mirror.example.com" } }),
    parts: [keyCheck, "kubernetes.images.registry"],
  },
  {
    what: "pull secrets",
    settings: kubernetes({ images: { pullSecrets: ["mirror"] } }),
    parts: ["kubernetes.images.pullSecrets"],
  },
  {
    what: "resources of the exporter",
    settings: kubernetes({ containers: { exporter: { memory: "256MiB" } } }),
    parts: ["kubernetes.containers.exporter"],
  },
  {
    what: "scheduling",
    settings: kubernetes({ antiAffinity: "preferred", spread: { zones: "DoNotSchedule" } }),
    parts: ["kubernetes.antiAffinity, kubernetes.affinity", "kubernetes.spread"],
  },
  {
    what: "nodes",
    settings: kubernetes({
      nodeSelector: { pool: "nats" },
      tolerations: [{ key: "nats", operator: "Exists" }],
      priorityClassName: "high",
    }),
    parts: ["kubernetes.nodeSelector", "kubernetes.priorityClassName", "kubernetes.tolerations"],
  },
  { what: "labels of pods", settings: kubernetes({ labels: { pods: { team: "x" } } }), parts: ["kubernetes.labels"] },
  { what: "labels of all", settings: kubernetes({ labels: { all: { team: "x" } } }), parts: ["kubernetes.labels"] },
  {
    what: "annotations of pods",
    settings: kubernetes({ annotations: { pods: { team: "x" } } }),
    parts: ["kubernetes.annotations"],
  },
  { what: "annotations of Services", settings: kubernetes({ annotations: { services: { team: "x" } } }), parts: [] },
  { what: "labels of Services", settings: kubernetes({ labels: { services: { team: "x" } } }), parts: [] },
  {
    what: "series of the exporter",
    settings: kubernetes({ monitoring: { exporter: { jetstream: "streams" } } }),
    parts: ["kubernetes.monitoring.exporter"],
  },
  {
    what: "a value over the chart's",
    settings: kubernetes({ values: { podTemplate: { merge: { spec: { hostNetwork: true } } } } }),
    parts: ["podTemplate.merge.spec.hostNetwork"],
  },
  {
    what: "the grace period",
    settings: kubernetesEnvironment({ lameDuck: { duration: "45s", gracePeriod: "10s" } }),
    parts: ["lameDuck"],
  },
  {
    what: "server tags",
    settings: kubernetes({ serverTags: { az: "topology.kubernetes.io/zone" } }),
    parts: [variables],
  },
  {
    what: "the domain",
    settings: kubernetesEnvironment({ domain: "nats.example.org" }),
    parts: [variables],
  },
  { what: "a box", settings: kubernetes({ natsBox: { enabled: true } }), parts: [] },
  {
    what: "a PodMonitor",
    settings: kubernetes({ monitoring: { podMonitor: true, labels: { release: "prometheus" } } }),
    parts: [],
  },
  {
    what: "volumes and what servers give to JetStream",
    settings: kubernetesEnvironment({
      storage: { file: "180GiB", memory: "1GiB" },
      kubernetes: kubernetesSettings({ volume: { size: "200GiB" } }),
    }),
    parts: [],
  },
  { what: "the largest message", settings: kubernetesEnvironment({ maxPayload: "4MiB" }), parts: [] },
];

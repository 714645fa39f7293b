import { createHash } from "node:crypto";
import type { RegionSpec } from "../../config/assets/region";
import type { KubernetesEnvironment } from "../../config/schema/settings";
import { tagsOf } from "../../config/server-tags";
import { serversIn } from "../../config/sizes";
import { chartValues, podConfig, restartAnnotation } from "./chart-values";
import { type StoreLimits, withoutReloadable } from "./reload";

/** Fingerprints, by the name of what they are of: a setting, or a value of the chart. Nothing secret. */
export type Parts = Record<string, string>;

/** Which values of the chart are in the template of a server's pod, and what an operator calls them. */
interface Row {
  /** Path in the values. The longest that matches decides. */
  path: string;
  /** Name of the part; undefined: a change replaces no pod. Default: the path itself. */
  part: string | undefined;
}

/**
 * Of what is not here, a change counts as one of the template, under its own path. Deployed states have these names: a
 * part with another name is announced once as a restart.
 */
const rows: readonly Row[] = [
  { path: "global.image.registry", part: "kubernetes.images.registry" },
  { path: "global.image.pullSecretNames", part: "kubernetes.images.pullSecrets" },
  { path: "global.labels", part: "kubernetes.labels" },
  { path: "config", part: "ports and files of servers" },
  { path: "container.patch", part: "ports and files of servers" },
  { path: "podTemplate.patch", part: "ports and files of servers" },
  ...["container.merge", "reloader.merge", "promExporter.merge", "podTemplate.merge.spec"].map((at) => ({
    path: `${at}.securityContext`,
    part: "security contexts",
  })),
  { path: "container.image", part: "kubernetes.images.nats" },
  { path: "container.resources", part: "kubernetes.resources" },
  { path: "container.env", part: "variables of servers (domain, kubernetes.serverTags)" },
  // Follows from the memory.
  { path: "container.env.GOMEMLIMIT", part: "kubernetes.resources" },
  { path: "container.merge.startupProbe", part: "probes of servers" },
  { path: "container.merge.readinessProbe", part: "probes of servers" },
  { path: "container.merge.livenessProbe", part: "probes of servers" },
  { path: "reloader.image", part: "kubernetes.images.reloader" },
  { path: "reloader.merge.resources", part: "kubernetes.containers.reloader" },
  { path: "promExporter.image", part: "kubernetes.images.exporter" },
  { path: "promExporter.merge.resources", part: "kubernetes.containers.exporter" },
  { path: "promExporter.patch", part: "kubernetes.monitoring.exporter" },
  { path: "promExporter.podMonitor", part: undefined },
  { path: "podTemplate.topologySpreadConstraints", part: "kubernetes.spread" },
  { path: "podTemplate.merge.spec.affinity", part: "kubernetes.antiAffinity, kubernetes.affinity" },
  { path: "podTemplate.merge.spec.nodeSelector", part: "kubernetes.nodeSelector" },
  { path: "podTemplate.merge.spec.tolerations", part: "kubernetes.tolerations" },
  { path: "podTemplate.merge.spec.priorityClassName", part: "kubernetes.priorityClassName" },
  { path: "podTemplate.merge.metadata.labels", part: "kubernetes.labels" },
  { path: "podTemplate.merge.metadata.annotations", part: "kubernetes.annotations" },
  { path: "podTemplate.merge.spec.initContainers", part: "container jetstream-key (containers.keyCheck, images.box)" },
  { path: "podTemplate.merge.spec.automountServiceAccountToken", part: "security contexts" },
  { path: "podTemplate.merge.spec.terminationGracePeriodSeconds", part: "lameDuck" },
  { path: `podTemplate.merge.metadata.annotations.${restartAnnotation}`, part: undefined },
  { path: "service", part: undefined },
  { path: "headlessService", part: undefined },
  { path: "configMap", part: undefined },
  { path: "statefulSet.merge", part: undefined },
  { path: "podDisruptionBudget", part: undefined },
  // A pod of its own, which is not a server's.
  { path: "natsBox", part: undefined },
];

/** Below `config` of the chart: what the chart puts into the pod, not into nats.conf. */
const inPod = /^(enabled|port|dir|secretName|cert|key|ca_file|.*\$include)$/;

/**
 * What the pods of a region's servers are made of, besides their configuration: where a part differs, they are
 * replaced.
 */
export function podParts(
  values: object,
  { kubernetes, authCallout }: Pick<KubernetesEnvironment, "kubernetes" | "authCallout">,
): Parts {
  const found = leavesOf(values, []).flatMap(([path, value]): [string, unknown][] => {
    if (path[0] === "config" && !inPod.test(path.at(-1)!)) return [];
    const at = path.join(".");
    const row = rows
      .filter((one) => at === one.path || at.startsWith(`${one.path}.`))
      .toSorted((left, right) => right.path.length - left.path.length)[0];
    const part = row ? row.part : at;
    return part === undefined ? [] : [[part, [at, value]]];
  });
  return fingerprints([
    ...found,
    // In labels of the template.
    ["kubernetes.chart.version", kubernetes.chart.version],
    // In the fingerprint of the configuration; `classify` names the rest of it.
    ["kubernetes.values.config", kubernetes.values.config],
    ...calloutPart({ authCallout }),
  ]);
}

/** Of the accounts file servers reload all but whether they ask an auth callout. */
const calloutPart = ({ authCallout }: Pick<RegionSpec["settings"], "authCallout">): [string, boolean][] =>
  authCallout ? [["authCallout", true]] : [];

/** What a server's configuration cannot be reloaded for, by its first level. The same on every target. */
export function configurationParts(region: RegionSpec): Parts {
  const { settings, name } = region;
  const tags = Array.from({ length: serversIn(settings, name) }, (_, server) => tagsOf(settings, name, server));
  const config = { ...withoutReloadable(podConfig(region, 0)), ...(tags.flat().length > 0 && { server_tags: tags }) };
  return fingerprints([...Object.entries(config), ...calloutPart(settings)]);
}

/** What servers run with, as far as a change restarts them. */
export interface RunsWith {
  parts: Parts;
  /** Bytes. Lowering them restarts servers, raising them does not. */
  storage: StoreLimits;
}

export function runsWith(region: RegionSpec): RunsWith {
  const { settings } = region;
  const { jetstream } = podConfig(region, 0);
  return {
    parts: {
      ...configurationParts(region),
      ...(settings.target === "kubernetes" && podParts(chartValues({ ...region, settings }), settings)),
    },
    storage: { file: jetstream.max_file_store, memory: jetstream.max_memory_store },
  };
}

/** Names of the parts that differ. */
export const changedParts = (before: Parts, after: Parts): string[] =>
  [...new Set([...Object.keys(before), ...Object.keys(after)])].filter((part) => before[part] !== after[part]).sort();

/** Each with everything that has its name: 8 hexadecimal digits. */
function fingerprints(found: [name: string, value: unknown][]): Parts {
  const all = new Map<string, unknown[]>();
  for (const [name, value] of found) all.set(name, [...(all.get(name) ?? []), value]);
  return Object.fromEntries(
    [...all].map(([name, values]) => [
      name,
      createHash("sha256")
        .update(JSON.stringify(values.map((value) => JSON.stringify(value)).sort()))
        .digest("hex")
        .slice(0, 8),
    ]),
  );
}

/** Every value that is not an object, with its path. An empty object is one too. */
function leavesOf(value: unknown, path: string[]): [string[], unknown][] {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return [[path, value]];
  return Object.entries(value).flatMap(([key, inner]) => leavesOf(inner, [...path, key]));
}

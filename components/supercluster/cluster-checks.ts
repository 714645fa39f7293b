import type { HelmRecord } from "./helm-records";
import { kubectl } from "./kubectl";
import type { ClusterAccess } from "./provider/kubernetes-client";

/** Whether a Kubernetes cluster is the one that a region must run in, and has what the region needs. Pure. */

/**
 * Annotation of the namespace `kube-system`: the regions that may run in the cluster, as `<environment>/<region>`,
 * separated by commas.
 */
export const regionsAnnotation = "supercluster/regions";

/** Labels of everything that a region has in its namespace, and of the namespace itself. */
export const regionLabels = ({
  environment,
  region,
}: {
  environment: string;
  region: string;
}): Record<string, string> => ({
  "supercluster/environment": environment,
  "supercluster/region": region,
});

/** What a region's stack is about to write to. */
export interface WantedCluster {
  environment: string;
  region: string;
  namespace: string;
  /** For the commands in messages. */
  cluster: ClusterAccess;
  /** Identity of the cluster that the region was deployed to. Undefined: it has not been deployed. */
  deployedTo?: string;
  /** Region of AWS that its nodes must be in. Undefined: any. */
  awsRegion?: string;
  /** Storage class that must exist. Undefined: this program makes it. */
  storageClass?: string;
  /** Kinds that an operator brings and that must exist, as `<group>/<version>/<kind>`. Default: none. */
  kinds?: string[];
}

/** What identifies a cluster. */
export interface ClusterView {
  /** Of its namespace `kube-system`: no two clusters have the same. */
  id: string;
  /** The annotation. */
  regions?: string;
  /** Labels of the region's namespace. Undefined: there is none. */
  namespaceLabels?: Record<string, string>;
  /** Regions of AWS that nodes of AWS are in. */
  awsRegions: string[];
  storageClasses: string[];
  /** Those of the wanted kinds that it has. */
  kinds: string[];
  /** Changes of the region's Helm release that were begun and not ended. */
  pending: HelmRecord[];
}

/** The engine prints the property's value, so never refer to `cluster`, which has credentials. */
type Refusal = { property: "region" | "namespace" | "storageClass" | "kinds"; reason: string };

/** Why nothing may be written to a cluster: every reason. */
export function clusterRefusals(wanted: WantedCluster, view: ClusterView): Refusal[] {
  return clusterChecks.flatMap(({ property, reason }) => {
    const found = reason(wanted, view);
    return found === undefined ? [] : [{ property, reason: found }];
  });
}

const own = ({ environment, region }: WantedCluster): string => `${environment}/${region}`;

const named = ({ regions }: ClusterView): string[] | undefined =>
  regions
    ?.split(",")
    .map((region) => region.trim())
    .filter(Boolean);

/** Helm refuses every change of a release of which one has not ended, without limit if its process was killed. */
export function pendingRefusal(
  { namespace, cluster }: Pick<WantedCluster, "namespace" | "cluster">,
  pending: HelmRecord[],
): string {
  const deletions = pending.map(({ name }) => `-n ${namespace} delete secret ${name}`);
  const states = pending.map(({ status, revision }) => `${status} (revision ${revision})`);
  return (
    `the Helm release in namespace ${namespace} is ${states.join(", ")}: a run that changed it was interrupted, ` +
    `or is still running. If none is running: ${kubectl(cluster, ...deletions)} (docs/runbooks/pending-release.md)`
  );
}

const another = "is the right cluster named (kubernetes.clusters.<region>.context, or aws.regions.<region>.cluster)?";

/** One row for each way in which it can be the wrong cluster. */
const clusterChecks: {
  property: Refusal["property"];
  reason: (wanted: WantedCluster, view: ClusterView) => string | undefined;
}[] = [
  {
    property: "region",
    reason(wanted, view) {
      const regions = named(view);
      if (!regions || regions.includes(own(wanted))) return undefined;
      const annotation = `${regionsAnnotation}=${[...regions, own(wanted)].join(",")}`;
      return (
        `this cluster is for ${regions.join(", ") || "no region"}, not for ${own(wanted)}: ${another} ` +
        `If it is: ${kubectl(wanted.cluster, `annotate --overwrite namespace kube-system ${annotation}`)}`
      );
    },
  },
  {
    property: "region",
    reason(wanted, view) {
      if (wanted.deployedTo === undefined || wanted.deployedTo === view.id || named(view)?.includes(own(wanted)))
        return undefined;
      const annotation = `${regionsAnnotation}=${own(wanted)}`;
      return (
        `${own(wanted)} was deployed to another cluster (${wanted.deployedTo}) than this one (${view.id}): ` +
        `${another} If the cluster was recreated: ` +
        `${kubectl(wanted.cluster, `annotate namespace kube-system ${annotation}`)}; then pulumi up --refresh`
      );
    },
  },
  {
    property: "namespace",
    reason(wanted, { namespaceLabels }) {
      const expected = Object.entries(regionLabels(wanted));
      if (!namespaceLabels || expected.every(([label, value]) => namespaceLabels[label] === value)) return undefined;
      const others = expected.flatMap(([label]) =>
        namespaceLabels[label] === undefined ? [] : [namespaceLabels[label]],
      );
      if (others.length)
        return (
          `namespace ${wanted.namespace} in this cluster is that of ${others.join("/")}, ` +
          `not of ${own(wanted)}: ${another}`
        );
      const labels = expected.map((entry) => entry.join("=")).join(" ");
      return (
        `namespace ${wanted.namespace} exists and belongs to no region: ${another} ` +
        `If it is meant for ${own(wanted)}: ${kubectl(wanted.cluster, `label namespace ${wanted.namespace} ${labels}`)}`
      );
    },
  },
  {
    property: "region",
    reason: ({ awsRegion }, { awsRegions }) =>
      awsRegion === undefined || awsRegions.length === 0 || awsRegions.includes(awsRegion)
        ? undefined
        : `its nodes are in ${awsRegions.join(", ")} (label topology.kubernetes.io/region), ` +
          `and aws.regions.<region>.region says ${awsRegion}: ${another}`,
  },
  {
    property: "namespace",
    reason: (wanted, { pending }) => (pending.length ? pendingRefusal(wanted, pending) : undefined),
  },
  {
    property: "storageClass",
    reason: ({ storageClass }, { storageClasses }) =>
      storageClass === undefined || storageClasses.includes(storageClass)
        ? undefined
        : `there is no storage class "${storageClass}" in this cluster, ` +
          `only ${storageClasses.join(", ") || "none"}; name one of them in kubernetes.volume.storageClass.existing, ` +
          `or write { name: ${storageClass} } to create it`,
  },
  {
    property: "kinds",
    reason({ kinds = [] }, view) {
      const lacking = kinds.filter((kind) => !view.kinds.includes(kind));
      return lacking.length
        ? `this cluster does not know ${lacking.join(", ")}: install the operator that brings it first, or remove ` +
            "the setting that uses it (kubernetes.connectionSecrets, kubernetes.identitySecret, " +
            "kubernetes.monitoring.podMonitor, kubernetes.monitoring.prometheusRule)"
        : undefined;
    },
  },
];

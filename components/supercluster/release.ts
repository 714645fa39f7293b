import type { RegionSpec } from "../../config/assets/region";
import type { KubernetesEnvironment } from "../../config/schema/settings";
import { chartName } from "./chart-source";
import { regionLabels } from "./cluster-checks";
import { shortHash } from "../short-hash";

/** The arguments of a Helm release that name its chart: a path on this machine, or a repository and a version. */
export const releasedChart = ({ kubernetes: { chart } }: KubernetesEnvironment) =>
  chart.path
    ? { chart: chart.path }
    : { chart: chartName, version: chart.version, repositoryOpts: { repo: chart.repository } };

/** Identifies a release by its chart and values, so by everything that pods run with: 16 hexadecimal digits. */
export const releaseFingerprint = (values: object, settings: KubernetesEnvironment): string =>
  shortHash(JSON.stringify([values, releasedChart(settings)]));

/** What identifies the image of nats-server: its digest where the settings pin one, else its tag. */
export const serverVersion = ({ kubernetes: { images } }: KubernetesEnvironment): string =>
  images.nats.digest ?? images.nats.tag;

/** Labels of every object that this program makes in a region's namespace. */
export const objectLabels = ({ environment, name }: Pick<RegionSpec, "environment" | "name">) => ({
  "app.kubernetes.io/managed-by": "supercluster",
  ...regionLabels({ environment, region: name }),
});

/** Label of the namespace: Kubernetes then rejects pods that need more than the "restricted" standard. */
export const podSecurity = { "pod-security.kubernetes.io/enforce": "restricted" };

import type { dynamic } from "@pulumi/pulumi";
import { unknownValue } from "@pulumi/pulumi/runtime/rpc";
import { diagnosticLine, diagnostics } from "../../../config/diagnostics";
import { fromBytes, toBytes } from "../../../config/units";
import { logProgress } from "../../log-progress";
import { kubectl } from "../../supercluster/kubectl";
import { conditionOf } from "../../supercluster/provider/condition";
import { converge, type Next, type Patience } from "../../supercluster/provider/converge";
import { type ClusterAccess, reasonOf } from "../../supercluster/provider/kubernetes-client";
import { nextVolumeStep, volumeRefusals, type VolumesView, type WantedVolumes } from "../volume-steps";
import { RegionVolumes, type VolumesName } from "./region-volumes";

/** Inputs of a region's volumes. */
export interface VolumesInputs extends VolumesName {
  /** Name of the region, for messages. */
  region: string;
  /** Secret as a whole. */
  cluster: ClusterAccess;
  /** Of each volume, e.g. `100GiB`. */
  size: string;
  storageClass: string;
}

/** Grows the volumes of a region's servers while they run. Before the chart has made them, it does nothing. */
export const volumesProvider = (patience?: Patience) => ({
  /** Refuses impossible changes of volumes; without access to the cluster, by comparing with what was deployed. */
  async check(olds: Partial<VolumesInputs>, inputs: VolumesInputs): Promise<dynamic.CheckResult<VolumesInputs>> {
    const wanted = wantedOf(inputs);
    const view = await seen(inputs);
    if (view)
      return {
        inputs,
        failures: volumeRefusals(view, wanted).map(({ field, reason }) => ({ property: field, reason })),
      };
    const isShrunk = olds.size !== undefined && toBytes(olds.size) > wanted.size;
    const reason =
      `volumes of ${olds.size} cannot shrink to ${inputs.size}; write kubernetes.volume.size: ` +
      `${olds.size} or more (docs/runbooks/grow-volumes.md)`;
    return { inputs, failures: isShrunk ? [{ property: "size", reason }] : [] };
  },

  /** Logs what a change does, which the engine cannot know. */
  diff(_id: string, olds: VolumesInputs, news: VolumesInputs): Promise<dynamic.DiffResult> {
    if (toBytes(news.size) > toBytes(olds.size)) {
      logProgress(
        `${news.region}: volumes grow from ${olds.size} to ${news.size} while their servers run; ` +
          "then their StatefulSet is recreated and adopts the running pods",
      );
    }
    return Promise.resolve({ replaces: idOf(olds) === idOf(news) ? [] : ["namespace"] });
  },

  ...conditionOf(idOf, (inputs: VolumesInputs) => grow(inputs, patience)),

  /** Volumes stay. */
  delete: (): Promise<void> => Promise.resolve(),
});

const idOf = ({ namespace, statefulSet }: VolumesName): string => `${namespace}/${statefulSet}`;

const wantedOf = ({ size, storageClass, cluster }: VolumesInputs): WantedVolumes => ({
  size: toBytes(size),
  storageClass,
  cluster,
});

/**
 * Undefined where the cluster does not exist yet, or cannot be reached, as in CI: an update checks again.
 */
async function seen({ cluster, region, ...name }: VolumesInputs): Promise<VolumesView | undefined> {
  if ((cluster as unknown) === unknownValue) return undefined;
  try {
    return await RegionVolumes.open(cluster, name).observe();
  } catch (error) {
    logProgress(diagnosticLine(diagnostics.volumesNotRead, region, reasonOf(error)));
    return undefined;
  }
}

async function grow(inputs: VolumesInputs, patience?: Patience): Promise<void> {
  const { region, cluster, namespace, size } = inputs;
  const [volumes, wanted] = [RegionVolumes.open(cluster, inputs), wantedOf(inputs)];
  const reasons = volumeRefusals(await volumes.observe(), wanted).map(({ reason }) => reason);
  if (reasons.length) throw new Error(`${region}: ${reasons.join("; ")}. Nothing was changed`);
  const request = size.replace(/B$/, "");
  const look = async (): Promise<Next> => {
    const step = nextVolumeStep(await volumes.observe(), wanted);
    switch (step.do) {
      case "grow":
        return {
          do: "act",
          what: `${step.claim} grows from ${fromBytes(step.from)} to ${size}`,
          act: () => volumes.grow(step.claim, request),
        };
      case "recreate":
        return {
          do: "act",
          what: `recreating the StatefulSet with volumes of ${size}; no pod is restarted`,
          act: () => volumes.recreateStatefulSet(request),
        };
      default:
        return step;
    }
  };
  await converge(
    region,
    look,
    `No volume was lost; servers keep running with what they have. See: ` +
      kubectl(cluster, `-n ${namespace} describe pvc`),
    patience,
  );
}

import type { dynamic } from "@pulumi/pulumi";
import { unknownValue } from "@pulumi/pulumi/runtime/rpc";
import { diagnosticLine, diagnostics } from "../../../config/diagnostics";
import { logProgress } from "../../log-progress";
import { NoRecord } from "../helm-records";
import { comparable, driftText, type KubeObject } from "../object-drift";
import { conditionOf } from "./condition";
import { type ClusterAccess, reasonOf } from "./kubernetes-client";
import { type ObjectsPlace, RegionObjects } from "./region-objects";

/** The objects of a region. */
export interface ObjectsInputs extends ObjectsPlace {
  /** Region = its name in messages. */
  region: string;
  /** Secret as a whole. */
  cluster: ClusterAccess;
  /** What the program itself made; secret as a whole. What the chart made is in Helm's record. */
  objects: KubeObject[];
}

/**
 * Puts back objects that were deleted or changed outside this program. Pulumi does not look at objects without a
 * refresh, and never at those of a Helm release.
 */
export const objectsProvider = {
  /** An update is planned where an object is not as it was deployed, and each is logged. */
  async diff(_id: string, olds: ObjectsInputs, news: ObjectsInputs): Promise<dynamic.DiffResult> {
    const replaces = olds.namespace === news.namespace && olds.release === news.release ? [] : ["namespace"];
    return { changes: (await hasDrifted(olds, news)) ? true : undefined, replaces };
  },

  ...conditionOf(({ namespace, release }: ObjectsInputs) => `${namespace}/${release}`, restore),

  delete: (): Promise<void> => Promise.resolve(),
};

/** False, with a diagnostic, where the cluster cannot be read, as in a preview in CI. */
async function hasDrifted(olds: ObjectsInputs, news: ObjectsInputs): Promise<boolean> {
  const { region, cluster, objects, ...place } = olds;
  try {
    // In an `up` they are changed before this is called, and by a run that was interrupted too.
    const next = isKnown(news) ? news.objects.map(comparable) : [];
    const drift = await RegionObjects.open(cluster, place).drift(objects.map(comparable), next);
    for (const one of drift) logProgress(`${region}: ${driftText(one)}; \`up\` puts it back`);
    return drift.length > 0;
  } catch (error) {
    // Nothing can be compared, and the update says what to do.
    if (error instanceof NoRecord) return true;
    logProgress(diagnosticLine(diagnostics.objectsNotRead, region, reasonOf(error)));
    return false;
  }
}

/** At a preview they contain passwords that are still to be made. */
const isKnown = ({ objects }: ObjectsInputs): boolean => (objects as unknown) !== unknownValue;

async function restore({ region, cluster, objects, ...place }: ObjectsInputs): Promise<void> {
  try {
    await RegionObjects.open(cluster, place).restore(objects, (drift) =>
      logProgress(`${region}: putting back: ${driftText(drift)}`),
    );
  } catch (error) {
    throw new Error(`${region}: ${reasonOf(error)}. No pod was replaced. See docs/runbooks/restore-objects.md`);
  }
}

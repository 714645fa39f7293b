import type { dynamic } from "@pulumi/pulumi";
import { plural } from "../../../config/plural";
import { logProgress } from "../../log-progress";
import { kubectl } from "../kubectl";
import { nextScaleStep } from "../scale-down-steps";
import { conditionOf } from "./condition";
import { converge, type Next, type Patience, waitingFor } from "./converge";
import type { ClusterAccess } from "./kubernetes-client";
import { RegionPods, type StatefulSetName } from "./region-pods";

/** A region's servers and their number. */
export interface ScaleDownInputs extends StatefulSetName {
  /** Name of the region, for messages. */
  region: string;
  servers: number;
  /** Secret as a whole. */
  cluster: ClusterAccess;
}

/** Stops servers that a region no longer has. Before the chart has made them, it does nothing. */
export const scaleDownProvider = (patience?: Patience) => ({
  /** Logs what a change does, which the engine cannot know. */
  diff(_id: string, olds: ScaleDownInputs, news: ScaleDownInputs): Promise<dynamic.DiffResult> {
    if (news.servers < olds.servers)
      logProgress(
        `${news.region}: stopping ${olds.servers - news.servers} of ${plural(olds.servers, "server")}, ` +
          "one after another, the highest number first; their volumes are kept",
      );
    return Promise.resolve({ replaces: idOf(olds) === idOf(news) ? [] : ["namespace"] });
  },

  ...conditionOf(idOf, (inputs: ScaleDownInputs) => scaleDown(inputs, patience)),

  delete: (): Promise<void> => Promise.resolve(),
});

const idOf = ({ namespace, statefulSet }: ScaleDownInputs): string => `${namespace}/${statefulSet}`;

async function scaleDown(inputs: ScaleDownInputs, patience?: Patience): Promise<void> {
  const { region, namespace, cluster } = inputs;
  const connected = RegionPods.open(cluster);
  const look = async (): Promise<Next> => {
    const view = await connected.scale(inputs, inputs.servers);
    if (!view) return { do: "nothing" };
    const step = nextScaleStep(view, inputs);
    if (step.do === "refuse")
      throw new Error(
        `${region}: ${step.pod} is not stopped, because it holds ${plural(step.streams, "stream")}; ` +
          "move them first: npm run drain-servers (docs/runbooks/remove-servers.md)",
      );
    if (step.do === "wait") return waitingFor(step.reason, view.problems);
    if (step.do !== "scale") return step;
    return { do: "act", what: `stopping ${step.pod}`, act: () => connected.resize(inputs, step.replicas) };
  };
  const howToLook = `No other pod was stopped. See: ${kubectl(cluster, `-n ${namespace} describe pods`)}`;
  await converge(region, look, howToLook, patience);
}

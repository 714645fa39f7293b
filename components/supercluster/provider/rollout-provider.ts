import type { dynamic } from "@pulumi/pulumi";
import { logProgress } from "../../log-progress";
import { classify, type ServerState } from "../reload";
import { nextRolloutStep, outdatedOf } from "../rollout-steps";
import { converge, type Next } from "./converge";
import { refuseAnothers } from "./guard-provider";
import type { ClusterAccess } from "./kubernetes-client";
import { RegionPods, type StatefulSetName } from "./region-pods";

/** What a rollout is about. */
export interface RolloutInputs extends StatefulSetName {
  environment: string;
  /** Region = its name in messages. */
  region: string;
  /** Secret as a whole. */
  cluster: ClusterAccess;
  /** What servers run with: compared at preview, to say what a change takes. */
  state: ServerState;
  /** Fingerprint of the accounts file, which servers reload once they see it. */
  accounts: string;
  /** Fingerprint of all that the chart was given: a change is what there is to roll out. */
  release: string;
  /** Paths of the chart's values that settings override; for policies. Absent: none. */
  overrides?: string[];
}

/**
 * Replaces a region's outdated pods one after another, each when all others are ready and current; complete when all
 * pods are as their StatefulSet specifies and have loaded the accounts file.
 */
export const rolloutProvider = {
  /** Logs whether a change needs a reload or a restart, which the engine cannot know. */
  async diff(_id: string, olds: RolloutInputs, news: RolloutInputs): Promise<dynamic.DiffResult> {
    const { action, causes } = classify(olds.state, news.state);
    if (action === "restart")
      logProgress(
        `${news.region}: ${causes.join(", ")} changed: its servers are restarted one after another, ` +
          "each when the previous one is current",
      );
    if (action === "reload")
      logProgress(`${news.region}: ${causes.join(", ")} changed: its servers reload it, none is restarted`);
    const replaces = olds.namespace === news.namespace && olds.statefulSet === news.statefulSet ? [] : ["namespace"];
    return { changes: (await isUnfinished(olds)) ? true : undefined, replaces };
  },

  async create(inputs: RolloutInputs): Promise<dynamic.CreateResult<RolloutInputs>> {
    await rollOut(inputs);
    return { id: `${inputs.namespace}/${inputs.statefulSet}`, outs: inputs };
  },

  async update(_id: string, _olds: RolloutInputs, inputs: RolloutInputs): Promise<dynamic.UpdateResult<RolloutInputs>> {
    await rollOut(inputs);
    return { outs: inputs };
  },

  /**
   * Pods are deleted with their StatefulSet. This is deleted first, so a destroy in the wrong cluster is refused here.
   */
  delete: (_id: string, inputs: RolloutInputs): Promise<void> => refuseAnothers(inputs),
};

/** Whether an interrupted run left pods outdated. False where the cluster cannot be reached, as in a preview in CI. */
async function isUnfinished({ cluster, ...name }: RolloutInputs): Promise<boolean> {
  try {
    const view = await RegionPods.open(cluster).observe(name);
    return view !== undefined && outdatedOf(view).length > 0;
  } catch {
    return false;
  }
}

async function rollOut({ region, cluster, namespace, statefulSet, state, accounts }: RolloutInputs): Promise<void> {
  const connected = RegionPods.open(cluster);
  // Without a leader at the start there is nothing to be current with: regions may be starting one after another.
  let hadLeader: boolean | undefined;
  const next = async (): Promise<Next> => {
    const view = await connected.observe({ namespace, statefulSet }, { config: state.config, accounts });
    if (!view)
      throw new Error(`${region}: StatefulSet ${namespace}/${statefulSet} does not exist; is this the right cluster?`);
    hadLeader ??= view.leader !== undefined;
    const step = nextRolloutStep(view, hadLeader);
    if (step.do !== "replace") return step;
    return {
      do: "act",
      what: `replacing ${step.pod} (${step.reason}; ${outdatedOf(view).length} to go)`,
      act: () => connected.replace(namespace, step.pod),
    };
  };
  await converge(region, next, `No other pod was replaced. See: kubectl -n ${namespace} describe pods`);
}

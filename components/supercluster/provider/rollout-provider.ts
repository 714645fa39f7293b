import type { dynamic } from "@pulumi/pulumi";
import { unknownValue } from "@pulumi/pulumi/runtime/rpc";
import { upgradeRefusal } from "../../../config/versions";
import { logProgress } from "../../log-progress";
import type { CertificatesInForce } from "../../security/certificates-in-force";
import { kubectl } from "../kubectl";
import type { Parts } from "../pod-parts";
import { adviceOn, ProblemClock } from "../pod-problems";
import { announcementOf } from "../rollout-class";
import type { ServerState } from "../reload";
import { nextRolloutStep, outdatedOf } from "../rollout-steps";
import { conditionOf } from "./condition";
import { converge, type Next, type Patience, waitingFor } from "./converge";
import { refuseAnothers } from "./guard-provider";
import type { ClusterAccess } from "./kubernetes-client";
import { RegionPods, type StatefulSetName } from "./region-pods";

/** What a rollout is about. */
export interface RolloutInputs extends StatefulSetName {
  environment: string;
  /** Region = its name in messages. */
  region: string;
  servers: number;
  /** Secret as a whole. */
  cluster: ClusterAccess;
  /** What servers run with: compared at preview, to say what a change takes. */
  state: ServerState;
  /** Fingerprint of the accounts file, which servers reload once they see it. */
  accounts: string;
  /** The certificates that they reload in the same way. A state of an earlier release has none. */
  certificates?: CertificatesInForce;
  /** What their pods are made of besides: compared at preview too. */
  parts: Parts;
  /** Fingerprint of all that the chart was given: a change is what there is to roll out. */
  release: string;
  /** Paths of the chart's values that settings override; for policies. Absent: none. */
  overrides?: string[];
}

/** As a state of an earlier release has it. */
export type DeployedRollout = Omit<RolloutInputs, "servers" | "parts" | "accounts"> & Partial<RolloutInputs>;

/**
 * Replaces a region's outdated pods one after another, each when all others are ready and current; complete when all
 * pods are as their StatefulSet specifies and have loaded the accounts file and their certificates.
 */
export const rolloutProvider = (patience?: Patience) => ({
  /** A region that is new has no diff: what its deployment does is logged here. */
  check(olds: Partial<RolloutInputs>, inputs: RolloutInputs): Promise<dynamic.CheckResult<RolloutInputs>> {
    if (olds.region === undefined) logProgress(announcementOf(undefined, inputs)!);
    const reason = olds.state && upgradeRefusal(olds.state.version, inputs.state.version);
    return Promise.resolve({ inputs, failures: reason ? [{ property: "state", reason }] : [] });
  },

  /** Logs whether a change needs a reload or a restart, which the engine cannot know. */
  async diff(_id: string, olds: DeployedRollout, news: RolloutInputs): Promise<dynamic.DiffResult> {
    // A password or certificate that this deployment makes is not known at preview.
    const known = <T>(value: T, before: T): T => (value === unknownValue ? before : value);
    const announcement = announcementOf(olds, {
      ...news,
      accounts: known(news.accounts, olds.accounts ?? ""),
      certificates: known(news.certificates, olds.certificates),
    });
    if (announcement !== undefined) logProgress(announcement);
    const replaces = olds.namespace === news.namespace && olds.statefulSet === news.statefulSet ? [] : ["namespace"];
    return { changes: (await isUnfinished(olds)) ? true : undefined, replaces };
  },

  ...conditionOf(
    ({ namespace, statefulSet }: RolloutInputs) => `${namespace}/${statefulSet}`,
    (inputs) => rollOut(inputs, patience),
  ),

  /**
   * Pods are deleted with their StatefulSet. This is deleted first, so a destroy in the wrong cluster is refused here.
   */
  delete: (_id: string, inputs: RolloutInputs): Promise<void> => refuseAnothers(inputs),
});

/** Whether an interrupted run left pods outdated. False where the cluster cannot be reached, as in a preview in CI. */
async function isUnfinished({ cluster, ...name }: DeployedRollout): Promise<boolean> {
  try {
    const view = await RegionPods.open(cluster).observe(name);
    return view !== undefined && outdatedOf(view).length > 0;
  } catch {
    return false;
  }
}

async function rollOut(inputs: RolloutInputs, patience?: Patience): Promise<void> {
  const { region, cluster, namespace, statefulSet, state, accounts, certificates } = inputs;
  const connected = RegionPods.open(cluster);
  const clock = new ProblemClock();
  const howToLook = `No other pod was replaced. See: ${kubectl(cluster, `-n ${namespace} describe pods`)}`;
  // Without a leader at the start there is nothing to be current with: regions may be starting one after another.
  let hadLeader: boolean | undefined;
  let outdated: number | undefined;
  let replaced: string | undefined;
  const refreshed = new Set<string>();
  const next = async (): Promise<Next> => {
    const view = await connected.observe({ namespace, statefulSet }, { config: state.config, accounts, certificates });
    if (!view)
      throw new Error(`${region}: StatefulSet ${namespace}/${statefulSet} does not exist; is this the right cluster?`);
    hadLeader ??= view.leader !== undefined;
    for (const { name } of view.pods.filter((pod) => pod.notLoaded !== undefined && !refreshed.has(pod.name))) {
      refreshed.add(name);
      const files = [accounts, certificates?.fingerprint].filter(Boolean).join(" ");
      // Where it may not: the kubelet refreshes it by itself, up to a minute later.
      await connected.refreshVolumes(namespace, name, files).catch(() => undefined);
    }
    const step = nextRolloutStep(view, hadLeader);
    const left = outdatedOf(view).length;
    if (step.do === "wait") {
      const lasting = clock.look(view.problems, Date.now());
      if (lasting) {
        const { problem, lastedMs } = lasting;
        throw new Error(
          `${region}: ${problem.subject}: ${problem.text}, for ${Math.round(lastedMs / 1000)} s, ` +
            `and waiting does not fix it: ${adviceOn(problem)}, then run this again; it continues from here. ` +
            howToLook,
        );
      }
      return waitingFor(step.reason, view.problems);
    }
    // Kubernetes has seen the change, so this is how many there are.
    outdated ??= left;
    if (replaced) logProgress(`${region}: ${replaced} is replaced and current, ${outdated - left} of ${outdated}`);
    replaced = undefined;
    if (step.do === "nothing") return step;
    return {
      do: "act",
      what: `replacing ${step.pod} (${step.reason}; ${left} to go)`,
      act: async () => {
        await connected.replace(namespace, step.pod);
        replaced = step.pod;
      },
    };
  };
  await converge(region, next, howToLook, patience);
}

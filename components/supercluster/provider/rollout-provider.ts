import { setTimeout as sleep } from "node:timers/promises";
import type { dynamic } from "@pulumi/pulumi";
import { classify, type ServerState } from "../reload";
import { nextStep, type RegionView } from "../rollout-steps";
import { Cluster, type ClusterAccess, type StatefulSetName } from "./cluster";

/** What a rollout is about. */
export interface RolloutInputs extends StatefulSetName {
  /** Region = its name in messages. */
  region: string;
  /** Secret as a whole. */
  cluster: ClusterAccess;
  /** What servers run with: compared at preview, to say what a change takes. */
  state: ServerState;
  /** Fingerprint of all that the chart was given: a change is what there is to roll out. */
  release: string;
}

/** No step for so long is an error. Pulling an image onto a new node takes minutes. */
const stuckMs = 10 * 60_000;
const sayEveryMs = 15_000;
const everyMs = 1_000;

/** The provider has no other way to the person who watches. */
const say = (line: string): void => console.error(line);

/** Brings a region's pods to what its StatefulSet wants, one after another; done when all are ready, and were current before each was taken. */
export const rolloutProvider = {
  /** Says what a change takes, which the engine cannot know: servers are told of it, or restarted. */
  async diff(_id: string, olds: RolloutInputs, news: RolloutInputs): Promise<dynamic.DiffResult> {
    const { action, causes } = classify(olds.state, news.state);
    if (action === "restart") say(`${news.region}: ${causes.join(", ")} changed: its servers are restarted, one after another, each when the last is current`);
    if (action === "reload") say(`${news.region}: ${causes.join(", ")} changed: its servers are told, none is restarted`);
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

  /** Pods go with their StatefulSet. */
  delete: (): Promise<void> => Promise.resolve(),
};

/** Pods that a run which was cut off left outdated. Unknown where the cluster cannot be asked, e.g. at a preview in CI. */
async function isUnfinished({ cluster, ...name }: RolloutInputs): Promise<boolean> {
  try {
    const view = await Cluster.open(cluster).look(name, false);
    return view !== undefined && view.pods.some(({ revision }) => revision !== view.revision);
  } catch {
    return false;
  }
}

async function rollOut({ region, cluster, namespace, statefulSet }: RolloutInputs): Promise<void> {
  const connected = Cluster.open(cluster);
  const look = (): Promise<RegionView | undefined> => connected.look({ namespace, statefulSet }, true);
  // Without a leader there is nothing to be current with: regions may be coming up one after another.
  const hadLeader = (await look())?.leader !== undefined;
  let [since, said] = [Date.now(), Date.now()];
  for (;;) {
    const view = await look();
    if (!view) throw new Error(`${region}: there is no StatefulSet ${namespace}/${statefulSet}; is this the right cluster?`);
    const step = nextStep(view, hadLeader);
    if (step.do === "nothing") return;
    if (step.do === "replace") {
      const left = view.pods.filter(({ revision }) => revision !== view.revision).length;
      say(`${region}: replacing ${step.pod} (${step.reason}; ${left} to go)`);
      await connected.replace(namespace, step.pod);
      [since, said] = [Date.now(), Date.now()];
    } else {
      if (Date.now() - since > stuckMs) {
        throw new Error(`${region}: ${step.reason}, for ${stuckMs / 60_000} min. No other pod was replaced. See: kubectl -n ${namespace} describe pods; then run this again, it goes on from here`);
      }
      if (Date.now() - said > sayEveryMs) {
        say(`${region}: waiting, ${step.reason}`);
        said = Date.now();
      }
    }
    await sleep(everyMs);
  }
}

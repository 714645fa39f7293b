import { type KubernetesObject, Watch } from "@kubernetes/client-node";
import { clusterConfig } from "./cloud";

/** What happened to one object since the watch began. */
export interface Watched {
  /** `ADDED` (as it was when the watch began), `MODIFIED`, `DELETED`, in their order. */
  events: { type: string; object: KubernetesObject }[];
  /** Throws if the watch itself ended early: events may be missing. */
  stop(): void;
}

/** Watches one object of core/v1, e.g. `watchObject("nats-iad", "secrets", "nats-server")`, from what it is now on. */
export async function watchObject(namespace: string, plural: string, name: string): Promise<Watched> {
  const config = clusterConfig();
  const events: Watched["events"] = [];
  let ended: unknown;
  let isStopped = false;
  // The silence after which it ends, 30 s by default: a deployment changes an object once.
  const watch = new Watch(config);
  Object.assign(watch, { requestTimeoutMs: 60 * 60_000 });
  const controller = await watch.watch(
    `/api/v1/namespaces/${namespace}/${plural}`,
    { fieldSelector: `metadata.name=${name}` },
    (type, object) => void events.push({ type, object: object as KubernetesObject }),
    (error) => {
      if (!isStopped) ended = error ?? new Error("the API server ended the watch");
    },
  );
  return {
    events,
    stop() {
      isStopped = true;
      controller.abort();
      if (ended) throw ended instanceof Error ? ended : new Error(JSON.stringify(ended));
    },
  };
}

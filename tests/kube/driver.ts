import { setTimeout as sleep } from "node:timers/promises";
import { CoreV1Api } from "@kubernetes/client-node";
import { clusterConfig } from "./cloud";

/**
 * Plays the driver of volumes that are folders of the host, which cannot grow: gives each volume of a namespace the
 * size that its claim asks for. All else is Kubernetes's own.
 */
export class Driver {
  /** Whether volumes grow. */
  isOn = false;
  private isStopped = false;
  private driving?: Promise<void>;
  private readonly core: CoreV1Api;

  constructor(private readonly namespaces: string[]) {
    this.core = clusterConfig().makeApiClient(CoreV1Api);
  }

  start(): void {
    this.driving = this.drive();
  }

  async stop(): Promise<void> {
    this.isStopped = true;
    await this.driving;
  }

  private async drive(): Promise<void> {
    for (; !this.isStopped; await sleep(250))
      if (this.isOn)
        for (const one of this.namespaces)
          // What was deleted meanwhile does not grow.
          await this.grow(one).catch((error: Error) => console.error(`volumes of ${one}: ${error.message}`));
  }

  private async grow(namespace: string): Promise<void> {
    const { items } = await this.core.listNamespacedPersistentVolumeClaim({ namespace });
    for (const { metadata, spec, status } of items) {
      const wanted = spec!.resources!.requests!.storage!;
      if (status?.phase !== "Bound" || status.capacity?.storage === wanted) continue;
      await this.core.patchPersistentVolume({
        name: spec!.volumeName!,
        body: [{ op: "replace", path: "/spec/capacity/storage", value: wanted }],
      });
      await this.core.patchNamespacedPersistentVolumeClaimStatus({
        namespace,
        name: metadata!.name!,
        body: [{ op: "replace", path: "/status/capacity/storage", value: wanted }],
      });
    }
  }
}

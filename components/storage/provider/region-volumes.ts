import { setTimeout as sleep } from "node:timers/promises";
import type {
  AppsV1Api,
  CoreV1Api,
  StorageV1Api,
  V1PersistentVolumeClaim,
  V1StatefulSet,
} from "@kubernetes/client-node";
import { clientOf, type ClusterAccess, configOf, missing } from "../../supercluster/provider/kubernetes-client";
import type { StatefulSetName } from "../../supercluster/provider/region-pods";
import { claimView, isGrowing, latestMessage, requestOf, resized, templateOf } from "../claim-view";
import type { ClaimView, VolumesView } from "../volume-steps";

/** Volumes of a region's servers, by the names that their StatefulSet gives to their claims. */
export interface VolumesName extends StatefulSetName {
  /** Template of the claims. */
  template: string;
  servers: number;
}

/** Field owner: helm, so that the chart's next release meets no conflict. */
const fieldManager = "helm";
/** Time limit, in milliseconds: the garbage collector orphans the pods first. */
const deletionMs = 60_000;

/** The volumes of one region, as its Kubernetes cluster sees them. */
export class RegionVolumes {
  private constructor(
    private readonly name: VolumesName,
    private readonly core: CoreV1Api,
    private readonly apps: AppsV1Api,
    private readonly storage: StorageV1Api,
  ) {}

  static open(access: ClusterAccess, name: VolumesName): RegionVolumes {
    const { AppsV1Api, CoreV1Api, StorageV1Api } =
      require("@kubernetes/client-node") as typeof import("@kubernetes/client-node");
    const config = configOf(access);
    return new RegionVolumes(
      name,
      clientOf(config, CoreV1Api),
      clientOf(config, AppsV1Api),
      clientOf(config, StorageV1Api),
    );
  }

  async observe(): Promise<VolumesView> {
    const { namespace, template, statefulSet, servers } = this.name;
    const numbers = Array.from({ length: servers }, (_, server) => server);
    const [found, claims] = await Promise.all([
      this.statefulSet(),
      Promise.all(
        numbers.map((server) =>
          missing(
            this.core.readNamespacedPersistentVolumeClaim({ namespace, name: `${template}-${statefulSet}-${server}` }),
          ),
        ),
      ),
    ]);
    const claim = found && templateOf(found, template);
    return {
      claims: await Promise.all(
        claims.flatMap((one, server) => (one ? [this.view(one, `${statefulSet}-${server}`)] : [])),
      ),
      ...(found &&
        claim && {
          statefulSet: { claimSize: requestOf(claim), isEnding: found.metadata?.deletionTimestamp !== undefined },
        }),
    };
  }

  /** @param size as Kubernetes writes it, e.g. `200Gi` */
  async grow(claim: string, size: string): Promise<void> {
    const body = [{ op: "replace", path: "/spec/resources/requests/storage", value: size }];
    await this.core.patchNamespacedPersistentVolumeClaim({ namespace: this.name.namespace, name: claim, body });
  }

  /**
   * Recreates the StatefulSet with claims of this size while its pods keep running: they are orphaned, then adopted.
   * If a run is interrupted in between, the chart creates it.
   *
   * @throws when the old one still exists 60 s after it was deleted
   */
  async recreateStatefulSet(size: string): Promise<void> {
    const { namespace, statefulSet: name, template } = this.name;
    const found = await this.statefulSet();
    if (!found) return;
    const { labels, annotations, uid } = found.metadata!;
    const volumeClaimTemplates = found.spec!.volumeClaimTemplates!.map((one) =>
      one.metadata?.name === template ? resized(one, size) : one,
    );
    // All options in the body: with a body, the API server ignores those in the query, and would delete the pods too.
    await missing(
      this.apps.deleteNamespacedStatefulSet({
        namespace,
        name,
        body: { propagationPolicy: "Orphan", preconditions: { uid } },
      }),
    );
    const deadline = Date.now() + deletionMs;
    while ((await this.statefulSet())?.metadata?.uid === uid) {
      if (Date.now() > deadline)
        throw new Error(
          `StatefulSet ${namespace}/${name} still exists ${deletionMs / 1000} s after it was deleted; ` +
            `its pods keep running. See: kubectl -n ${namespace} get statefulset ${name} -o yaml; ` +
            "then run this again",
        );
      await sleep(200);
    }
    const body = { metadata: { name, namespace, labels, annotations }, spec: { ...found.spec!, volumeClaimTemplates } };
    await this.apps.createNamespacedStatefulSet({ namespace, fieldManager, body });
  }

  private statefulSet(): Promise<V1StatefulSet | undefined> {
    return missing(
      this.apps.readNamespacedStatefulSet({ namespace: this.name.namespace, name: this.name.statefulSet }),
    );
  }

  private async view(claim: V1PersistentVolumeClaim, pod: string): Promise<ClaimView> {
    const { namespace } = this.name;
    const storageClass = claim.spec?.storageClassName;
    const [known, user, event] = await Promise.all([
      storageClass === undefined ? undefined : missing(this.storage.readStorageClass({ name: storageClass })),
      missing(this.core.readNamespacedPod({ namespace, name: pod })),
      isGrowing(claim) ? this.lastWarning(claim) : undefined,
    ]);
    return claimView(claim, { storageClass: known, isMounted: user?.status?.phase === "Running", lastWarning: event });
  }

  /** Drivers report only in events why they refuse, e.g. that a volume was changed less than 6 hours ago. */
  private async lastWarning({ metadata }: V1PersistentVolumeClaim): Promise<string | undefined> {
    const fieldSelector = `involvedObject.uid=${metadata!.uid},type=Warning`;
    const { items } = await this.core.listNamespacedEvent({ namespace: this.name.namespace, fieldSelector });
    return latestMessage(items);
  }
}

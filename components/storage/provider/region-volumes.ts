import { setTimeout as sleep } from "node:timers/promises";
import type {
  AppsV1Api,
  CoreV1Api,
  StorageV1Api,
  V1PersistentVolumeClaim,
  V1PersistentVolumeClaimTemplate,
  V1StatefulSet,
} from "@kubernetes/client-node";
import { clientOf, type ClusterAccess, configOf, missing } from "../../supercluster/provider/kubernetes-client";
import type { StatefulSetName } from "../../supercluster/provider/region-pods";
import { bytesOf } from "../quantity";
import type { ClaimView, VolumesView } from "../volume-steps";

/** Volumes of a region's servers, by the names that their StatefulSet gives to their claims. */
export interface VolumesName extends StatefulSetName {
  /** Template of the claims. */
  template: string;
  servers: number;
}

/** Field owner: helm, so that the chart's next release meets no conflict. */
const fieldManager = "helm";
/** The garbage collector lets go of the pods first. */
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
    const claim = found && claimOf(found, template);
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

  /** @param size as Kubernetes writes it */
  async grow(claim: string, size: string): Promise<void> {
    const body = [{ op: "replace", path: "/spec/resources/requests/storage", value: size }];
    await this.core.patchNamespacedPersistentVolumeClaim({ namespace: this.name.namespace, name: claim, body });
  }

  /**
   * Recreates the StatefulSet with claims of this size while its pods keep running: they are orphaned, then adopted.
   * After
   * a run that is interrupted in between, the chart creates it.
   */
  async recreateStatefulSet(size: string): Promise<void> {
    const { namespace, statefulSet: name, template } = this.name;
    const found = await this.statefulSet();
    if (!found) return;
    const { labels, annotations, uid } = found.metadata!;
    const volumeClaimTemplates = found.spec!.volumeClaimTemplates!.map((one) =>
      one.metadata?.name === template ? resized(one, size) : one,
    );
    // All in the body: where there is one, the API server ignores what stands beside it, and would delete the pods too.
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
    const [capacity, requested] = [claim.status?.capacity?.storage, requestOf(claim)];
    const isGrowing = capacity !== undefined && bytesOf(capacity) < requested;
    const conditions = isGrowing ? (claim.status?.conditions ?? []) : [];
    const [known, user, event] = await Promise.all([
      storageClass === undefined ? undefined : missing(this.storage.readStorageClass({ name: storageClass })),
      missing(this.core.readNamespacedPod({ namespace, name: pod })),
      isGrowing ? this.lastWarning(claim) : undefined,
    ]);
    const said = [
      ...conditions.map(({ type, message }) => [type, message].filter(Boolean).join(": ")),
      ...(event ? [event] : []),
    ].join("; ");
    return {
      name: claim.metadata!.name!,
      requested,
      ...(capacity !== undefined && { capacity: bytesOf(capacity) }),
      ...(storageClass !== undefined && { storageClass }),
      ...(known && { canGrow: known.allowVolumeExpansion ?? false }),
      isMounted: user?.status?.phase === "Running",
      ...(conditions.some(({ type }) => type === "FileSystemResizePending") && { isFileSystemPending: true }),
      ...(said && { said }),
    };
  }

  /** Drivers report only in events why they refuse, e.g. that a volume was changed less than 6 hours ago. */
  private async lastWarning({ metadata }: V1PersistentVolumeClaim): Promise<string | undefined> {
    const fieldSelector = `involvedObject.uid=${metadata!.uid},type=Warning`;
    const { items } = await this.core.listNamespacedEvent({ namespace: this.name.namespace, fieldSelector });
    const timeOf = ({ lastTimestamp, eventTime }: (typeof items)[number]) =>
      new Date(lastTimestamp ?? eventTime ?? 0).getTime();
    return items.toSorted((left, right) => timeOf(right) - timeOf(left))[0]?.message;
  }
}

const claimOf = ({ spec }: V1StatefulSet, template: string): V1PersistentVolumeClaimTemplate | undefined =>
  spec?.volumeClaimTemplates?.find(({ metadata }) => metadata?.name === template) as
    V1PersistentVolumeClaimTemplate | undefined;

const requestOf = ({ spec }: { spec?: V1PersistentVolumeClaim["spec"] }): number =>
  bytesOf(spec?.resources?.requests?.storage ?? "0");

const resized = ({ metadata, spec }: V1PersistentVolumeClaim, size: string): V1PersistentVolumeClaim => ({
  metadata: { name: metadata?.name, labels: metadata?.labels, annotations: metadata?.annotations },
  spec: { ...spec, resources: { ...spec?.resources, requests: { ...spec?.resources?.requests, storage: size } } },
});

import type { CoreV1Api, KubernetesObjectApi } from "@kubernetes/client-node";
import { isDeepStrictEqual } from "node:util";
import { deployedObjects, type HelmRecord, isPending, NoRecord, recordOf, recordSelector } from "../helm-records";
import { comparable, driftOf, asStored, type KubeObject, mergePatch, type ObjectDrift } from "../object-drift";
import { clientOf, type ClusterAccess, configOf, missing, passThrough, reasonOf } from "./kubernetes-client";

/** Where a region's objects are. */
export interface ObjectsPlace {
  namespace: string;
  /** Name of the Helm release. */
  release: string;
}

/**
 * Owners of fields: who changes the object next. Pulumi's provider takes over what it wrote under this name without
 * server-side apply
 * (https://github.com/pulumi/pulumi-kubernetes, provider/pkg/await/await.go, `fixCSAFieldManagers`).
 */
const fieldManagers = { program: "pulumi-kubernetes", chart: "helm" };

/** The objects that the program and the chart made in a region's cluster. */
export class RegionObjects {
  /** By API version. The client keeps the kinds of a version that it asked for, but only once they are answered. */
  private readonly firstReads = new Map<string, Promise<unknown>>();

  private constructor(
    private readonly place: ObjectsPlace,
    private readonly core: CoreV1Api,
    private readonly objects: KubernetesObjectApi,
  ) {}

  static open(access: ClusterAccess, place: ObjectsPlace): RegionObjects {
    const { CoreV1Api, KubernetesObjectApi } =
      require("@kubernetes/client-node") as typeof import("@kubernetes/client-node");
    const config = configOf(access);
    return new RegionObjects(place, clientOf(config, CoreV1Api), clientOf(config, KubernetesObjectApi));
  }

  /** Changes of the release that were begun and not ended. */
  async pending(): Promise<HelmRecord[]> {
    return (await this.records()).map(recordOf).filter(isPending);
  }

  /**
   * What differs from what was deployed: of the program's objects, then of the chart's. It only reads, but where fields
   * differ it asks the API server whether putting them back would change anything (a dry run), if it may.
   *
   * @param program the program's own objects as they were deployed, `comparable`
   * @param next the same as they will be, `comparable`: an object that is so already does not differ
   * @throws {NoRecord} where Helm has no record of what is deployed
   */
  async drift(program: KubeObject[], next: KubeObject[] = []): Promise<ObjectDrift[]> {
    const chart = await this.chart();
    const found = await Promise.all([
      ...program.map(async (object) => {
        const live = await this.comparableLive(object);
        const same = next.find(({ kind, metadata }) => kind === object.kind && metadata.name === object.metadata.name);
        return same && !driftOf(same, live) ? undefined : driftOf(object, live);
      }),
      ...chart.map(async (object) => this.chartDrift(object)),
    ]);
    return found.filter((drift) => drift !== undefined);
  }

  /**
   * Puts back what is missing or differs.
   *
   * @param program the program's own objects, as they were applied
   * @param onRestore is called before each
   * @throws {NoRecord} where Helm has no record of what is deployed
   */
  async restore(program: KubeObject[], onRestore: (drift: ObjectDrift) => void): Promise<void> {
    for (const object of program) await this.put(object, fieldManagers.program, onRestore);
    for (const object of await this.chart()) await this.put(object, fieldManagers.chart, onRestore);
  }

  private async put(object: KubeObject, manager: string, onRestore: (drift: ObjectDrift) => void): Promise<void> {
    const live = await this.live(object);
    const drift = driftOf(comparable(object), live && comparable(live));
    if (!drift) return;
    onRestore(drift);
    try {
      await (live ? this.patch(object, live, manager) : this.objects.create(object, undefined, undefined, manager));
    } catch (error) {
      throw new Error(`${object.kind} ${object.metadata.name} could not be put back: ${reasonOf(error)}`);
    }
  }

  /** A difference counts only if the API server sees one too: it knows its own forms of values best. */
  private async chartDrift(object: KubeObject): Promise<ObjectDrift | undefined> {
    const live = await this.live(object);
    const drift = driftOf(comparable(object), live && comparable(live));
    if (!drift || !live) return drift;
    const after = await this.patch(object, live, fieldManagers.chart, "All").catch(() => undefined);
    return after && isDeepStrictEqual(withoutVersions(after), withoutVersions(live)) ? undefined : drift;
  }

  private async patch(object: KubeObject, live: KubeObject, manager: string, dryRun?: "All"): Promise<KubeObject> {
    const { apiVersion, kind, metadata } = object;
    const { metadata: changed, ...rest } = mergePatch(asStored(object), live) as Partial<KubeObject>;
    const body = {
      ...rest,
      apiVersion,
      kind,
      metadata: { ...changed, name: metadata.name, namespace: metadata.namespace },
    };
    const { PatchStrategy } = require("@kubernetes/client-node") as typeof import("@kubernetes/client-node");
    const merge = PatchStrategy.MergePatch;
    return await this.objects.patch(body, undefined, dryRun, manager, undefined, merge);
  }

  private async chart(): Promise<KubeObject[]> {
    const { namespace, release } = this.place;
    const objects = deployedObjects(await this.records(), namespace);
    if (objects) return objects;
    throw new NoRecord(namespace, release);
  }

  private async records() {
    const { namespace, release } = this.place;
    const labelSelector = recordSelector(release);
    return (await this.core.listNamespacedSecret({ namespace, labelSelector })).items;
  }

  private async comparableLive(object: KubeObject): Promise<KubeObject | undefined> {
    const live = await this.live(object);
    return live && comparable(live);
  }

  private async live(object: KubeObject): Promise<KubeObject | undefined> {
    const { apiVersion, kind } = object;
    // Before what is written too: every object is read first.
    passThrough({ apiVersion, kind });
    const first = this.firstReads.get(apiVersion);
    if (first) {
      await first.catch(() => undefined);
      return this.read(object);
    }
    const answer = this.read(object);
    this.firstReads.set(apiVersion, answer);
    return answer;
  }

  private read({ apiVersion, kind, metadata: { name, namespace } }: KubeObject): Promise<KubeObject | undefined> {
    return missing(
      this.objects.read({ apiVersion, kind, metadata: { name, namespace: namespace! } }) as Promise<unknown>,
    ) as Promise<KubeObject | undefined>;
  }
}

function withoutVersions({ metadata, ...rest }: KubeObject): object {
  const { managedFields: _, resourceVersion: __, generation: ___, ...kept } = metadata;
  return { ...rest, metadata: kept };
}

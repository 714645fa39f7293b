import { gunzipSync } from "node:zlib";
import { parseAllDocuments } from "yaml";
import type { KubeObject } from "./object-drift";

/**
 * What Helm keeps of a release: a Secret a revision, called `sh.helm.release.v1.<release>.v<revision>`
 * (https://helm.sh/docs/topics/advanced/#storage-backends). Pure.
 */

export interface HelmRecord {
  /** Name of the Secret. */
  name: string;
  revision: number;
  /** `deployed`, `pending-upgrade`, ... */
  status: string;
}

const pending = ["pending-install", "pending-upgrade", "pending-rollback"];

/** Helm does not know that it has deployed the release. */
export class NoRecord extends Error {
  constructor(namespace: string, release: string) {
    super(
      `Helm has no record of a deployed release ${release} in namespace ${namespace}; record it again: ` +
        "pulumi up --refresh --stack <region's stack>",
    );
  }
}

/** Selects the records that count: of the revision that is deployed, and of changes in progress. */
export const recordSelector = (release: string): string =>
  `owner=helm,name=${release},status in (deployed,${pending.join(",")})`;

interface RecordSecret {
  metadata?: { name?: string; labels?: Record<string, string> };
  data?: Record<string, string>;
}

export const recordOf = ({ metadata }: RecordSecret): HelmRecord => ({
  name: metadata!.name!,
  revision: Number(metadata?.labels?.version),
  status: metadata?.labels?.status ?? "",
});

export const isPending = ({ status }: HelmRecord): boolean => pending.includes(status);

/**
 * The objects of the revision that is deployed, hooks left out; undefined where there is none.
 *
 * @param namespace of the release: for objects that name none
 */
export function deployedObjects(secrets: RecordSecret[], namespace: string): KubeObject[] | undefined {
  const [last] = secrets
    .filter((secret) => recordOf(secret).status === "deployed")
    .sort((left, right) => recordOf(right).revision - recordOf(left).revision);
  const release = last?.data?.release;
  if (release === undefined) return undefined;
  // Kubernetes encodes it once, Helm once more.
  const packed = Buffer.from(Buffer.from(release, "base64").toString(), "base64");
  const { manifest } = JSON.parse(gunzipSync(packed).toString()) as { manifest: string };
  return parseAllDocuments(manifest)
    .map((document) => document.toJSON() as KubeObject | null)
    .filter((object) => object !== null)
    .map((object) => ({ ...object, metadata: { namespace, ...object.metadata } }));
}

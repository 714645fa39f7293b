import type { KubernetesEnvironment } from "../../config/schema/settings";

/** Kinds of objects that have labels and annotations of their own, beside those of all objects. */
type Kind = "pods" | "services";

type Settings = Pick<KubernetesEnvironment, "kubernetes">;

/** Further labels by settings: of every object, or of objects of a kind. */
export const labelsOf = ({ kubernetes: { labels } }: Settings, kind?: Kind): Record<string, string> => ({
  ...labels.all,
  ...(kind && labels[kind]),
});

/** Further annotations by settings: of every object, or of objects of a kind, in a region. */
export function annotationsOf(
  { kubernetes: { annotations } }: Settings,
  region: string,
  kind?: Kind,
): Record<string, string> {
  const own = { ...annotations.all, ...(kind && annotations[kind]) };
  return Object.fromEntries(Object.entries(own).map(([key, value]) => [key, value.replaceAll("<region>", region)]));
}

/** Metadata of objects, without what is empty: unchanged settings change no object. */
export const metadataOf = (labels: Record<string, string>, annotations: Record<string, string>) => ({
  ...(Object.keys(labels).length > 0 && { labels }),
  ...(Object.keys(annotations).length > 0 && { annotations }),
});

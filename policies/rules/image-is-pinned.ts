import type { ResourceRule } from "../rule";
import { imagesOf, parseImage } from "../images";
import { releaseType, valuesOf } from "../servers";
import { containersIn, cronJobType, deploymentType, podOf } from "../workers";

export const imageIsPinned: ResourceRule = {
  name: "image-is-pinned",
  description: "Every image has a full version or a digest, and every chart a version.",
  severity: "high",
  enforcementLevel: "mandatory",
  why:
    "A moving tag (latest, 2.14-alpine) gives a pod that is replaced another server than its peers have. " +
    "A chart without a version installs the newest one, and replaces every pod.",
  remediation:
    "Write a version of three numbers, or a digest (kubernetes.images, kubernetes.workers.image, " +
    "kubernetes.chart.version)",
  types: [releaseType, deploymentType, cronJobType],
  violations(resource) {
    const { chart, version, repositoryOpts } = resource.inputs as {
      chart?: string;
      version?: string;
      repositoryOpts?: object;
    };
    const images = [
      ...imagesOf(valuesOf(resource) ?? {}),
      ...containersIn(podOf(resource) ?? {}).map(({ image = "" }) => parseImage(image)),
    ];
    const floating = images.filter(({ tag, digest }) => !digest && !/^v?\d+\.\d+\.\d+/.test(tag));
    return [
      ...(repositoryOpts !== undefined && !/^\d+\.\d+\.\d+/.test(version ?? "")
        ? [`chart ${chart} has ${version === undefined ? "no version" : `version ${version}`}`]
        : []),
      ...floating.map(({ name, tag }) => `image ${name} has ${tag ? `tag ${tag}` : "no tag"}`),
    ];
  },
};

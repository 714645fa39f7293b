import * as z from "zod";
import { strictObject } from "../problems";
import { imageDigest, imageRepository, imageTag, namespaceName, tenantNamespaceTemplate } from "./kubernetes-values";
import { token } from "./values";
import { variables } from "./worker";

/**
 * Runs the workers that tenants declare (`workers`) in the clusters of their regions, each with a Secret that has its
 * user's connection. docs/workers.md.
 */
export const workers = strictObject({
  /** Built with workers/Dockerfile. From `kubernetes.images.registry`, where that is set. */
  image: strictObject({
    repository: imageRepository,
    /** A version that is not built twice: pods that start later get what the tag names by then. */
    tag: imageTag.optional(),
    /** `sha256:...`: exactly this image. */
    digest: imageDigest.optional(),
  }).refine(({ tag, digest }) => tag !== undefined || digest !== undefined, {
    error: 'has neither tag nor digest; write one, e.g. tag: "1.4.0"',
  }),
  /**
   * Namespace of a tenant's workers, and of the Secrets with its passwords; created if it does not exist. `<tenant>` in
   * it stands for the tenant's name, and must be there; `<region>` for the region's.
   */
  namespace: tenantNamespaceTemplate.default("workers-<tenant>"),
  /** How the number of workers follows the messages that wait. */
  scaling: strictObject({
    /**
     * `metric`: by a HorizontalPodAutoscaler on the external metric `nats_consumer_lag`, which workers report and an
     * adapter (prometheus-adapter) must serve. `keda`: by KEDA's scaler `nats-jetstream`, which must be installed. It
     * reads the servers' monitoring port (8222, over TLS 8223), which needs no login and shows all accounts: it is
     * opened to KEDA's namespace, and stays closed to all others.
     */
    by: z.enum(["metric", "keda"]).default("metric"),
    /** Namespace of KEDA's operator. */
    kedaNamespace: namespaceName.default("keda"),
  }).prefault({}),
  /** Environment variables in this environment, by tenant; they go over those of `workers` in its file. */
  environment: z.record(token, variables).default({}),
});

export type KubernetesWorkers = z.output<typeof workers>;

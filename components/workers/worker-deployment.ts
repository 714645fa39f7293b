import * as kubernetes from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { isScaled } from "../../config/assets/workers";
import {
  autoscalerSpec,
  deploymentSpec,
  disruptionBudgetSpec,
  type PlacedWorker,
  scaledObjectKind,
  scaledObjectSpec,
  serviceSpec,
  workerLabels,
} from "./worker-objects";

export interface WorkerDeploymentArgs extends PlacedWorker {
  /** Metadata of objects of its namespace. */
  metadata: { namespace: string; labels?: Record<string, string>; annotations?: Record<string, string> };
  /** Identifies the connection in its user's Secret; not secret. */
  connection: pulumi.Input<string>;
  /** Durables that do not exist: until they do, KEDA does not scale it. */
  missing: readonly string[];
}

/**
 * One worker in one region: a Deployment with its PodDisruptionBudget, a Service where it serves something, and what
 * scales it. `up` does not wait until its pods are ready: durables are made after the regions, and a worker is ready
 * once its durables exist.
 */
export class WorkerDeployment extends pulumi.ComponentResource {
  constructor(name: string, args: WorkerDeploymentArgs, opts: pulumi.ComponentResourceOptions) {
    super("supercluster:workers:WorkerDeployment", name, {}, opts);
    const { worker, metadata, connection, missing, settings } = args;
    const own = { parent: this };
    const named = { ...metadata, name: worker.objectName, labels: { ...metadata.labels, ...workerLabels(worker) } };
    const byKeda = settings.kubernetes.workers.scaling.by === "keda";
    const hasScaler = isScaled(worker) && !(byKeda && missing.length > 0);

    new kubernetes.apps.v1.Deployment(
      name,
      {
        metadata: { ...named, annotations: { ...metadata.annotations, "pulumi.com/skipAwait": "true" } },
        spec: deploymentSpec(args, connection, hasScaler),
      },
      own,
    );
    new kubernetes.policy.v1.PodDisruptionBudget(name, { metadata: named, spec: disruptionBudgetSpec(worker) }, own);
    if (worker.port !== undefined)
      new kubernetes.core.v1.Service(
        name,
        {
          // Kubernetes has no endpoint until a pod is ready.
          metadata: { ...named, annotations: { ...metadata.annotations, "pulumi.com/skipAwait": "true" } },
          spec: serviceSpec(worker),
        },
        own,
      );
    if (hasScaler && byKeda)
      new kubernetes.apiextensions.CustomResource(
        name,
        { ...scaledObjectKind, metadata: named, spec: scaledObjectSpec(args) },
        own,
      );
    if (hasScaler && !byKeda)
      new kubernetes.autoscaling.v2.HorizontalPodAutoscaler(
        name,
        { metadata: named, spec: autoscalerSpec(worker, metadata.namespace) },
        own,
      );
    this.registerOutputs({});
  }
}

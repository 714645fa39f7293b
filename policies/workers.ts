import type { types } from "@pulumi/kubernetes";
import type { Inputs, Partly, Resource } from "./resource";

/** What rules see of workers on Kubernetes. */

export const deploymentType = "kubernetes:apps/v1:Deployment";
export const cronJobType = "kubernetes:batch/v1:CronJob";
export const disruptionBudgetType = "kubernetes:policy/v1:PodDisruptionBudget";
export const autoscalerType = "kubernetes:autoscaling/v2:HorizontalPodAutoscaler";
export const scaledObjectType = "kubernetes:keda.sh/v1alpha1:ScaledObject";

type Plain<T> = T extends (infer Item)[] ? Plain<Item>[] : T extends object ? { [Key in keyof T]: Plain<T[Key]> } : T;

export type Deployment = Partly<Plain<types.output.apps.v1.DeploymentSpec>>;
export type CronJob = Partly<Plain<types.output.batch.v1.CronJobSpec>>;
export type Pod = Partly<Plain<types.output.core.v1.PodSpec>>;
export type Container = Partly<Plain<types.output.core.v1.Container>>;

/** The specification of a Deployment; undefined for a resource of another type. */
export const deploymentOf = ({ type, inputs }: Resource): Deployment | undefined =>
  type === deploymentType ? (inputs.spec ?? {}) : undefined;

/** The specification of a CronJob; undefined for a resource of another type. */
export const cronJobOf = ({ type, inputs }: Resource): CronJob | undefined =>
  type === cronJobType ? (inputs.spec ?? {}) : undefined;

/** The pod of a Deployment or a CronJob. */
export function podOf(resource: Resource): Pod | undefined {
  const job = cronJobOf(resource);
  if (job) return job.jobTemplate?.spec?.template?.spec ?? {};
  const deployment = deploymentOf(resource);
  return deployment && (deployment.template?.spec ?? {});
}

/** All containers of a pod. */
export const containersIn = ({ containers = [], initContainers = [] }: Pod): Container[] => [
  ...initContainers,
  ...containers,
];

/** Namespace and name of an object. */
export function placeOf({ inputs }: Resource): string {
  const { namespace, name } = (inputs.metadata ?? {}) as Inputs;
  return `${String(namespace)}/${String(name)}`;
}

/** The Deployment that an autoscaler or a ScaledObject scales, as `placeOf` has it, and by how much. */
export function scalingOf(resource: Resource): { deployment: string; least?: number; most?: number } | undefined {
  const spec = (resource.inputs.spec ?? {}) as {
    scaleTargetRef?: { name?: string };
    minReplicas?: number;
    maxReplicas?: number;
    minReplicaCount?: number;
    maxReplicaCount?: number;
  };
  const { namespace } = (resource.inputs.metadata ?? {}) as Inputs;
  const deployment = `${String(namespace)}/${spec.scaleTargetRef?.name}`;
  if (resource.type === autoscalerType) return { deployment, least: spec.minReplicas, most: spec.maxReplicas };
  if (resource.type === scaledObjectType)
    return { deployment, least: spec.minReplicaCount, most: spec.maxReplicaCount };
  return undefined;
}

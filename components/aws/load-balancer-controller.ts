import * as pulumi from "@pulumi/pulumi";
import { PodIdentityAssociation } from "@pulumi/aws/eks/podIdentityAssociation";
import { Release } from "@pulumi/kubernetes/helm/v3/release";
import { loadBalancerPolicy } from "./policies";
import type { AwsLocation } from "./location";
import { ServiceRole } from "./service-role";

export interface LoadBalancerControllerArgs {
  location: AwsLocation;
  /** Name of the cluster; known when the cluster exists. */
  cluster: pulumi.Input<string>;
  vpcId: pulumi.Input<string>;
  /** Version of its chart. */
  version: string;
}

const identity = { namespace: "kube-system", serviceAccount: "aws-load-balancer-controller" } as const;

/** The AWS Load Balancer Controller in a new cluster, with a role of its own. Needs a Kubernetes provider. */
export class LoadBalancerController extends pulumi.ComponentResource {
  /** Complete when the controller serves. */
  readonly release: Release;

  constructor(
    name: string,
    { location, cluster, vpcId, version }: LoadBalancerControllerArgs,
    opts?: pulumi.ComponentResourceOptions,
  ) {
    super("supercluster:aws:LoadBalancerController", name, {}, opts);
    const own = { parent: this };
    const role = new ServiceRole(
      `${name}-role`,
      {
        location,
        service: "pods.eks.amazonaws.com",
        description: `Load balancers of NATS in ${location.region}`,
        own: { "load-balancers": loadBalancerPolicy(location) },
      },
      own,
    );
    const association = new PodIdentityAssociation(name, { clusterName: cluster, roleArn: role.arn, ...identity }, own);
    this.release = new Release(
      name,
      {
        name: "aws-load-balancer-controller",
        namespace: identity.namespace,
        chart: "aws-load-balancer-controller",
        version,
        repositoryOpts: { repo: "https://aws.github.io/eks-charts" },
        values: {
          clusterName: cluster,
          region: location.settings.region,
          vpcId,
          serviceAccount: { create: true, name: identity.serviceAccount },
          podDisruptionBudget: { maxUnavailable: 1 },
          // For other kinds of load balancers, which its role may not change.
          enableShield: false,
          enableWaf: false,
          enableWafv2: false,
        },
      },
      { ...own, dependsOn: [role, association] },
    );
    this.registerOutputs({});
  }
}

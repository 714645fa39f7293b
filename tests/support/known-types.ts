import { tenants } from "../../tenants";
import { identityOutputs } from "./identity";
import { knownAwsTypes } from "./known-aws-types";
import { kubernetesEnvironment } from "./kubernetes";

/** What a provider adds to the inputs of each type that the program may register. Nothing else may be registered. */
export const knownTypes: Record<string, (name: string) => Record<string, unknown>> = {
  ...knownAwsTypes,
  "tls:index/privateKey:PrivateKey": (name) => ({
    privateKeyPem: `private key of ${name}`,
    publicKeyPem: `public key of ${name}`,
  }),
  "tls:index/selfSignedCert:SelfSignedCert": (name) => ({ certPem: `certificate of ${name}` }),
  "tls:index/certRequest:CertRequest": (name) => ({ certRequestPem: `request of ${name}` }),
  "tls:index/locallySignedCert:LocallySignedCert": (name) => ({ certPem: `certificate of ${name}` }),
  "random:index/randomPassword:RandomPassword": (name) => ({ result: `password of ${name}` }),
  "pulumi:providers:pulumi-nodejs": () => ({}),
  "pulumi-nodejs:dynamic/nats:Stream": () => ({}),
  "pulumi-nodejs:dynamic/nats:Consumer": () => ({}),
  "pulumi-nodejs:dynamic/kubernetes:ClusterGuard": () => ({}),
  "pulumi-nodejs:dynamic/kubernetes:Volumes": () => ({}),
  "pulumi-nodejs:dynamic/kubernetes:ScaleDown": () => ({}),
  "pulumi-nodejs:dynamic/kubernetes:Objects": () => ({}),
  "pulumi-nodejs:dynamic/kubernetes:Rollout": () => ({}),
  // What the operator fills a Secret with.
  "pulumi-nodejs:dynamic/kubernetes:StoredIdentity": (name) => ({
    identity: identityOutputs(kubernetesEnvironment(), tenants)[name.replace(/-stored-identity.*/, "")],
  }),
  "pulumi:providers:kubernetes": () => ({}),
  "kubernetes:core/v1:Namespace": () => ({}),
  "kubernetes:core/v1:Secret": () => ({}),
  "kubernetes:core/v1:ConfigMap": () => ({}),
  "kubernetes:core/v1:Service": (name) => ({
    status: { loadBalancer: { ingress: [{ hostname: `${name}.elb.example.com` }] } },
  }),
  "kubernetes:networking.k8s.io/v1:NetworkPolicy": () => ({}),
  "kubernetes:apps/v1:Deployment": () => ({}),
  "kubernetes:batch/v1:CronJob": () => ({}),
  "kubernetes:core/v1:ServiceAccount": () => ({}),
  "kubernetes:policy/v1:PodDisruptionBudget": () => ({}),
  "kubernetes:autoscaling/v2:HorizontalPodAutoscaler": () => ({}),
  "kubernetes:keda.sh/v1alpha1:ScaledObject": () => ({}),
  "kubernetes:monitoring.coreos.com/v1:PrometheusRule": () => ({}),
  "kubernetes:monitoring.coreos.com/v1:PodMonitor": () => ({}),
  "kubernetes:external-secrets.io/v1alpha1:PushSecret": () => ({}),
  "kubernetes:external-secrets.io/v1:ExternalSecret": () => ({}),
  "kubernetes:storage.k8s.io/v1:StorageClass": () => ({}),
  "kubernetes:helm.sh/v3:Release": () => ({ status: {} }),
  "pulumi-nodejs:dynamic/local:Worker": () => ({ health: "http://127.0.0.1:40000" }),
  "pulumi-nodejs:dynamic/local:Database": () => ({ port: 40001 }),
  "pulumi-nodejs:dynamic/local:Program": () => ({ url: "http://127.0.0.1:40002" }),
  "pulumi-nodejs:dynamic/local:Files": () => ({}),
  "pulumi-nodejs:dynamic/local:Server": () => ({ addresses: {}, version: "0.0.0" }),
};

/** Types that are no provider's: the program's own components and the stack itself. */
export const isComponent = (type: string): boolean =>
  type.startsWith("supercluster:") || type === "pulumi:pulumi:Stack";

import type { AwsLocation } from "./location";

/** An EKS cluster as its API describes it. */
export interface ClusterEndpoint {
  name: string;
  endpoint: string;
  /** PEM in base64. */
  certificateAuthority: string;
}

/** Text (JSON) of a kubeconfig that gets tokens from the `aws` command on PATH. It contains no secret. */
export function kubeconfig(
  { name, endpoint, certificateAuthority }: ClusterEndpoint,
  { settings: { region, profile, role } }: AwsLocation,
): string {
  const options = {
    "cluster-name": name,
    region,
    output: "json",
    ...(role && { "role-arn": role }),
    ...(profile && { profile }),
  };
  const exec = {
    apiVersion: "client.authentication.k8s.io/v1beta1",
    command: "aws",
    args: ["eks", "get-token", ...Object.entries(options).flatMap(([option, value]) => [`--${option}`, value])],
    interactiveMode: "Never",
    installHint: "Install AWS's command line, version 2: https://docs.aws.amazon.com/cli/",
  };
  return JSON.stringify({
    apiVersion: "v1",
    kind: "Config",
    clusters: [{ name, cluster: { server: endpoint, "certificate-authority-data": certificateAuthority } }],
    users: [{ name, user: { exec } }],
    contexts: [{ name, context: { cluster: name, user: name } }],
    "current-context": name,
  });
}

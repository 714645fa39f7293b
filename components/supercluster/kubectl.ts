import { type ClusterAccess, isKubeconfigText } from "./provider/kubernetes-client";

/**
 * Command lines for messages. They name the cluster, whatever the operator's current one is: objects have the same
 * names in every region. Pure.
 */

/** An EKS cluster, and how AWS is used to reach it. */
export interface EksCluster {
  name: string;
  /** Region of AWS. */
  region: string;
  profile?: string;
  /** ARN. */
  role?: string;
}

/** Commands of kubectl in a cluster; on EKS after the command that gives access to it. */
export function kubectl(cluster: ClusterAccess, ...commands: string[]): string {
  const { kubeconfig, context } = cluster;
  const isText = kubeconfig !== undefined && isKubeconfigText(kubeconfig);
  const eks = isText ? eksOf(kubeconfig) : undefined;
  if (eks) return kubectlOnEks(eks, ...commands);
  return inOneLine(commands, { ...(!isText && { kubeconfig }), context });
}

/** The same where only settings are known. Clusters of several AWS regions may have the same name. */
export function kubectlOnEks({ name, region, profile, role }: EksCluster, ...commands: string[]): string {
  const alias = `${name}-${region}`;
  const access = optionsText({ name, region, alias, profile, "role-arn": role });
  return `aws eks update-kubeconfig ${access} && ${inOneLine(commands, { context: alias })}`;
}

type Options = Record<string, string | undefined>;

const inOneLine = (commands: string[], options: Options): string =>
  commands.map((command) => ["kubectl", optionsText(options), command].filter(Boolean).join(" ")).join(" && ");

const optionsText = (options: Options): string =>
  Object.entries(options)
    .flatMap(([option, value]) => (value === undefined ? [] : [`--${option} ${value}`]))
    .join(" ");

/** The cluster of a kubeconfig that components/aws/kubeconfig.ts wrote; undefined for any other text. */
function eksOf(text: string): EksCluster | undefined {
  const args = argsIn(text);
  const valueOf = (option: string): string | undefined =>
    args.includes(`--${option}`) ? args[args.indexOf(`--${option}`) + 1] : undefined;
  const [name, region] = [valueOf("cluster-name"), valueOf("region")];
  return name === undefined || region === undefined
    ? undefined
    : { name, region, profile: valueOf("profile"), role: valueOf("role-arn") };
}

function argsIn(text: string): string[] {
  try {
    const { users } = JSON.parse(text) as { users?: { user?: { exec?: { args?: string[] } } }[] };
    return users?.[0]?.user?.exec?.args ?? [];
  } catch {
    return [];
  }
}

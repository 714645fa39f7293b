import type { Kubernetes } from "../../config/schema/kubernetes";

/** Where the chart comes from, as settings say it. */
export type ChartSource = Kubernetes["chart"];

/** What stands in a chart's Chart.yaml. */
export interface ChartFile {
  name?: string;
  version?: string;
}

/** The chart that is pinned. */
export const chartName = "nats";

const howToGetIt = ({ repository, version }: ChartSource): string =>
  `helm pull ${chartName} --repo ${repository} --version ${version} --untar`;

/** Why a chart on this machine cannot be used, if so. @param file undefined: there is none */
export function chartRefusal(source: ChartSource, file: ChartFile | undefined): string | undefined {
  const { path, version } = source;
  if (!file) return `kubernetes.chart.path: there is no chart in ${path}; get it: ${howToGetIt(source)}`;
  if (file.name !== chartName)
    return `kubernetes.chart.path: ${path} is the chart "${file.name}", not "${chartName}"; get it: ${howToGetIt(source)}`;
  if (file.version !== version)
    return `kubernetes.chart.path: ${path} is version ${file.version}, pinned is kubernetes.chart.version ${version}; get that: ${howToGetIt(source)}`;
  return undefined;
}

/** What to do where a repository cannot be reached. */
export const repositoryAdvice = (source: ChartSource, reason: string): string =>
  `chart repository ${source.repository} cannot be reached (${reason}): name another in kubernetes.chart.repository, or a copy on this machine in kubernetes.chart.path: ${howToGetIt(source)}`;

import type { Kubernetes } from "../../config/schema/kubernetes";

/** Where the chart comes from, as in settings. */
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

/** Why a chart on this machine cannot be used, if so; `file` is undefined where there is none */
export function chartRefusal(source: ChartSource, file: ChartFile | undefined): string | undefined {
  const { path, version } = source;
  if (!file) return `kubernetes.chart.path: no chart was found in ${path}; get it: ${howToGetIt(source)}`;
  if (file.name !== chartName)
    return (
      `kubernetes.chart.path: ${path} is the chart "${file.name}", not "${chartName}"; get it: ` +
      `${howToGetIt(source)}`
    );
  if (file.version !== version)
    return (
      `kubernetes.chart.path: ${path} is version ${file.version}, ` +
      `but kubernetes.chart.version pins ${version}; get that version: ${howToGetIt(source)}`
    );
  return undefined;
}

/** What to do where a repository cannot be reached. */
export const repositoryAdvice = (source: ChartSource, reason: string): string =>
  `chart repository ${source.repository} could not be reached (${reason}): ` +
  "set another one in kubernetes.chart.repository, or a local copy in kubernetes.chart.path: " +
  `${howToGetIt(source)}`;

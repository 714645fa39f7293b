import { plural } from "../../config/plural";
import { stackName } from "../../config/stacks";
import { stackOutputs } from "../../engine/stack-outputs";
import type { RegionOutputs } from "../../stacks/outputs";
import type { CheckedEnvironment } from "../settings/checked-environment";
import { type Alert, PrometheusApi } from "./prometheus-api";

/** What monitors a local environment, as it is now. */
export interface MonitoringStatus {
  prometheus: ProgramStatus;
  alertmanager: ProgramStatus;
  /** By server. */
  exporters: Record<string, ProgramStatus>;
  /** What Prometheus does not evaluate or send to, each with the reason; all, where it does not answer. */
  problems: string[];
  /** Programs of which it does not read metrics: `exporter of iad-0`, `worker irisx/api`, each with the reason. */
  unread: { program: string; detail: string }[];
  /** Addresses that it reads. */
  targets: number;
  /** Rules that it evaluates. */
  rules: number;
  /** Alerts that fire. Absent: none. */
  firing?: Alert[];
}

export interface ProgramStatus {
  url: string;
  isUp: boolean;
}

/** Milliseconds for a program to answer. */
const answerMs = 5_000;

type Checked = Pick<CheckedEnvironment, "name" | "project" | "environment">;

/** What the regions were deployed with, each with its state; undefined where nothing monitors them. Never rejects. */
export async function monitoringStatus(
  checked: Checked,
  outputsOf: (stack: string) => Promise<Partial<RegionOutputs>> = (stack) => stackOutputs(checked, stack),
): Promise<MonitoringStatus | undefined> {
  const { environment, name } = checked;
  if (environment.target !== "local") return undefined;
  const regions = await Promise.all(
    environment.regions.map(async (region) => {
      const stack = stackName({ environment: name, kind: "region", region });
      const outputs = await outputsOf(stack).catch((): Partial<RegionOutputs> => ({}));
      return { name: region, monitoring: outputs.monitoring, workers: { ...outputs.workers, ...outputs.services } };
    }),
  );
  const monitored = regions.flatMap(({ monitoring }) => monitoring ?? []);
  const { prometheus, alertmanager } = monitored.find((one) => one.prometheus !== undefined) ?? {};
  if (prometheus === undefined || alertmanager === undefined) return undefined;
  const exporters = Object.assign({}, ...monitored.map((one) => one.exporters)) as Record<string, string>;
  const workers = regions.flatMap((one) => Object.entries(one.workers));
  const expected = [
    ...Object.entries(exporters).map(([server, url]) => ({ program: `exporter of ${server}`, url })),
    ...workers.flatMap(([worker, { health }]) =>
      health === undefined ? [] : [{ program: workerProgram(worker), url: health }],
    ),
  ];
  const names = regions.flatMap((one) => (one.monitoring ? [one.name] : []));
  const state = async (url: string, ready: string) => ({ url, isUp: await isUp(`${url}${ready}`) });
  const exporterStates = Object.entries(exporters).map(async ([server, url]) => [server, await state(url, "/metrics")]);
  const [own, manager, all, found] = await Promise.all([
    state(prometheus, "/-/ready"),
    state(alertmanager, "/-/ready"),
    Promise.all(exporterStates),
    readPrometheus(prometheus, { expected, regions: names, alertmanager }).catch((error: Error) => ({
      problems: [`Prometheus does not answer: ${error.message}`],
      ...{ unread: [], targets: 0, rules: 0 },
    })),
  ]);
  const states = Object.fromEntries(all) as Record<string, ProgramStatus>;
  return { prometheus: own, alertmanager: manager, exporters: states, ...found };
}

/** What Prometheus should read, evaluate and send to. */
interface Expected {
  expected: { program: string; url: string }[];
  regions: string[];
  alertmanager: string;
}

async function readPrometheus(
  url: string,
  { expected, regions, alertmanager }: Expected,
): Promise<Pick<MonitoringStatus, "problems" | "unread" | "targets" | "rules" | "firing">> {
  const api = new PrometheusApi(url);
  const [targets, groups, managers, alerts] = await Promise.all([
    api.targets(),
    api.ruleGroups(),
    api.alertmanagers(),
    api.alerts(),
  ]);
  const firing = alerts.filter(({ state }) => state === "firing");
  const unread = expected.flatMap(({ program, url: own }) => {
    const { host } = new URL(own);
    const target = targets.find(({ scrapeUrl }) => new URL(scrapeUrl).host === host);
    if (target?.health === "up") return [];
    const why = target ? `is not read: ${target.lastError || "not yet"}` : "is no target";
    return [{ program, detail: `${program} (${host}) ${why}` }];
  });
  const rules = groups.flatMap((group) => group.rules);
  const withoutRules = regions.filter((region) => !groups.some(({ name }) => name === `nats-${region}-alerts`));
  const broken = rules.filter(({ health }) => health !== "ok");
  return {
    unread,
    problems: [
      ...withoutRules.map((region) => `the rules of ${region} are not loaded`),
      ...broken.map(
        ({ name, lastError }) => `rule ${name} ${lastError ? `fails: ${lastError}` : "was not evaluated yet"}`,
      ),
      ...(managers.some((one) => new URL(one).host === new URL(alertmanager).host)
        ? []
        : [`alerts are not sent to ${alertmanager}`]),
    ],
    targets: targets.length,
    rules: rules.length,
    ...(firing.length > 0 && { firing }),
  };
}

async function isUp(url: string): Promise<boolean> {
  try {
    return (await fetch(url, { signal: AbortSignal.timeout(answerMs) })).ok;
  } catch {
    return false;
  }
}

/** A worker, `<account>/<name>`, among programs whose metrics are read. */
export const workerProgram = (key: string): string => `worker ${key}`;

/** Programs by what they are called, in the order in which they are shown. Pure. */
export const monitoringPrograms = (status: MonitoringStatus): [name: string, program: ProgramStatus][] => [
  ["Prometheus", status.prometheus],
  ["Alertmanager", status.alertmanager],
  ...Object.entries(status.exporters).map(([server, program]): [string, ProgramStatus] => [
    `exporter of ${server}`,
    program,
  ]),
];

/** `9 targets, 250 rules`. Pure. */
export const monitoringTotals = ({ targets, rules }: MonitoringStatus): string =>
  `${plural(targets, "target")} read, ${plural(rules, "rule")} evaluated`;

import type { ConsumerAsset, StreamAsset } from "../../config/assets/asset";
import { assetsOf } from "../../config/assets/assets";
import { workerKey, workersOf } from "../../config/assets/workers";
import { deployCommand, npmRun } from "../../config/command-lines";
import { inWords } from "../../config/durations";
import { plural } from "../../config/plural";
import type { AlertName } from "../../config/schema/alerts";
import type { ConsumerDetail, StreamDetail } from "../../jetstream/monitoring";
import { thresholdOf } from "../../observability/thresholds";
import { deadLetterNames } from "../../workers/messaging/contract";
import type { MonitoringStatus } from "../monitoring/monitoring-status";
import type { Alert } from "../monitoring/prometheus-api";
import type { CheckedEnvironment } from "../settings/checked-environment";
import { snapshotChecks } from "../verify/checks";
import { databaseChecks } from "../verify/databases";
import { monitoringChecks } from "../verify/monitoring";
import { nameOfWorkers, workerChecks } from "../verify/workers";
import type { DatabaseStatus } from "../workers/database-status";
import type { WorkerStatus } from "../workers/worker-status";
import { lossOfGateway, lossOfRegion, lossOfServer } from "../verify/explanations";
import { byCause, type Explained } from "./causes";
import type { Snapshot } from "./snapshot";
import { fullness, type Problem } from "./status";

type Specified = Pick<CheckedEnvironment, "name" | "environment" | "tenants"> &
  Partial<Pick<CheckedEnvironment, "failovers">>;

/**
 * What an operator should know first: what the checks of `npm run verify` find, and what comes near a limit, by the
 * thresholds of the alerts. What is lost is one problem with what follows from it. Those that are broken come first.
 * Pure.
 */
export function problemsOf(
  specified: Specified,
  snapshot: Snapshot,
  {
    workers = [],
    databases = [],
    monitoring,
  }: { workers?: WorkerStatus[]; databases?: DatabaseStatus[]; monitoring?: MonitoringStatus } = {},
): Problem[] {
  const { name: environment } = specified;
  const checks = [
    // What settings do on purpose is a warning of the settings, which the status has beside its problems.
    ...snapshotChecks(specified, snapshot),
    ...workerChecks(workers),
    ...databaseChecks(databases, environment),
    ...monitoringChecks(monitoring, environment, workers),
  ];
  const silent = workers.filter(({ isReady }) => !isReady);
  const waiting = waitingTexts(specified, snapshot, silent);
  const found = checks
    // Each server that is lost is a cause by itself.
    .filter(({ name, result }) => name !== "servers" && ["failed", "warning"].includes(result))
    .map(({ name, result, detail, see, because }): Explained => {
      const [, account, stream] = /^\w+ ([^/ ]+)(?:\/([^/ ]+))?/.exec(name) ?? [];
      const problem: Problem = {
        severity: result === "failed" ? "problem" : "warning",
        what: name,
        detail: `${detail}${waiting.get(name) ?? ""}`,
        todo: see === undefined ? `${npmRun("plan", environment)}, then ${deployCommand(environment)}` : page(see),
        ...(account !== undefined && account in specified.tenants && { account, ...(stream && { stream }) }),
      };
      return { problem, because };
    });
  const near = nearLimits(specified, snapshot);
  const told = new Set([
    ...near.map(({ key }) => key),
    ...silent.map(({ account }) => alertKey("NATSWorkerDown", { account })),
  ]);
  const fired = (monitoring?.firing ?? []).filter((alert) => !told.has(keyOfAlert(alert))).map(firing);
  return byCause(specified, snapshot, [...found, ...fired, ...near]);
}

/** By check of an account's workers: what waits for those that are not ready; nothing where nothing does. */
function waitingTexts(
  { tenants }: Specified,
  { streams }: Snapshot,
  silent: readonly WorkerStatus[],
): ReadonlyMap<string, string> {
  const accounts = new Set(silent.map(({ account }) => account));
  const keys = new Set(silent.map(workerKey));
  return new Map(
    [...accounts].flatMap((account): [string, string][] => {
      const tenant = tenants[account];
      const durables = tenant
        ? workersOf(tenant).flatMap((worker) => (keys.has(workerKey(worker)) ? worker.durables : []))
        : [];
      const waiting = durables.reduce((sum, { stream, name }) => {
        const held = streams[account]?.[stream]?.consumer_detail?.find((one) => one.name === name);
        return sum + (held?.num_pending ?? 0);
      }, 0);
      if (waiting === 0) return [];
      return [[nameOfWorkers(account), `; ${plural(waiting, "message")} ${waiting === 1 ? "waits" : "wait"}`]];
    }),
  );
}

/** A problem that an alert is about too, with what tells the alert from others: it is told once. */
interface Near {
  problem: Problem;
  key: string;
}

const near = (alert: AlertName, problem: Omit<Problem, "severity">, consumer?: string): Near => ({
  problem: { severity: "warning", ...problem },
  key: alertKey(alert, { ...problem, consumer }),
});

/** What tells an alert from others of its name. */
const alertKey = (name: string, about: { account?: string; stream?: string; consumer?: string }): string =>
  [name, about.account, about.stream, about.consumer].join("/");

const keyOfAlert = ({ labels: { alertname = "", account, stream_name: stream, consumer_name: consumer } }: Alert) =>
  alertKey(alertname, { account, stream, consumer });

const page = (see: string): string => `docs/runbooks/${see}`;

const ofAlert = (alert: AlertName): string => page(`alerts/${alert}.md`);

function firing({ labels, annotations }: Alert): Explained {
  const { alertname = "", severity, account, stream_name: stream, region, server, remote } = labels;
  const problem: Problem = {
    severity: severity === "critical" ? "problem" : "warning",
    what: `alert ${alertname}`,
    detail: annotations.summary ?? JSON.stringify(labels),
    todo: page(`alerts/${alertname}.md`),
    ...(account !== undefined && { account, ...(stream !== undefined && { stream }) }),
  };
  const explanation = [
    ...(server === undefined ? [] : [lossOfServer(server)]),
    ...(remote === undefined ? [] : [lossOfRegion(remote), lossOfGateway(region ?? "", remote)]),
    ...(region === undefined ? [] : [lossOfRegion(region)]),
  ];
  return { problem, ...(explanation.length > 0 && { because: [explanation] }) };
}

function nearLimits(specified: Specified, { streams }: Snapshot): Near[] {
  const assets = assetsOf(specified.environment, specified.tenants, specified.failovers);
  return [
    ...assets.streams.flatMap((asset) => ofStream(specified, asset, streams[asset.account]?.[asset.name])),
    ...assets.consumers.flatMap((asset) => {
      const stream = streams[asset.account]?.[asset.stream];
      return ofConsumer(
        specified,
        asset,
        stream?.consumer_detail?.find(({ name }) => name === asset.name),
      );
    }),
  ];
}

function ofStream(
  { name: environment, environment: { alerts } }: Specified,
  { account, name, mirrorOf, spec }: StreamAsset,
  detail: StreamDetail | undefined,
): Near[] {
  // A full mirror lets the oldest go, as it should.
  if (!detail || mirrorOf || spec.mirror) return [];
  const common = { what: `stream ${account}/${name}`, account, stream: name };
  const full = fullness(detail) ?? 0;
  const found: Near[] = [];
  if (full > thresholdOf({ alerts }, "NATSStreamNearFull")) {
    const then = detail.config.discard === "new" ? "refuses messages" : "deletes the oldest messages";
    const problem = {
      detail: `is ${full.toFixed(0)} % full; at its limit it ${then}`,
      todo: ofAlert("NATSStreamNearFull"),
    };
    found.push(near("NATSStreamNearFull", { ...common, ...problem }));
  }
  if (name === deadLetterNames.copies && detail.state.messages > 0) {
    const problem = {
      detail: `${plural(detail.state.messages, "message")} given up`,
      todo: npmRun("dead-letters", environment, ["list", "--account", account]),
    };
    found.push(near("NATSDeadLetters", { ...common, ...problem }));
  }
  return found;
}

function ofConsumer(
  { environment: { alerts } }: Specified,
  { account, stream, name }: ConsumerAsset,
  detail: ConsumerDetail | undefined,
): Near[] {
  if (!detail) return [];
  const limit = Number(detail.config.max_ack_pending);
  const age = detail.oldest_waiting === undefined ? 0 : (Date.now() - Date.parse(detail.oldest_waiting)) / 1_000;
  const inHand = limit > 0 ? (100 * detail.num_ack_pending) / limit : 0;
  const idle = isTaken(detail) ? "" : ", and nothing takes them";
  const limits: [alert: AlertName, value: number, text: string][] = [
    ["NATSConsumerLagHigh", detail.num_pending, `${plural(detail.num_pending, "message")} wait for it${idle}`],
    ["NATSConsumerMessageOld", age, `its oldest message has waited for ${inWords(age * 1_000)}`],
    [
      ...(["NATSConsumerAckPendingNearLimit", inHand] as const),
      `${detail.num_ack_pending} of at most ${limit} delivered messages are not acknowledged`,
    ],
  ];
  const what = `durable ${account}/${stream}/${name}`;
  return limits
    .filter(([alert, value]) => value > thresholdOf({ alerts }, alert))
    .map(([alert, , text]) => near(alert, { what, account, stream, detail: text, todo: ofAlert(alert) }, name));
}

/** Milliseconds for which a worker that neither asks for more nor gets any may be at work on what it has. */
const atWorkMs = 60_000;

/** Whether anything asks for its messages, or got some lately; true too where that is not known. */
function isTaken({ config, num_waiting: asking, num_ack_pending: inHand, delivered }: ConsumerDetail): boolean {
  if (asking > 0 || config.ack_policy === "none") return true;
  return inHand > 0 && !(Date.now() - Date.parse(delivered?.last_active ?? "") > atWorkMs);
}

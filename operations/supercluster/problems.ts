import type { ConsumerAsset, StreamAsset } from "../../config/assets/asset";
import { assetsOf } from "../../config/assets/assets";
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
import { workerChecks } from "../verify/workers";
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
    ...monitoringChecks(monitoring, environment),
  ];
  const found = checks
    // Each server that is lost is a cause by itself.
    .filter(({ name, result }) => name !== "servers" && ["failed", "warning"].includes(result))
    .map(({ name, result, detail, see, because }): Explained => {
      const [, account, stream] = /^\w+ ([^/ ]+)(?:\/([^/ ]+))?/.exec(name) ?? [];
      const problem: Problem = {
        severity: result === "failed" ? "problem" : "warning",
        what: name,
        detail,
        todo: see === undefined ? `${npmRun("plan", environment)}, then ${deployCommand(environment)}` : page(see),
        ...(account !== undefined && account in specified.tenants && { account, ...(stream && { stream }) }),
      };
      return { problem, because };
    });
  const near = nearLimits(specified, snapshot).map((problem): Explained => ({ problem }));
  return byCause(specified, snapshot, [...found, ...(monitoring?.firing ?? []).map(firing), ...near]);
}

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

function nearLimits(specified: Specified, { streams }: Snapshot): Problem[] {
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
): Problem[] {
  // A full mirror lets the oldest go, as it should.
  if (!detail || mirrorOf || spec.mirror) return [];
  const what = `stream ${account}/${name}`;
  const full = fullness(detail) ?? 0;
  const problems: Problem[] = [];
  if (full > thresholdOf({ alerts }, "NATSStreamNearFull"))
    problems.push({
      ...{ severity: "warning", what, account, stream: name },
      detail:
        `is ${full.toFixed(0)} % full; at its limit it ` +
        (detail.config.discard === "new" ? "refuses messages" : "deletes the oldest messages"),
      todo: ofAlert("NATSStreamNearFull"),
    });
  if (name === deadLetterNames.copies && detail.state.messages > 0)
    problems.push({
      ...{ severity: "warning", what, account, stream: name },
      detail: `${plural(detail.state.messages, "message")} given up`,
      todo: npmRun("dead-letters", environment, ["list", "--account", account]),
    });
  return problems;
}

function ofConsumer(
  { environment: { alerts } }: Specified,
  { account, stream, name }: ConsumerAsset,
  detail: ConsumerDetail | undefined,
): Problem[] {
  if (!detail) return [];
  const what = `durable ${account}/${stream}/${name}`;
  const common = { severity: "warning", what, account, stream } as const;
  const limit = Number(detail.config.max_ack_pending);
  const age = detail.oldest_waiting === undefined ? 0 : (Date.now() - Date.parse(detail.oldest_waiting)) / 1_000;
  const inHand = limit > 0 ? (100 * detail.num_ack_pending) / limit : 0;
  return [
    ...(detail.num_pending > thresholdOf({ alerts }, "NATSConsumerLagHigh")
      ? [
          {
            ...common,
            detail:
              `${plural(detail.num_pending, "message")} wait for it` +
              (isTaken(detail) ? "" : ", and nothing takes them"),
            todo: ofAlert("NATSConsumerLagHigh"),
          },
        ]
      : []),
    ...(age > thresholdOf({ alerts }, "NATSConsumerMessageOld")
      ? [
          {
            ...common,
            detail: `its oldest message has waited for ${inWords(age * 1_000)}`,
            todo: ofAlert("NATSConsumerMessageOld"),
          },
        ]
      : []),
    ...(inHand > thresholdOf({ alerts }, "NATSConsumerAckPendingNearLimit")
      ? [
          {
            ...common,
            detail: `${detail.num_ack_pending} of at most ${limit} delivered messages are not acknowledged`,
            todo: ofAlert("NATSConsumerAckPendingNearLimit"),
          },
        ]
      : []),
  ];
}

/** Milliseconds for which a worker that neither asks for more nor gets any may be at work on what it has. */
const atWorkMs = 60_000;

/** Whether anything asks for its messages, or got some lately; true too where that is not known. */
function isTaken({ config, num_waiting: asking, num_ack_pending: inHand, delivered }: ConsumerDetail): boolean {
  if (asking > 0 || config.ack_policy === "none") return true;
  return inHand > 0 && !(Date.now() - Date.parse(delivered?.last_active ?? "") > atWorkMs);
}

import { inWords } from "../../config/durations";
import { colours } from "../../engine/terminal";
import { kindsOf } from "../../operations/supercluster/causes";
import { table } from "./table";
import {
  type ConsumerStatus,
  type GatewayStatus,
  isCanary,
  type Problem,
  type Status,
  type StreamStatus,
} from "../../operations/supercluster/status";
import { type MonitoringStatus, monitoringPrograms } from "../../operations/monitoring/monitoring-status";
import type { DatabaseStatus } from "../../operations/workers/database-status";
import type { WorkerStatus } from "../../operations/workers/worker-status";

/**
 * The status as text: problems with what to do, regions, then the streams of each account, and the durables that have
 * something left.
 *
 * @param before an earlier one: streams are shown with what was stored since
 */
export function renderStatus(status: Status, before?: Status): string {
  const { environment, time, warnings, metaLeader, metaPeers, problems, consumers } = status;
  const meta = metaLeader
    ? `meta leader ${metaLeader}, ${part(metaPeers.current, metaPeers.all)} peers current`
    : colours.red("no meta leader");
  const busy = consumers.filter(({ pending, ackPending }) => pending !== 0 || ackPending !== 0);
  return [
    `${colours.bold(environment)}: ${meta}${before ? `, ${time.slice(11, 19)} UTC` : ""}`,
    ...warnings.map((text) => colours.yellow(`warning: ${text}`)),
    ...(problems ? [problemList(problems)] : []),
    regionTable(status),
    ...listenerTables(status),
    ...(status.gateways.length ? [gatewayTable(status.gateways)] : []),
    streamTable(status, before),
    ...(busy.length ? [consumerTable(busy, time)] : []),
    ...(status.undeclared.length ? [undeclaredTable(status)] : []),
    ...(status.databases ? [databaseTable(status.databases)] : []),
    ...(status.workers ? [workerTable(status.workers)] : []),
    ...(status.monitoring ? [monitoringTable(status.monitoring)] : []),
  ].join("\n\n");
}

/** Each with what to do. */
export function problemList(problems: readonly Problem[]): string {
  if (problems.length === 0) return colours.green("nothing to do");
  return problems
    .map(({ severity, what, detail, todo, follows = [] }) => {
      const mark = severity === "problem" ? colours.red("PROBLEM") : colours.yellow("warning");
      const arrow = `\n         ${colours.dim("->")} `;
      const more = follows.length > 0 ? `\n         follows from it (--json lists it): ${kindsOf(follows)}` : "";
      return `${mark}  ${what}: ${detail}${colours.dim(more)}${arrow}${todo}`;
    })
    .join("\n");
}

function regionTable({ regions }: Status): string {
  return table(
    ["REGION", "CLIENT URL", "SERVERS", "STREAMS LED", "CLIENTS", "VERSION"],
    regions.map(({ name, clientUrls, serversUp, servers, leads, connections, version }) => [
      name,
      clientUrls[0]! + (clientUrls.length > 1 ? ` (+${clientUrls.length - 1})` : ""),
      part(serversUp, servers),
      String(leads),
      String(connections),
      version ?? "",
    ]),
    colours.dim,
  );
}

/** None, where servers listen for nothing beside NATS's own protocol. */
function listenerTables({ regions }: Status): string[] {
  const rows = regions.flatMap(({ name, listenerUrls }) =>
    Object.entries(listenerUrls).map(([listener, urls]) => [name, listener, urls.join(", ")]),
  );
  return rows.length > 0 ? [table(["REGION", "LISTENER", "URL"], rows, colours.dim)] : [];
}

function gatewayTable(gateways: GatewayStatus[]): string {
  return table(
    ["FROM", "TO", "SERVERS", "ROUND TRIP"],
    gateways.map(({ from, to, connected, roundTripMs }, index) => [
      gateways[index - 1]?.from === from ? "" : from,
      to,
      part(connected.servers, connected.all),
      roundTripMs === undefined ? "" : `${roundTripMs.toFixed(1)} ms`,
    ]),
    colours.dim,
  );
}

function streamTable(status: Status, before?: Status): string {
  const { streams } = status;
  const origins = streams.filter((stream) => !stream.mirrorOf && !isCanary(stream));
  const heads = ["ACCOUNT", "STREAM", "HOME", "LEADER", "REPLICAS", "MESSAGES", "FULL", "CONSUMERS", "MIRRORS (LAG)"];
  return table(
    [...heads, ...(before ? ["STORED/S"] : [])],
    origins.map((stream, index) => [
      origins[index - 1]?.account === stream.account ? "" : stream.account,
      stream.name,
      stream.home,
      stream.leader ?? "",
      part(stream.replicas.current, stream.replicas.all),
      stream.messages === undefined ? colours.red("no leader") : String(stream.messages),
      stream.fullness === undefined ? "" : `${stream.fullness.toFixed(0)} %`,
      String(stream.consumers),
      [
        ...(stream.copies ? [`of ${stream.copies.join(", ")} (${stream.lag ?? "?"})`] : []),
        ...streams
          .filter(({ account, mirrorOf }) => account === stream.account && mirrorOf === stream.name)
          .map(mirror),
      ].join(", "),
      ...(before ? [growth(stream, status, before)] : []),
    ]),
    colours.dim,
  );
}

/** Messages a second that were stored between two looks. */
function growth(stream: StreamStatus, { time }: Status, before: Status): string {
  const earlier = before.streams.find(({ account, name }) => account === stream.account && name === stream.name);
  const seconds = (Date.parse(time) - Date.parse(before.time)) / 1_000;
  if (stream.lastSequence === undefined || earlier?.lastSequence === undefined || !(seconds > 0)) return "";
  return ((stream.lastSequence - earlier.lastSequence) / seconds).toFixed(1);
}

function consumerTable(consumers: ConsumerStatus[], time: string): string {
  const since = (then: string | undefined) => (then === undefined ? "" : inWords(Date.parse(time) - Date.parse(then)));
  return table(
    ["ACCOUNT", "DURABLE", "LEADER", "PENDING", "ACK PENDING", "REDELIVERED", "OLDEST", "LAST ACKNOWLEDGED"],
    consumers.map(({ account, stream, name, leader, pending, ackPending, redelivered, ...times }) => [
      account,
      `${stream}/${name}`,
      leader ?? colours.red("no leader"),
      ...[pending, ackPending, redelivered].map((count) => (count === undefined ? "" : String(count))),
      since(times.oldestWaiting),
      times.lastAcknowledged === undefined ? "" : `${since(times.lastAcknowledged)} ago`,
    ]),
    colours.dim,
  );
}

function undeclaredTable({ undeclared }: Status): string {
  return table(
    ["ACCOUNT", "NOT DECLARED", "MESSAGES", "BYTES"],
    undeclared.map(({ account, name, messages, bytes }) => [account, name, String(messages), String(bytes)]),
    colours.dim,
  );
}

function databaseTable(databases: DatabaseStatus[]): string {
  return table(
    ["REGION", "DATABASE OF WORKERS", "STATE", "ACCOUNTS"],
    databases.map(({ region, address, isUp, accounts }) => [
      region,
      address === undefined ? "embedded, one each" : `postgres://${address}`,
      isUp ? "up" : address === undefined ? "" : colours.red("does not answer"),
      accounts.join(", "),
    ]),
    colours.dim,
  );
}

function workerTable(workers: WorkerStatus[]): string {
  return table(
    ["ACCOUNT", "WORKER", "REGION", "STATE", "PROCESSED", "FAILED", "URL"],
    workers.map(({ account, name, region, isReady, reason, processed, errored, pods, url }) => [
      account,
      name,
      region,
      isReady ? `ready${pods ? ` (${part(pods.ready, pods.all)})` : ""}` : colours.red(reason ?? "not ready"),
      processed === undefined ? "" : String(processed),
      errored === undefined ? "" : String(errored),
      url ?? "",
    ]),
    colours.dim,
  );
}

function monitoringTable(monitoring: MonitoringStatus): string {
  const programs = table(
    ["MONITORING", "URL", "STATE"],
    monitoringPrograms(monitoring).map(([name, { url, isUp }]) => [
      name,
      url,
      isUp ? "up" : colours.red("does not answer"),
    ]),
    colours.dim,
  );
  const wrong = [...monitoring.unread.map(({ detail }) => detail), ...monitoring.problems];
  return [programs, ...wrong.map((problem) => colours.yellow(problem))].join("\n");
}

function mirror({ home, lag }: StreamStatus): string {
  const text = `${home} (${lag ?? "?"})`;
  return lag === 0 ? text : colours.yellow(text);
}

/** `3/3`; in red when not all are current. */
const part = (current: number, all: number): string =>
  current === all ? `${current}/${all}` : colours.red(`${current}/${all}`);

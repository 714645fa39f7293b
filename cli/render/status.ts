import { colours } from "../../engine/terminal";
import { table } from "./table";
import { isCanary, type Status, type StreamStatus } from "../../operations/supercluster/status";
import { type MonitoringStatus, monitoringPrograms } from "../../operations/monitoring/monitoring-status";
import type { DatabaseStatus } from "../../operations/workers/database-status";
import type { WorkerStatus } from "../../operations/workers/worker-status";

/** The status as text: regions, then the streams of each account. */
export function renderStatus(status: Status): string {
  const { environment, warnings, metaLeader, metaPeers } = status;
  const meta = metaLeader
    ? `meta leader ${metaLeader}, ${part(metaPeers.current, metaPeers.all)} peers current`
    : colours.red("no meta leader");
  return [
    `${colours.bold(environment)}: ${meta}`,
    ...warnings.map((text) => colours.yellow(`warning: ${text}`)),
    regionTable(status),
    streamTable(status),
    ...(status.undeclared.length ? [undeclaredTable(status)] : []),
    ...(status.databases ? [databaseTable(status.databases)] : []),
    ...(status.workers ? [workerTable(status.workers)] : []),
    ...(status.monitoring ? [monitoringTable(status.monitoring)] : []),
  ].join("\n\n");
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

function streamTable({ streams }: Status): string {
  const origins = streams.filter((stream) => !stream.mirrorOf && !isCanary(stream));
  return table(
    ["ACCOUNT", "STREAM", "HOME", "REPLICAS", "MESSAGES", "CONSUMERS", "MIRRORS (LAG)"],
    origins.map((stream, index) => [
      origins[index - 1]?.account === stream.account ? "" : stream.account,
      stream.name,
      stream.home,
      part(stream.replicas.current, stream.replicas.all),
      stream.messages === undefined ? colours.red("no leader") : String(stream.messages),
      String(stream.consumers),
      streams
        .filter(({ account, mirrorOf }) => account === stream.account && mirrorOf === stream.name)
        .map(mirror)
        .join(", "),
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
  return [programs, ...monitoring.problems.map((problem) => colours.yellow(problem))].join("\n");
}

function mirror({ home, lag }: StreamStatus): string {
  const text = `${home} (${lag ?? "?"})`;
  return lag === 0 ? text : colours.yellow(text);
}

/** `3/3`; in red when not all are current. */
const part = (current: number, all: number): string =>
  current === all ? `${current}/${all}` : colours.red(`${current}/${all}`);

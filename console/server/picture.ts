import { deadLetterNames } from "../../workers/messaging/contract";
import { assetsOf } from "../../config/assets/assets";
import { copiedTenant } from "../../config/assets/copies";
import { workerKey, workersOf } from "../../config/assets/workers";
import { serverNames, serversOf } from "../../config/topology";
import { fromBytes, fromNanoseconds } from "../../config/units";
import { ownerOf } from "../../jetstream/ownership";
import type { ConsumerDetail, Origin, RaftGroup, StreamDetail } from "../../jetstream/monitoring";
import type { CheckedEnvironment } from "../../operations/settings/checked-environment";
import { mappingProblems } from "../../operations/supercluster/failed-over";
import type { Look } from "../../operations/supercluster/read-status";
import { kindsOf } from "../../operations/supercluster/causes";
import { fullness, type Problem } from "../../operations/supercluster/status";
import type {
  DurableView,
  GatewayView,
  Head,
  Picture,
  ProblemView,
  ReplicaView,
  ServerView,
  Severity,
  StreamView,
  TenantView,
  WorkerView,
} from "../picture";
import type { WorkerStatus } from "../../operations/workers/worker-status";
import type { Rates } from "./rates";

export type Shown = Pick<CheckedEnvironment, "name" | "environment" | "tenants" | "failovers">;

/** Milliseconds by which a slow round trip is longer than usual at least: on one machine they are short and vary. */
const slowByMs = 20;

/** What earlier looks told. */
export interface Before {
  /** Round trip of a gateway, `<from>/<to>`, in milliseconds; undefined: not known yet. */
  usual: (gateway: string) => number | undefined;
  /** By name of servers that did not answer this look: when they answered last, RFC 3339. */
  silentSince: Readonly<Record<string, string>>;
  /** Of the look before. */
  before?: Pick<Head, "problems">;
}

/** What is shown of a look, with what counters grew by since the one before it. */
export function pictureOf(
  checked: Shown,
  { status, snapshot, failovers }: Look,
  rates: Rates,
  { usual, silentSince, before }: Before = { usual: () => undefined, silentSince: {} },
): Picture {
  const at = Date.parse(status.time);
  const problems = [...failovers.flatMap(mappingProblems), ...(status.problems ?? [])];
  const severities = severitiesOf(problems);
  const isLate = (server: string) => server in silentSince && server in snapshot.servers;
  const rate: Rate = (counter, value, tellers = []) => rates.of(counter, value, at, tellers.some(isLate));
  const { streams, durables } = rowsOf(checked, snapshot.streams, severities, rate);
  const workers = workersView(checked, status.workers ?? [], rate);
  markUnread(durables, workers);
  const silent = serverNames(checked.environment).filter((name) => !(name in snapshot.servers));
  const head: Head = {
    ...{ environment: status.environment, time: status.time, warnings: status.warnings },
    unseen: unseenOf(silent, streams),
    problems: problems.map((problem): ProblemView => {
      const earlier = before?.problems.find(({ what }) => what === problem.what);
      const since = earlier ? earlier.since : before && status.time;
      return {
        ...problem,
        ...(since !== undefined && { since }),
        ...(problem.follows && { kinds: kindsOf(problem.follows) }),
      };
    }),
    metaPeers: status.metaPeers,
    regions: status.regions.map((region) => ({ ...region, quorum: region.serversUp * 2 > region.servers })),
    gateways: gatewaysView(checked, { status, snapshot, failovers }, rate, usual),
    servers: serversView(checked, { status, snapshot, failovers }, rate).map((server) => {
      const since = silentSince[server.name];
      return since === undefined ? server : { ...server, silentSince: since };
    }),
    tenants: tenantsView(checked, streams),
    failovers,
    workers,
    databases: status.databases ?? [],
    ...(status.monitoring && { monitoring: status.monitoring }),
  };
  return { head, streams, durables };
}

/** Of a counter that these servers told. */
type Rate = (counter: string, value: number | undefined, tellers?: string[]) => number | undefined;

const gatewaysView = (
  { environment }: Shown,
  { status, snapshot }: Look,
  rate: Rate,
  usual: Before["usual"],
): GatewayView[] =>
  status.gateways.map((gateway): GatewayView => {
    const { from, to } = gateway;
    const tellers = serversOf(environment, from).map(({ name }) => name);
    const own = tellers.flatMap((name) => snapshot.servers[name]?.gateways?.outbound_gateways?.[to]?.connection ?? []);
    const usually = usual(`${from}/${to}`) ?? Infinity;
    const isSlow = (gateway.roundTripMs ?? 0) > Math.max(2 * usually, usually + slowByMs);
    if (own.length === 0) return { ...gateway, isSlow };
    const sent = (counter: "out_bytes" | "out_msgs") =>
      rate(`${counter} ${from} ${to}`, sum(own.map((one) => one[counter] ?? 0)), tellers);
    return { ...gateway, isSlow, bytesPerSecond: sent("out_bytes"), messagesPerSecond: sent("out_msgs") };
  });

function serversView({ environment }: Shown, { status, snapshot }: Look, rate: Rate): ServerView[] {
  return environment.regions.flatMap((region) =>
    serversOf(environment, region).map(({ name }): ServerView => {
      const state = snapshot.servers[name];
      if (!state) return { name, region, isUp: false, isMetaLeader: false };
      const { varz, health, version, leads } = state;
      const problem = health?.error ?? health?.errors?.map(({ error }) => error).join("; ");
      return {
        ...{ name, region, isUp: true, isMetaLeader: status.metaLeader === name, version, leads },
        ...(health && health.status !== "ok" && { unhealthy: problem || health.status }),
        ...{ connections: varz?.connections, cpu: varz?.cpu, memory: varz?.mem },
        messagesPerSecond: rate(`messages ${name}`, varz && (varz.in_msgs ?? 0) + (varz.out_msgs ?? 0), [name]),
        ...{ slowConsumers: varz?.slow_consumers, started: varz?.start },
      };
    }),
  );
}

const workersView = ({ tenants }: Shown, workers: readonly WorkerStatus[], rate: Rate): WorkerView[] =>
  workers.map((worker) => {
    const key = `${worker.region} ${worker.account}/${worker.name}`;
    const tenant = tenants[worker.account];
    const declared = tenant && workersOf(tenant).find((one) => workerKey(one) === workerKey(worker));
    return {
      ...worker,
      rate: rate(`processed ${key}`, worker.processed),
      errorRate: rate(`errored ${key}`, worker.errored),
      durables: (declared?.durables ?? []).map(({ stream, name }) => `${stream}/${name}`),
    };
  });

/** Durables of which no worker is ready, while messages wait for them. */
function markUnread(durables: Picture["durables"], workers: readonly WorkerView[]): void {
  const read = workers.flatMap((worker) =>
    worker.durables.map((durable) => ({ id: `${worker.account}/${durable}`, isReady: worker.isReady })),
  );
  for (const [id, readers] of Map.groupBy(read, (one) => one.id)) {
    const row = durables[id];
    if (row?.pending && !readers.some(({ isReady }) => isReady)) row.severity ??= "warning";
  }
}

function tenantsView({ tenants }: Shown, streams: Picture["streams"]): TenantView[] {
  return Object.values(tenants).map(({ name, home, deadLetters }) => ({
    ...{ name, home, keepsDeadLetters: deadLetters !== undefined },
    ...(deadLetters && { deadLetters: streams[`${name}/${deadLetterNames.copies}`]?.messages }),
  }));
}

/** What nothing could be read about, in words. */
function unseenOf(silent: readonly string[], streams: Picture["streams"]): string[] {
  const hidden = Object.values(streams).filter(({ leader }) => leader === undefined);
  return [
    ...(silent.length > 0
      ? [
          `${silent.join(", ")} ${silent.length === 1 ? "does" : "do"} not answer: ` +
            `what only ${silent.length === 1 ? "it knows" : "they know"} is not shown`,
        ]
      : []),
    ...(hidden.length > 0
      ? [
          `${hidden.length === 1 ? "one stream has" : `${hidden.length} streams have`} no leader that answers: ` +
            "messages, lag and durables are not known now",
        ]
      : []),
  ];
}

/** The worst severity by `<account>/<stream>`, with its durables', and of durables by `<account>/<stream>/<name>`. */
function severitiesOf(problems: readonly Problem[]): Map<string, Severity> {
  const found = new Map<string, Severity>();
  for (const { what, severity, account, stream } of problems.flatMap((one) => [one, ...(one.follows ?? [])])) {
    const keys = [/^(?:durable|consumer) (\S+)$/.exec(what)?.[1], account && stream && `${account}/${stream}`];
    for (const key of keys) if (key && found.get(key) !== "problem") found.set(key, severity);
  }
  return found;
}

function rowsOf(
  { environment, tenants, failovers }: Shown,
  held: Look["snapshot"]["streams"],
  severities: Map<string, Severity>,
  rate: Rate,
): Pick<Picture, "streams" | "durables"> {
  const assets = assetsOf(environment, tenants, failovers);
  const streams: Picture["streams"] = {};
  const durables: Picture["durables"] = {};
  for (const { account, name, region, spec, mirrorOf } of assets.streams)
    streams[`${account}/${name}`] = {
      ...{ account, name, home: region, wantedReplicas: spec.replicas, replicas: [] },
      ...(mirrorOf !== undefined && { mirrorOf: `${account}/${mirrorOf}` }),
      subjects: [],
    };
  for (const { account, stream, name } of assets.consumers)
    durables[`${account}/${stream}/${name}`] = { account, stream, name, replicas: [], filters: [] };
  for (const [account, own] of Object.entries(held))
    for (const detail of Object.values(own)) {
      const id = `${account}/${detail.name}`;
      streams[id] = { ...streams[id], ...streamView(account, detail, rate) };
      for (const consumer of detail.consumer_detail ?? [])
        durables[`${id}/${consumer.name}`] = durableView(account, detail.name, consumer, rate);
    }
  const mark = (rows: Record<string, { leader?: string; severity?: Severity }>, noLeader?: Severity) => {
    for (const [id, row] of Object.entries(rows)) {
      const severity = severities.get(id) ?? (row.leader === undefined ? noLeader : undefined);
      if (severity) row.severity = severity;
    }
  };
  mark(streams, "problem");
  mark(durables);
  return { streams, durables };
}

function streamView(account: string, detail: StreamDetail, rate: Rate): StreamView {
  const { name, cluster, config, state, mirror } = detail;
  const leaders = cluster?.leader === undefined ? [] : [cluster.leader];
  return {
    ...{ account, name, leader: cluster?.leader, replicas: replicasOf(cluster) },
    ...{ messages: state.messages, bytes: state.bytes },
    rate: rate(`stream ${account}/${name}`, state.last_seq, leaders),
    fullness: rounded(fullness(detail)),
    ...(state.messages > 0 && state.first_ts !== undefined && { oldest: state.first_ts }),
    ...(mirror && { mirrorOf: idOfOrigin(account, mirror), lag: mirror.lag }),
    subjects: (config.subjects as string[] | undefined) ?? [],
    config: shownOf(config),
    ...(ownerOf(config) !== undefined && { owner: ownerOf(config) }),
  };
}

function idOfOrigin(account: string, origin: Origin): string {
  const tenant = origin.external ? copiedTenant(origin) : account;
  return tenant === undefined ? origin.name : `${tenant}/${origin.name}`;
}

function durableView(account: string, stream: string, detail: ConsumerDetail, rate: Rate): DurableView {
  const { name, cluster, config } = detail;
  const filters = (config.filter_subjects ?? (config.filter_subject ? [config.filter_subject] : [])) as string[];
  const limit = Number(config.max_ack_pending);
  return {
    ...{ account, stream, name, leader: cluster?.leader, replicas: replicasOf(cluster) },
    ...{ pending: detail.num_pending, ackPending: detail.num_ack_pending, redelivered: detail.num_redelivered },
    ...(limit > 0 && { limit }),
    rate: rate(
      `durable ${account}/${stream}/${name}`,
      detail.delivered?.consumer_seq,
      cluster?.leader === undefined ? [] : [cluster.leader],
    ),
    lastAcknowledged: detail.ack_floor?.last_active,
    filters,
  };
}

/** Settings of a stream whose changes are told, as the server has them. */
const settings = [
  ...["retention", "storage", "num_replicas", "max_bytes", "max_msgs", "max_age", "max_msg_size", "discard"],
  ...["max_msgs_per_subject", "duplicate_window", "compression", "allow_direct", "sealed"],
];

const shownOf = (config: Record<string, unknown>): Record<string, string> =>
  Object.fromEntries(
    settings.flatMap((name) => (config[name] === undefined ? [] : [[name, inWords(name, config[name])]])),
  );

const units: Record<string, (value: number) => string> = {
  ...{ max_age: fromNanoseconds, duplicate_window: fromNanoseconds },
  ...{ max_bytes: fromBytes, max_msg_size: fromBytes },
};

/** Numbers with their unit; no limit, as servers say it, is 0 or -1. */
function inWords(name: string, value: unknown): string {
  if (name.startsWith("max_") && Number(value) <= 0) return "unlimited";
  return units[name]?.(Number(value)) ?? String(value);
}

const replicasOf = (group: RaftGroup | undefined): ReplicaView[] => [
  ...(group?.leader ? [{ server: group.leader, isLeader: true, isCurrent: true, isOffline: false }] : []),
  ...(group?.replicas ?? []).map(({ name, current, offline, lag }): ReplicaView => ({
    ...{ server: name, isLeader: false, isCurrent: current, isOffline: offline ?? false },
    ...(lag !== undefined && { lag }),
  })),
];

const rounded = (value: number | undefined) => (value === undefined ? undefined : Math.round(value * 10) / 10);

const sum = (values: number[]): number => values.reduce((total, value) => total + value, 0);

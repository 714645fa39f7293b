import type { FailedOver } from "../operations/supercluster/failed-over";
import type { MonitoringStatus } from "../operations/monitoring/monitoring-status";
import type { GatewayStatus, Problem, RegionStatus } from "../operations/supercluster/status";
import type { DatabaseStatus } from "../operations/workers/database-status";
import type { WorkerStatus } from "../operations/workers/worker-status";

/* What the server sends to its pages: types only, which both sides read. */

export type Severity = Problem["severity"];

/** Everything that the pages show now, but lines of the last hour and dead letters, which they ask for. */
export interface Picture {
  head: Head;
  /** By `<account>/<name>`. */
  streams: Record<string, StreamView>;
  /** By `<account>/<stream>/<name>`. */
  durables: Record<string, DurableView>;
}

export interface Head {
  environment: string;
  /** When servers were asked, RFC 3339. */
  time: string;
  /** What cannot be seen, each with since when or why. Empty: nothing is hidden. */
  unseen: string[];
  problems: ProblemView[];
  /** Risks that the settings take on purpose. */
  warnings: string[];
  metaPeers: { current: number; all: number };
  regions: (RegionStatus & { quorum: boolean })[];
  gateways: GatewayView[];
  servers: ServerView[];
  tenants: TenantView[];
  /** Streams that a failover replaced by a mirror. */
  failovers: FailedOver[];
  workers: WorkerView[];
  databases: DatabaseStatus[];
  /** Absent: no Prometheus is known. */
  monitoring?: Pick<MonitoringStatus, "prometheus" | "alertmanager" | "problems" | "targets" | "rules">;
}

export interface ProblemView extends Problem {
  /** When it was seen first, RFC 3339. Absent: it was there before the console was started. */
  since?: string;
  /** What follows from it, in words. Absent: nothing. */
  kinds?: string;
}

export interface GatewayView extends GatewayStatus {
  /** What the servers of `from` sent to `to`, a second. Absent: not known yet. */
  bytesPerSecond?: number;
  messagesPerSecond?: number;
  /** Whether a round trip takes more than twice as long as it usually did in the last hour. */
  isSlow: boolean;
}

export interface ServerView {
  name: string;
  region: string;
  /** Whether it answered, at this look or one of the two before it. */
  isUp: boolean;
  /** Of one that is late or lost: when it answered last, RFC 3339. Absent: just now, or never. */
  silentSince?: string;
  isMetaLeader: boolean;
  version?: string;
  /** Why it is not healthy. Absent: it is, or is down. */
  unhealthy?: string;
  /** Streams that it leads. */
  leads?: number;
  connections?: number;
  /** Percent of one processor. */
  cpu?: number;
  /** Bytes. */
  memory?: number;
  /** Messages in and out, a second. */
  messagesPerSecond?: number;
  slowConsumers?: number;
  /** When its process started, RFC 3339. */
  started?: string;
}

export interface TenantView {
  name: string;
  home: string;
  keepsDeadLetters: boolean;
  /** How many are kept. Absent: it keeps none, or that is not known. */
  deadLetters?: number;
}

export interface ReplicaView {
  server: string;
  isLeader: boolean;
  isCurrent: boolean;
  isOffline: boolean;
  /** Operations behind the leader. */
  lag?: number;
}

interface Placed {
  account: string;
  /** Absent: no leader reported it. */
  leader?: string;
  replicas: ReplicaView[];
  severity?: Severity;
}

export interface StreamView extends Placed {
  name: string;
  /** Region in which it is placed. Absent: nothing declares it. */
  home?: string;
  wantedReplicas?: number;
  messages?: number;
  bytes?: number;
  /** Messages stored a second. */
  rate?: number;
  /** In percent of its nearer limit. Absent: it has none. */
  fullness?: number;
  /** When its oldest message was stored, RFC 3339. */
  oldest?: string;
  /** Id of the stream that it copies, `<account>/<stream>`; its name alone where that is in another domain. */
  mirrorOf?: string;
  /** Messages that a mirror has not copied yet. */
  lag?: number;
  subjects: string[];
  /** Settings as the server has them, by their names on the wire. */
  config?: Record<string, string>;
  /** Stack that manages it, as its metadata says. */
  owner?: string;
}

export interface DurableView extends Placed {
  stream: string;
  name: string;
  /** Messages that it has not delivered. */
  pending?: number;
  /** Delivered, and not acknowledged; `limit` is how many may be. */
  ackPending?: number;
  limit?: number;
  redelivered?: number;
  /** Deliveries a second. */
  rate?: number;
  /** When it was last acknowledged to, RFC 3339. */
  lastAcknowledged?: string;
  filters: string[];
}

export interface WorkerView extends WorkerStatus {
  /** Messages a second. Absent: not known yet. */
  rate?: number;
  errorRate?: number;
  /** `<stream>/<name>` that it reads. */
  durables: string[];
}

/** Fields of a row that became other; null: it has it no more. Of a new row all. */
export type FieldsOf<Row> = { [Field in keyof Row]?: Row[Field] | null };

/** What became other: of each row only that, and the ids of those that are gone. */
export interface Change {
  head: Head;
  streams: Record<string, FieldsOf<StreamView>>;
  durables: Record<string, FieldsOf<DurableView>>;
  gone: { streams: string[]; durables: string[] };
}

/** What a page is told. */
export type Update =
  | { kind: "picture"; picture: Picture; events: HappenedEvent[] }
  | { kind: "change"; change: Change; events: HappenedEvent[] }
  | { kind: "events"; events: HappenedEvent[] }
  /** No server answers: what is shown is of the last look. */
  | { kind: "blind"; since: string; reason: string };

/** Something that happened, in words. */
export interface HappenedEvent {
  /** Grows by one. */
  id: number;
  /** RFC 3339. */
  time: string;
  severity: Severity | "info";
  /** What it is about, as in `Problem`. */
  what: string;
  text: string;
  account?: string;
  stream?: string;
  server?: string;
}

/** The last hour of one object: a value for each time, `null` where it was not known. */
export interface Lines {
  /** Seconds since 1970. */
  times: number[];
  /** By what was measured. */
  values: Record<string, (number | null)[]>;
}

export interface LetterView {
  id: string;
  subject: string;
  stream: string;
  durable: string;
  deliveries: number;
  reason: string;
  error?: string;
  published?: string;
  givenUp: string;
  replays: number;
  bytes: number;
  /** Command that sends it again; absent: it cannot be. */
  replay?: string;
  /** Why it cannot. */
  unplayable?: string;
}

export interface LetterList {
  account: string;
  /** By reason, most first; `error` is that of the newest. */
  reasons: {
    reason: string;
    stream: string;
    durable: string;
    count: number;
    error?: string;
    replay: string;
    drop: string;
  }[];
  total: number;
  /** Reports of servers that the collector has not dealt with yet. */
  backlog: number;
  /** The newest, up to 200. */
  letters: LetterView[];
}

export interface WholeLetter extends LetterView {
  headers: [name: string, value: string][];
  /** Text; where it is none, its bytes as hexadecimal numbers. */
  body: string;
  encoding: "json" | "text" | "hex";
  /** Whether the body was longer than is shown. */
  isCut: boolean;
  /** Why the copy has no body. */
  missing?: string;
}

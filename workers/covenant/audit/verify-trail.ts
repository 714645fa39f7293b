import { existsSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { jetstreamManager, type JetStreamManager } from "@nats-io/jetstream";
import type { Database } from "../../database/database";
import { openDatabase } from "../../database/database";
import { databaseSettings } from "../../database/settings";
import {
  closeConnection,
  connect,
  connectionSettings,
  createLogger,
  deliveryCheckHeader,
  type Environment,
  floorOf,
  readSettings,
  secretsOf,
  SettingsError,
  stored,
} from "../../messaging";
import { auditDurable, auditedStreams } from "../consumers/audit-logger";
import { schema } from "../schema";
import { type Anchor, ChainCheck } from "./check";
import type { Entry, Kind } from "./entry";
import { Trail } from "./trail";

const usage = `usage: main.ts verify-trail [--anchor <stream>:<position>:<hash>]...

Checks the audit trail of covenant in the database of DATABASE_URL: whether entries were changed, removed or inserted,
and which sequences of a stream have no message, and why. With NATS_URL (and NATS_USER, NATS_PASSWORD, NATS_CA,
NATS_INBOX_PREFIX of the user audit-logger) it also compares with the streams: what AUDIT_LOGGER has acknowledged and
is not in the trail is lost. It writes nothing to the trail.

An anchor is the end of a chain that an earlier run has printed. Keep those elsewhere: with one, a trail that was
written again as a whole is found, too.

It makes nothing in the database: one without the trail's tables, or without an entry, is reported.

Exit codes: 0 the trail is whole, 1 it is not, has no entry or cannot be read, 2 wrong usage or variables.`;

/** Entries that are read at a time, at most. */
const mostTogether = 500;

/** Bytes of headers and bodies that are read at a time; a single entry may be larger. */
const mostBytes = 4 * 1_048_576;

/** Acknowledged messages without an entry that are looked up, at most. */
const mostLooked = 10_000;

/** What was found out about the trail of one stream. */
export interface StreamReport extends Pick<ChainCheck, "stream" | "counts" | "skipped" | "problems"> {
  /** The end of the chain; undefined where there is none. */
  head?: Anchor & { sequence: number };
}

/**
 * Checks all chains of a database.
 *
 * @throws Error where the database has no trail
 */
export async function checkTrail(database: Database, anchors: readonly Anchor[] = []): Promise<StreamReport[]> {
  const found = await database.query<{ trail: string | null }>("select to_regclass('covenant.trail_heads') as trail");
  if (found.rows[0]?.trail === null)
    throw new Error("the database has no table covenant.trail_heads: expected that of AUDIT_LOGGER (DATABASE_URL)");
  const { rows } = await database.query<{ stream: string }>(
    "select stream from covenant.trail_heads union select stream from covenant.trail order by stream",
  );
  const streams = new Set([...rows.map(({ stream }) => stream), ...anchors.map(({ stream }) => stream)]);
  const reports: StreamReport[] = [];
  for (const stream of streams) reports.push(await checkStream(database, stream, anchors));
  return reports;
}

async function checkStream(database: Database, stream: string, anchors: readonly Anchor[]): Promise<StreamReport> {
  // Before the entries: those that are appended meanwhile are not looked at.
  const head = await new Trail(database).head(stream);
  const check = new ChainCheck(stream, anchors);
  // A writer that goes on must not keep it from ending.
  const end = await lastPosition(database, stream);
  for (let after = 0; after < end;) {
    const entries = await entriesAfter(database, stream, after);
    for (const entry of entries)
      if (entry.position <= head.position || !(await isHead(database, entry))) check.add(entry);
    after = entries.at(-1)?.position ?? end;
  }
  check.end(head.position > 0 ? head : undefined);
  const { counts, skipped, problems, last } = check;
  const anchor = { stream, position: head.position, hash: head.hash.toString("hex"), sequence: head.sequence };
  return { stream, counts, skipped, problems, ...(last && { head: anchor }) };
}

/** Whether an entry behind the head that was read is one of the writer's, which has gone on. */
async function isHead(database: Database, { stream, position }: Entry): Promise<boolean> {
  return (await new Trail(database).head(stream)).position >= position;
}

interface Row {
  stream: string;
  position: string;
  generation: number;
  kind: Kind;
  sequence: string;
  last_sequence: string;
  stored_ns: string | null;
  subject: string | null;
  headers: string | null;
  body: Buffer | null;
  detail: string | null;
  recorded_ms: string;
  previous: Buffer;
  hash: Buffer;
}

async function lastPosition(database: Database, stream: string): Promise<number> {
  const { rows } = await database.query<{ last: string | null }>(
    "select max(position) as last from covenant.trail where stream = $1",
    [stream],
  );
  return Number(rows[0]?.last ?? 0);
}

/** The next entries of a stream; none behind the last one. Reads the bodies of those that it returns alone. */
async function entriesAfter(database: Database, stream: string, position: number): Promise<Entry[]> {
  const { rows } = await database.query<Row>(
    `select * from (
       select *, sum(size) over (order by position) - size as before from (
         select *, coalesce(octet_length(headers), 0) + coalesce(octet_length(body), 0) as size
         from covenant.trail where stream = $1 and position > $2 order by position limit ${mostTogether}
       ) as together
     ) as sized where before < ${mostBytes} order by position`,
    [stream, position],
  );
  return rows.map((row) => ({
    ...{ stream: row.stream, generation: row.generation, kind: row.kind, subject: row.subject, headers: row.headers },
    ...{ body: row.body, detail: row.detail, previous: row.previous, hash: row.hash },
    position: Number(row.position),
    sequence: Number(row.sequence),
    lastSequence: Number(row.last_sequence),
    storedNs: row.stored_ns === null ? null : BigInt(row.stored_ns),
    recordedMs: Number(row.recorded_ms),
  }));
}

/** How far AUDIT_LOGGER is in a stream. */
export interface Position {
  /** Everything up to this sequence is acknowledged. */
  acknowledged: number;
  /** Messages that it has still to record. */
  waiting: number;
}

/** Read before the trail: an acknowledgement follows its entry, so what was acknowledged by now is in the trail. */
export async function positionsOf(manager: JetStreamManager): Promise<Record<string, Position>> {
  const positions: Record<string, Position> = {};
  for (const stream of auditedStreams) {
    const info = await manager.consumers.info(stream, auditDurable);
    positions[stream] = { acknowledged: floorOf(info), waiting: info.num_pending + info.num_ack_pending };
  }
  return positions;
}

/**
 * Compares with the streams: adds to the problems what was acknowledged, is still in its stream, and has no entry. What
 * only checks delivery, and what its stream no longer has, gets its entry with the next message.
 */
export async function compareWithStreams(
  manager: JetStreamManager,
  positions: Record<string, Position>,
  reports: StreamReport[],
): Promise<void> {
  for (const [stream, { acknowledged }] of Object.entries(positions)) {
    const report = reports.find((each) => each.stream === stream);
    const from = (report?.head?.sequence ?? 0) + 1;
    const lost: number[] = [];
    for (let sequence = from; sequence <= acknowledged && sequence < from + mostLooked; sequence++) {
      const message = await stored(manager, stream, { seq: sequence });
      if (message && !message.header?.has(deliveryCheckHeader)) lost.push(sequence);
    }
    if (lost.length === 0) continue;
    const where = `sequences ${lost[0]} to ${lost.at(-1)}`;
    const problem = `${lost.length} acknowledged messages without an entry, ${where}: lost`;
    if (report) report.problems.push(problem);
    // Not even its chain is there.
    else reports.push({ stream, counts: new ChainCheck(stream).counts, skipped: [], problems: [problem] });
  }
}

/** What all reports say together. A database without an entry shows nothing, unless nothing was to be recorded. */
export function verdictOf(
  reports: readonly Pick<StreamReport, "problems">[],
  positions?: Record<string, Pick<Position, "acknowledged">>,
): { isWhole: boolean; text: string } {
  if (reports.some(({ problems }) => problems.length > 0)) return { isWhole: false, text: "THE TRAIL IS NOT WHOLE" };
  if (reports.length > 0) return { isWhole: true, text: "the trail is whole" };
  if (positions && Object.values(positions).every(({ acknowledged }) => acknowledged === 0))
    return { isWhole: true, text: "the trail has no entry: AUDIT_LOGGER has not acknowledged any message yet" };
  return {
    isWhole: false,
    text: "NOTHING WAS CHECKED: the trail has no entry. Check that DATABASE_URL is that of AUDIT_LOGGER",
  };
}

/** One line for what a stream's trail has, one for each gap and each problem. */
export function linesOf({ stream, counts, skipped, problems, head }: StreamReport, waiting?: number): string[] {
  const counted = `${counts.message} messages, ${counts.expired} expired, ${counts["dead-lettered"]} dead-lettered`;
  const late = counts.late > 0 ? `, ${counts.late} late` : "";
  const now = waiting === undefined ? "" : `; ${waiting} wait`;
  const end = head ? ` anchor ${head.stream}:${head.position}:${head.hash}` : "";
  return [
    `${stream}: ${counted}${late}${now}.${end}`,
    ...skipped.map(({ kind, from, to, why, generation }) => {
      const place = `${from === to ? from : `${from} to ${to}`}${generation > 1 ? ` (generation ${generation})` : ""}`;
      return `  skipped: ${place}, ${kind}${why ? `: ${why}` : ""}`;
    }),
    ...problems.map((problem) => `  PROBLEM: ${problem}`),
  ];
}

export function anchorOf(text: string): Anchor | undefined {
  const [, stream, position, hash] = /^([^:]+):(\d+):([0-9a-f]{64})$/.exec(text) ?? [];
  return stream && position && hash ? { stream, position: Number(position), hash } : undefined;
}

/** Runs the command; returns its exit code. */
async function verifyTrail(args: string[], env: Environment): Promise<number> {
  const { values } = parseArgs({
    args,
    options: { anchor: { type: "string", multiple: true }, help: { type: "boolean", short: "h" } },
  });
  if (values.help) return print([usage], 0);
  const anchors: Anchor[] = [];
  for (const text of values.anchor ?? []) {
    const anchor = anchorOf(text);
    if (!anchor) return print([`--anchor "${text}": expected <stream>:<position>:<hash of 64 digits>`], 2);
    anchors.push(anchor);
  }
  const settings = readSettings(databaseSettings, env);
  if (!settings.url && !settings.folder) return print(["DATABASE_URL is not set: the database of the trail"], 2);
  if (!settings.url && !existsSync(join(settings.folder!, "PG_VERSION")))
    return print([`DATABASE_FOLDER: no database is in ${settings.folder}; expected the folder of AUDIT_LOGGER`], 1);
  const database = openDatabase({ ...settings, connections: 1 }, { name: schema.name }, () => undefined);
  try {
    const check = () => checkTrail(database, anchors);
    const { reports, positions } = env.NATS_URL
      ? await withStreams(env, check)
      : { reports: await check(), positions: undefined };
    const lines = reports.flatMap((report) => linesOf(report, positions?.[report.stream]?.waiting));
    const { text, isWhole } = verdictOf(reports, positions);
    return print([...lines, text], isWhole ? 0 : 1);
  } finally {
    await database.close();
  }
}

async function withStreams(env: Environment, check: () => Promise<StreamReport[]>) {
  const log = createLogger({ name: "verify-trail", level: "warn", secrets: secretsOf(env) });
  const nc = await connect(connectionSettings(env), { name: "covenant-verify-trail", log });
  try {
    const manager = await jetstreamManager(nc, { checkAPI: false });
    const positions = await positionsOf(manager);
    const reports = await check();
    await compareWithStreams(manager, positions, reports);
    return { reports, positions };
  } finally {
    await closeConnection(nc);
  }
}

function print(lines: readonly string[], code: number): number {
  for (const line of lines) (code === 2 ? console.error : console.log)(line);
  return code;
}

/** The same as a process: ends it. */
export function runVerifyTrail(args: string[]): void {
  verifyTrail(args, process.env).then(
    (code) => process.exit(code),
    (error: Error) => {
      console.error(error.message);
      process.exit(error instanceof SettingsError || error instanceof TypeError ? 2 : 1);
    },
  );
}

import * as fs from "node:fs";
import * as path from "node:path";
import type { dynamic } from "@pulumi/pulumi";
import { environmentDir } from "../../../config/cache";
import { pollUntil } from "../../../config/poll-until";
import { logProgress } from "../../log-progress";
import type { DatabaseName, LocalDatabaseInputs } from "../database-layout";
import { takesLogins } from "../postgres-ping";
import { type Applied, isAsLeft } from "./applied";
import { fingerprint, read, write } from "./files";
import { freePort } from "./ports";
import { dataVersion, providePostgres, runningPostgres, startPostgres, stopPostgres } from "./postgres";
import { installedPostgres, type PostgresPrograms } from "./postgres-programs";

/** What the engine keeps of a region's database server. Nothing secret but `applied`. */
interface Outputs extends DatabaseName, Applied {
  /** On 127.0.0.1. Absent: this machine has no PostgreSQL. */
  port?: number;
}

/** What is recorded about it between two runs. No secrets: a fingerprint only. */
interface DatabaseRecord {
  /** Used again while it is free. */
  port: number;
  /** Of its databases and their passwords, once they are made. */
  provided: string;
}

/** Milliseconds for a server that runs to take logins, before it counts as hung. */
const busyMs = 30_000;

/** For 15 workers with 5 connections each, twice: those of a worker that is replaced end after those of the new one. */
const settings = { max_connections: "200" };

const idOf = ({ environment, region }: DatabaseName): string => `${environment}/${region}/database`;

/** Its folder: data, log and record. */
const folderOf = ({ environment, region }: DatabaseName): string =>
  path.join(environmentDir(environment), region, "database");

const recordOf = (database: DatabaseName): string => path.join(folderOf(database), "database.json");

async function readRecord(database: DatabaseName): Promise<DatabaseRecord | undefined> {
  const text = await read(recordOf(database));
  return text === undefined ? undefined : (JSON.parse(text) as DatabaseRecord);
}

/** Database servers of this machine as the engine sees them. */
export const databaseProvider = {
  /**
   * The engine compares inputs with those that it kept; this adds what they do not show: a server that died, or can run
   * now, and a change that the engine did not keep.
   */
  async diff(id: string, olds: Outputs, news: LocalDatabaseInputs): Promise<dynamic.DiffResult> {
    const isCurrent = (await runningPostgres(folderOf(olds)))
      ? isAsLeft(olds, (await readRecord(olds))?.provided)
      : (await programsFor(olds)) === undefined;
    return {
      changes: isCurrent ? undefined : true,
      replaces: id === idOf(news) ? [] : ["region"],
      deleteBeforeReplace: true,
    };
  },

  async create(inputs: LocalDatabaseInputs): Promise<dynamic.CreateResult<Outputs>> {
    return { id: idOf(inputs), outs: await ensure(inputs) };
  },

  async update(_id: string, _olds: Outputs, inputs: LocalDatabaseInputs): Promise<dynamic.UpdateResult<Outputs>> {
    return { outs: await ensure(inputs) };
  },

  /** A server that does not run is reported as deleted: the next `up` starts it again. */
  async read(id: string, known: Outputs): Promise<dynamic.ReadResult<Outputs>> {
    const isAsLeft = known.port === undefined || (await runningPostgres(folderOf(known)));
    return isAsLeft ? { id, props: known } : {};
  },

  /** The data stays. */
  async delete(_id: string, known: Outputs): Promise<void> {
    const running = await runningPostgres(folderOf(known));
    if (running) await stopPostgres(running);
  },
};

/** Brings the server to the wanted state, from any state: absent, dead, hung, or with other databases. */
async function ensure(inputs: LocalDatabaseInputs): Promise<Outputs> {
  const { environment, region, passwords } = inputs;
  const folder = folderOf(inputs);
  const provided = fingerprint(JSON.stringify(Object.entries(passwords).sort()));
  const record = await readRecord(inputs);
  const running = await runningPostgres(folder);
  if (running && record?.provided === provided && (await pollUntil(() => takesLogins(record.port), busyMs)))
    return { environment, region, port: record.port, applied: provided };
  const programs = await programsFor(inputs);
  if (!programs) {
    logProgress(
      `${region}: no PostgreSQL that runs here was found, so each worker has an embedded database of its own, some ` +
        "500 MB, which no other one sees. Install it (apt-get install -y postgresql) and run this again",
    );
    return { environment, region };
  }
  if (running) await stopPostgres(running);
  fs.mkdirSync(folder, { recursive: true, mode: 0o700 });
  await providePostgres(programs, folder, passwords);
  const port = await freePort(record?.port);
  await write(recordOf(inputs), `${JSON.stringify({ port, provided } satisfies DatabaseRecord, null, 2)}\n`);
  await startPostgres(programs, folder, port, settings);
  return { environment, region, port, applied: provided };
}

/**
 * The PostgreSQL that a server is run with; undefined where this machine has none.
 *
 * @throws where there is data of a version that this machine does not have
 */
async function programsFor(database: DatabaseName): Promise<PostgresPrograms | undefined> {
  const folder = folderOf(database);
  const version = dataVersion(folder);
  const found = await installedPostgres();
  const programs = version === undefined ? found[0] : found.find((one) => one.version === version);
  if (programs || version === undefined) return programs;
  throw new Error(
    `${folder} has data of PostgreSQL ${version}, and this machine has ` +
      `${found.map((one) => one.version).join(", ") || "none that runs here"}. Install version ${version}, or remove ` +
      "that folder to begin with an empty one",
  );
}

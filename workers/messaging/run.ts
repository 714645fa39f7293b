import { setTimeout as sleep } from "node:timers/promises";
import { jetstream, type JetStreamClient } from "@nats-io/jetstream";
import type { NatsConnection } from "@nats-io/transport-node";
import * as z from "zod";
import { closeConnection, connect } from "./connection/connect";
import { connectionSettings } from "./connection/settings";
import { isMissing, isUnanswered } from "./consumer/lookup";
import { checkDependency, type ConsumerStatus, type Dependency, type HealthServer, startHealthServer } from "./health";
import { createLogger, type Logger } from "./log";
import { createWorkerMetrics, type WorkerMetrics } from "./metrics";
import { createPublisher, type Publisher } from "./publisher";
import { secretsOf } from "./redact";
import { allSettings, type Environment, readSettings, SettingsError, workerSettings } from "./settings";

/** What a worker process runs: a consumer, a service, an HTTP server. */
export interface WorkerPart {
  /** Its name in `/health`: a consumer's is its durable. Default: its place in the list. */
  readonly name?: string;
  /** Resolves when it does its work; rejects if it cannot. */
  start(js: JetStreamClient): Promise<void>;
  /** Takes no more work, and resolves when what it has taken is done. Called once, also if `start` has failed. */
  stop(): Promise<void>;
  readonly status?: ConsumerStatus;
}

/** What the parts of a worker are made with. */
export interface WorkerContext<Settings, Dependencies> {
  name: string;
  /** What the schema `settings` has made of the environment variables. */
  settings: Settings;
  dependencies: Dependencies;
  /** `CONCURRENCY`. */
  concurrency?: number;
  /** Milliseconds that parts have to stop. */
  grace: number;
  log: Logger;
  metrics: WorkerMetrics;
  nc: NatsConnection;
  js: JetStreamClient;
  publisher: Publisher;
}

export interface WorkerOptions<S extends z.ZodType, D extends Record<string, Dependency>> {
  /** In logs, and as the connection's name. */
  name: string;
  /** Environment variables of its own. Default: none. */
  settings?: S;
  /** Databases and the like, by name: waited for before parts start (`awaited`), and closed after they have stopped. */
  dependencies?: (settings: z.output<S>, context: { log: Logger; metrics: WorkerMetrics }) => D | Promise<D>;
  /**
   * Makes its parts; they are started together, and stopped together. While a stream or durable is missing, they are
   * stopped and made again.
   */
  parts: (context: WorkerContext<z.output<S>, D>) => readonly WorkerPart[] | Promise<readonly WorkerPart[]>;
  /** Default: `process.env`. */
  env?: Environment;
  /** Default: one by `LOG_LEVEL`, to standard output. */
  log?: Logger;
}

/** How a worker's process ends. A second signal ends it at once, with 128 and the signal's number. */
export const workerExitCode = {
  /** Stopped as asked, all work done. */
  stopped: 0,
  /** It could not start, lost its connection for good, or did not stop within the grace. */
  failed: 1,
  /** Environment variables are wrong. */
  settings: 2,
} as const;

/** A worker that was started. */
export interface RunningWorker {
  /** Where the health server listens. */
  readonly healthPort: number;
  /** Resolves when its parts run; rejects with what it could not start with, when all is closed again. */
  readonly started: Promise<void>;
  /** Resolves when all is closed, with the exit code. */
  readonly ended: Promise<number>;
  /** Begins to stop; `ended` resolves within the grace. */
  stop(reason: string): void;
}

/** Ctrl-C reaches a process twice if npm runs it: from the terminal, and passed on by npm. In milliseconds. */
const sameSignalMs = 100;

/** Between two looks at what a worker waits for at its start, in milliseconds. */
const lookAgainMs = 1_000;

/**
 * How the grace is shared, in milliseconds: parts hand over what they have not finished at the end of `work`, must have
 * stopped at the end of `parts`, and what is left is for connections.
 */
function shares(grace: number): { work: number; parts: number } {
  const closing = Math.min(2_000, grace / 5);
  return { work: grace - 2 * closing, parts: grace - closing };
}

/**
 * Starts a worker: settings, health server (alive, not ready), dependencies, connection, parts; then it is ready. On
 * `stop`, or when it fails: not ready, parts, dependencies and connection, and the health server last, so that probes
 * see a process that is alive for as long as it works.
 *
 * @throws SettingsError with every mistake in the environment variables
 * @throws the error of `listen` for the health server's port
 */
export async function startWorker<S extends z.ZodType, D extends Record<string, Dependency>>(
  options: WorkerOptions<S, D>,
): Promise<RunningWorker> {
  const { name, env = process.env } = options;
  const settings = allSettings({
    worker: () => workerSettings(env),
    connection: () => connectionSettings(env),
    own: () => readSettings(options.settings ?? z.unknown(), env) as z.output<S>,
  });
  const { grace, concurrency } = settings.worker;
  const log = options.log ?? createLogger({ name, level: settings.worker.logLevel, secrets: secretsOf(env) });
  const metrics = createWorkerMetrics();
  const stopping = new AbortController();
  let accepting = false;
  let nc: NatsConnection | undefined;
  let dependencies: Partial<D> = {};
  let parts: readonly WorkerPart[] = [];
  /** Why its parts cannot start yet. */
  let waitsFor: string | undefined;

  const health: HealthServer = await startHealthServer({
    port: settings.worker.healthPort,
    host: settings.worker.healthHost,
    metrics,
    log,
    health: {
      accepting: () => accepting && !stopping.signal.aborted,
      connection: () => ({ connected: nc?.info !== undefined, server: nc?.info && nc.getServer() }),
      consumers: () =>
        waitsFor === undefined
          ? statusesOf(parts)
          : { [name]: { running: false, processed: 0, errored: 0, unavailable: waitsFor } },
      dependencies: () => dependencies as D,
    },
  });

  async function start(): Promise<void> {
    const own = (await options.dependencies?.(settings.own, { log, metrics })) ?? ({} as D);
    dependencies = own;
    await untilReachable(own, log, stopping.signal);
    const connected = await connect(settings.connection, { name, log, metrics, signal: stopping.signal });
    nc = connected;
    if (stopping.signal.aborted) return connected.close();
    void connected.closed().then((error) => {
      stop("the connection was closed", error ?? undefined, true);
    });
    const js = jetstream(connected);
    const publisher = createPublisher(js, { metrics });
    const made = { name, settings: settings.own, dependencies: own, concurrency, grace: shares(grace).work };
    const context = { ...made, log, metrics, nc: connected, js, publisher };
    while (!(await startParts(context))) await sleep(lookAgainMs, undefined, { signal: stopping.signal });
    accepting = true;
    log.info({ parts: Object.keys(statusesOf(parts)) }, "started");
  }

  /**
   * Whether they have started: a durable that is missing, or that no server answers about, may be deployed later, and
   * is waited for.
   */
  async function startParts(context: WorkerContext<z.output<S>, D>): Promise<boolean> {
    const { registry } = metrics;
    const isOfWorker = new Set(registry.getMetricsAsArray().map((metric) => metric.name));
    parts = await options.parts(context);
    try {
      await Promise.all(parts.map((part) => part.start(context.js)));
      waitsFor = undefined;
      return true;
    } catch (error) {
      if (!(isMissing(error) || isUnanswered(error)) || stopping.signal.aborted) throw error;
      const problem = isMissing(error) ? "a stream or durable is missing" : "no answer about a durable";
      if (waitsFor !== problem) log.warn({ err: error }, `${problem}; waiting for it`);
      waitsFor = problem;
      await Promise.allSettled(parts.map((part) => part.stop()));
      parts = [];
      // Those of parts are made again with them, and a name can be registered once.
      for (const metric of registry.getMetricsAsArray())
        if (!isOfWorker.has(metric.name)) registry.removeSingleMetric(metric.name);
      return false;
    }
  }

  let code: number = workerExitCode.stopped;

  function stop(reason: string, error?: Error, failed = false): void {
    if (stopping.signal.aborted) return;
    if (failed) code = workerExitCode.failed;
    log[failed ? "error" : "info"]({ reason, err: error }, "stopping");
    stopping.abort();
  }

  async function close(): Promise<number> {
    const began = Date.now();
    const { work, parts: limit } = shares(grace);
    const stopped = parts.map((part) => part.stop());
    const inTime = await done(stopped, limit, (err) => log.error({ err }, "a part has not stopped as it should"));
    if (!inTime || Date.now() - began >= work) {
      log.error({ grace }, "not everything was done within the grace; its messages will be delivered again");
      code = workerExitCode.failed;
    }
    const left = Math.max(began + grace - Date.now(), 100);
    const closed = Object.values(dependencies as D).map(async (dependency) => dependency.close?.());
    if (nc) closed.push(closeConnection(nc, left));
    await done(closed, left, (err) => log.warn({ err }, "not closed as it should be"));
    log.info({ code }, "ended");
    await health.close();
    return code;
  }

  const aborted = new Promise<void>((resolve) => {
    stopping.signal.addEventListener("abort", () => resolve(), { once: true });
  });
  const started = Promise.race([
    start(),
    aborted.then(() => Promise.reject(new Error("the worker was stopped before it had started"))),
  ]);
  started.catch((error: Error) => stop("it could not start", error, true));
  const ended = aborted.then(close);
  return { healthPort: health.port, started, ended, stop: (reason) => stop(reason) };
}

/**
 * Runs a worker until SIGTERM or SIGINT, then ends the process with an exit code of `workerExitCode`. A second signal
 * ends it at once: what it worked on is delivered again.
 */
export async function runWorker<S extends z.ZodType, D extends Record<string, Dependency>>(
  options: WorkerOptions<S, D>,
): Promise<void> {
  const log = options.log ?? createLogger({ name: options.name, secrets: secretsOf(options.env ?? process.env) });
  let worker: RunningWorker | undefined;
  let first: number | undefined;
  const onSignal = (signal: NodeJS.Signals, number: number) => {
    const now = performance.now();
    first ??= now;
    if (worker && now - first < sameSignalMs) return worker.stop(signal);
    log.warn({ signal }, "ended at once");
    process.exit(128 + number);
  };
  process.on("SIGTERM", onSignal).on("SIGINT", onSignal);
  process.on("uncaughtException", (err) => {
    log.fatal({ err }, "uncaught error");
    process.exit(workerExitCode.failed);
  });
  try {
    worker = await startWorker(options);
  } catch (error) {
    const wrong = error instanceof SettingsError;
    log.fatal(wrong ? { problems: error.problems } : { err: error }, wrong ? "wrong settings" : "not started");
    process.exit(wrong ? workerExitCode.settings : workerExitCode.failed);
  }
  process.exit(await worker.ended);
}

const statusesOf = (parts: readonly WorkerPart[]): Record<string, ConsumerStatus> =>
  Object.fromEntries(parts.flatMap(({ name, status }, index) => (status ? [[name ?? String(index), status]] : [])));

/**
 * Waits until every dependency is reachable that parts cannot do without; a worker that took messages before would only
 * hand them back.
 */
async function untilReachable(
  dependencies: Readonly<Record<string, Dependency>>,
  log: Logger,
  signal: AbortSignal,
): Promise<void> {
  for (const [dependency, { check, awaited = true }] of Object.entries(dependencies)) {
    if (!awaited) continue;
    for (let attempts = 1; !signal.aborted; attempts++) {
      const { ok, error } = await checkDependency({ check });
      if (ok) break;
      // Once a minute.
      if (attempts % 60 === 1) log.warn({ dependency, error, attempts }, "waiting for a dependency");
      await sleep(lookAgainMs, undefined, { signal }).catch(() => undefined);
    }
  }
}

/** Whether all promises settle within a time; what they reject with is reported. */
async function done(
  promises: readonly Promise<unknown>[],
  withinMs: number,
  report: (error: unknown) => void,
): Promise<boolean> {
  const timer = new AbortController();
  const settled = Promise.all(promises.map((promise) => promise.catch(report))).then(() => true);
  const late = sleep(withinMs, false, { signal: timer.signal }).catch(() => false);
  const inTime = await Promise.race([settled, late]);
  timer.abort();
  return inTime;
}

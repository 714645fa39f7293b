import { once } from "node:events";
import * as http from "node:http";
import type { AddressInfo } from "node:net";
import * as os from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import type { Logger } from "./log";
import type { WorkerMetrics } from "./metrics";
import { redactText } from "./redact";

/** What a consumer reports about itself. Every `status` of a consumer has at least these. */
export interface ConsumerStatus {
  /** Whether it takes messages, or would if there were any. */
  running: boolean;
  /** Messages finished since the start, successful or not. */
  processed: number;
  /** Those of them that were not successful. */
  errored: number;
  /** Why it takes no messages for now: what it depends on does not answer. */
  unavailable?: string;
}

/** What a worker needs beside NATS: a database, the API of a provider. */
export interface Dependency {
  /** Throws if it is not reachable. It is called at most once a second, and given up after 0.9 s. */
  check(): Promise<unknown>;
  /** Called when the worker stops, after its consumers have stopped. */
  close?(): Promise<unknown>;
  /** False: parts can do without it, and start before it answers; the process is ready once it does. Default: true. */
  awaited?: boolean;
  /** False where the process has only a stand-in of its own for it, which its check says. Default: true. */
  used?: boolean;
}

/** What health is computed from; functions are called for every probe. */
export interface HealthSource {
  /** Whether the process has started and is not stopping. */
  accepting(): boolean;
  /** Absent: of a process that has none. */
  connection?(): { connected: boolean; server?: string };
  /** By durable. Empty for a process without consumers. */
  consumers(): Readonly<Record<string, ConsumerStatus>>;
  dependencies?(): Readonly<Record<string, Dependency>>;
  /** Bytes of resident memory from which the process is not ready. Default: 90 % of what it may use. */
  maxMemory?: number;
}

interface Check {
  ok: boolean;
  [detail: string]: unknown;
}

/** Body of `/health` and `/healthz`. */
export interface HealthStatus {
  /** `unhealthy`: a check failed. It is for people; the answer's code is 200 as long as the process answers. */
  status: "healthy" | "unhealthy";
  /** Milliseconds since 1970. */
  timestamp: number;
  mode: "nats";
  /** `redis` is always there, with `used: false` in a process without a dependency of that name. */
  checks: Record<"nats" | "consumers" | "redis" | "memory", Check> & Record<string, Check>;
  stats: {
    totalMessagesProcessed: number;
    totalMessagesErrored: number;
    /** Seconds. */
    uptime: number;
  };
}

/** The deadline of a check, in milliseconds: Kubernetes gives up on a probe after 1 s by default. */
const checkMs = 900;

/** How long the result of a check counts, in milliseconds, however many probes ask. */
const checkedForMs = 1_000;

/** Computes the health of a process. */
class Health {
  private readonly checks = new Map<string, { at: number; result: Promise<Check> }>();

  constructor(private readonly source: HealthSource) {}

  /** Whether the process should get work: connected, consumers running, dependencies reachable, memory left. */
  async ready(): Promise<boolean> {
    return this.source.accepting() && (await this.status()).status === "healthy";
  }

  async status(): Promise<HealthStatus> {
    const consumers = this.source.consumers();
    const all = Object.values(consumers);
    const dependencies = Object.entries(this.source.dependencies?.() ?? {});
    const reached = await Promise.all(
      dependencies.map(async ([name, dependency]) => [name, await this.checked(name, dependency)] as const),
    );
    const nats = this.source.connection?.();
    const checks = {
      nats: nats ? { ok: nats.connected, server: nats.server } : { ok: true, used: false },
      consumers: { ok: all.every(({ running, unavailable }) => running && !unavailable), consumers },
      redis: { ok: true, used: false },
      ...Object.fromEntries(reached),
      memory: memory(this.source.maxMemory),
    };
    return {
      status: Object.values(checks).every(({ ok }) => ok) ? "healthy" : "unhealthy",
      timestamp: Date.now(),
      mode: "nats",
      checks,
      stats: {
        totalMessagesProcessed: all.reduce((sum, { processed }) => sum + processed, 0),
        totalMessagesErrored: all.reduce((sum, { errored }) => sum + errored, 0),
        uptime: process.uptime(),
      },
    };
  }

  private checked(name: string, dependency: Dependency): Promise<Check> {
    const known = this.checks.get(name);
    if (known && Date.now() - known.at < checkedForMs) return known.result;
    const result = checkDependency(dependency);
    this.checks.set(name, { at: Date.now(), result });
    return result;
  }
}

/** Asks a dependency; what it throws, or no answer in time, is the result. */
export async function checkDependency(dependency: Pick<Dependency, "check" | "used">): Promise<Check> {
  const deadline = new AbortController();
  try {
    await Promise.race([
      dependency.check(),
      sleep(checkMs, undefined, { signal: deadline.signal }).then(() => {
        throw new Error(`no answer within ${checkMs} ms`);
      }),
    ]);
    return { ok: true, ...(dependency.used === false && { used: false }) };
  } catch (error) {
    return { ok: false, error: redactText(error instanceof Error ? error.message : String(error)) };
  } finally {
    deadline.abort();
  }
}

function memory(max = 0.9 * availableMemory()): Check {
  const { rss, heapUsed } = process.memoryUsage();
  return { ok: rss < max, rss, heapUsed, max: Math.round(max) };
}

/** Bytes that the process may use: its container's limit, or the memory of the machine. */
const availableMemory = (): number => Math.min(process.constrainedMemory() || Infinity, os.totalmem());

export interface HealthServerOptions {
  /** 0: any free one. */
  port: number;
  /** Where it listens. Default: 127.0.0.1. */
  host?: string;
  health: HealthSource;
  metrics: Pick<WorkerMetrics, "registry">;
  log: Logger;
}

export interface HealthServer {
  readonly port: number;
  close(): Promise<void>;
}

type Answer = { code: number; type: string; body: string };

const json = (code: number, body: unknown): Answer => ({ code, type: "application/json", body: JSON.stringify(body) });

/**
 * Serves `/health` and `/healthz` (200 while the process is alive; a `HealthStatus`), `/ready` and `/readyz` (200 or
 * 503; `{ ready }`) and `/metrics` (Prometheus).
 *
 * @throws the error of `listen`, such as EADDRINUSE
 */
export async function startHealthServer(options: HealthServerOptions): Promise<HealthServer> {
  const { port, host = "127.0.0.1", metrics, log } = options;
  const health = new Health(options.health);
  const alive = async () => json(200, await health.status());
  const ready = async () => {
    const isReady = await health.ready();
    return json(isReady ? 200 : 503, { ready: isReady });
  };
  const routes: Readonly<Record<string, () => Promise<Answer>>> = {
    "/health": alive,
    "/healthz": alive,
    "/ready": ready,
    "/readyz": ready,
    "/metrics": async () => ({
      code: 200,
      type: metrics.registry.contentType,
      body: await metrics.registry.metrics(),
    }),
  };

  const answer = async ({ method, url = "/" }: http.IncomingMessage): Promise<Answer> => {
    const path = url.split("?", 1)[0] ?? "/";
    const route = Object.hasOwn(routes, path) ? routes[path] : undefined;
    if (!route) return json(404, { error: `there is no ${path}; there are ${Object.keys(routes).join(", ")}` });
    if (method !== "GET" && method !== "HEAD") return json(405, { error: `${method} is not supported; use GET` });
    return route();
  };

  const server = http.createServer({ requestTimeout: 5_000, headersTimeout: 5_000 }, (request, response) => {
    void answer(request)
      .catch((error: unknown) => {
        log.error({ err: error, url: request.url }, "a health request failed");
        return json(500, { error: "see the log" });
      })
      .then(({ code, type, body }) => {
        response.writeHead(code, { "content-type": type }).end(request.method === "HEAD" ? undefined : body);
      });
  });
  server.listen({ port, host });
  await once(server, "listening");
  const bound = (server.address() as AddressInfo).port;
  log.info({ host, port: bound }, "health server listens");
  return {
    port: bound,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

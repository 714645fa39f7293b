import { setTimeout as sleep } from "node:timers/promises";
import {
  AuthorizationError,
  connect as connectOnce,
  credsAuthenticator,
  type NatsConnection,
  nkeyAuthenticator,
  type NodeConnectionOptions,
  type Status,
  UserAuthenticationExpiredError,
} from "@nats-io/transport-node";
import type { ConnectionMetrics, Log } from "../consumer/observer";
import type { ConnectionSettings } from "./settings";

/** Milliseconds between two attempts to connect, and the part that is added at random. */
const reconnect = { wait: 2_000, jitter: 1_000 } as const;

export interface ConnectOptions {
  /** Of the client, as servers show it. */
  name: string;
  log: Log;
  metrics?: ConnectionMetrics;
  /** Ends the attempts to connect. */
  signal?: AbortSignal;
}

/**
 * Connects, and stays connected: attempts are repeated without limit, every 2 to 3 s. What the client reports is logged
 * and counted.
 *
 * @returns the connection; `closeConnection` ends it
 * @throws AuthorizationError or UserAuthenticationExpiredError where the server refuses the login; a connection that is
 *   refused twice after a reconnect closes by itself (`connection.closed()`)
 */
export async function connect(settings: ConnectionSettings, options: ConnectOptions): Promise<NatsConnection> {
  const { log, metrics, name, signal } = options;
  metrics?.connected.set(0);
  for (;;) {
    try {
      const connection = await connectOnce(clientOptions(settings, name));
      metrics?.connected.set(1);
      log.info({ server: connection.getServer() }, "connected");
      void watch(connection, options);
      return connection;
    } catch (error) {
      if (isRefusal(error) || signal?.aborted) throw error;
      log.warn({ servers: settings.servers, err: error }, "cannot connect; trying again");
      await sleep(reconnect.wait + Math.random() * reconnect.jitter, undefined, { signal });
    }
  }
}

/** Ends a connection when all that was sent has left; after `ms` milliseconds in any case. */
export async function closeConnection(connection: NatsConnection, ms = 5_000): Promise<void> {
  if (connection.isClosed()) return;
  const drained = connection.drain().catch(() => undefined);
  const end = new AbortController();
  await Promise.race([drained, sleep(ms, undefined, { signal: end.signal, ref: false }).catch(() => undefined)]);
  end.abort();
  if (!connection.isClosed()) await connection.close();
}

function clientOptions(settings: ConnectionSettings, name: string): NodeConnectionOptions {
  const { servers, user, password, nkeySeed, token, certificate, privateKey, creds, ca, inboxPrefix } = settings;
  const isEncrypted = ca !== undefined || certificate !== undefined || servers.some((url) => url.startsWith("tls://"));
  return {
    servers,
    name,
    maxReconnectAttempts: -1,
    reconnectTimeWait: reconnect.wait,
    reconnectJitter: reconnect.jitter,
    reconnectJitterTLS: reconnect.jitter,
    timeout: 10_000,
    // A server that no longer answers is left after half a minute.
    pingInterval: 10_000,
    maxPingOut: 2,
    ...(user && { user, pass: password }),
    ...(nkeySeed && { authenticator: nkeyAuthenticator(new TextEncoder().encode(nkeySeed)) }),
    ...(token && { token }),
    ...(creds && { authenticator: credsAuthenticator(new TextEncoder().encode(creds)) }),
    ...(inboxPrefix && { inboxPrefix }),
    ...(isEncrypted && { tls: { ...(ca && { ca }), ...(certificate && { cert: certificate, key: privateKey }) } }),
  };
}

const isRefusal = (error: unknown): boolean =>
  error instanceof AuthorizationError || error instanceof UserAuthenticationExpiredError;

/** How what the client reports is logged. */
const levels: Record<Status["type"], "debug" | "info" | "warn" | "error"> = {
  disconnect: "warn",
  reconnect: "info",
  reconnecting: "debug",
  update: "debug",
  ldm: "warn",
  error: "error",
  ping: "debug",
  staleConnection: "warn",
  slowConsumer: "warn",
  forceReconnect: "info",
  close: "info",
};

async function watch(connection: NatsConnection, { log, metrics }: ConnectOptions): Promise<void> {
  for await (const status of connection.status()) {
    const { type } = status;
    metrics?.connectionEvents.inc({ type });
    if (type === "reconnect") metrics?.reconnects.inc();
    if (type === "reconnect" || type === "disconnect" || type === "close")
      metrics?.connected.set(type === "reconnect" ? 1 : 0);
    log[levels[type]](fields(status), `connection: ${type}`);
  }
}

function fields(status: Status): object {
  if (status.type === "error") return { err: status.error };
  if (status.type === "slowConsumer") return { subject: status.sub.getSubject(), pending: status.pending };
  const { type: _type, ...rest } = status;
  return rest;
}

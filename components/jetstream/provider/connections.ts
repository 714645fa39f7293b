import { connect, type NatsConnection } from "@nats-io/transport-node";
import type { ConnectionSettings, Login } from "./settings";
import { timeouts } from "./timeouts";

/** One connection an account and process, made when first asked for. */
export class Connections {
  private readonly open = new Map<string, Promise<NatsConnection>>();

  constructor(private readonly settings: ConnectionSettings) {}

  account(name: string): Promise<NatsConnection> {
    const login = this.settings.provisioners[name];
    if (!login) throw new Error(`no provisioner for account ${name} in the provider's connection; known: ${Object.keys(this.settings.provisioners).join(", ")}`);
    return this.get(name, login);
  }

  system(): Promise<NatsConnection> {
    return this.get("", this.settings.system);
  }

  private get(key: string, login: Login): Promise<NatsConnection> {
    let connection = this.open.get(key);
    if (!connection) {
      connection = this.connect(login);
      this.open.set(key, connection);
      // A failed attempt is not kept: the gate tries again until its own deadline.
      connection.catch(() => this.open.delete(key));
    }
    return connection;
  }

  private async connect({ login, password, inboxPrefix }: Login): Promise<NatsConnection> {
    return connect({
      servers: this.settings.regions.filter(({ degraded }) => !degraded).flatMap(({ clientUrls }) => clientUrls),
      noRandomize: true,
      name: `supercluster ${this.settings.owner}`,
      user: login,
      pass: password,
      inboxPrefix,
      tls: { ca: this.settings.ca },
      timeout: 5_000,
      pingInterval: timeouts.pingMs,
      maxPingOut: 2,
      reconnect: true,
      maxReconnectAttempts: -1,
      // One connection an account, which a person waits for: no need to spread many of them over seconds.
      reconnectTimeWait: 500,
      reconnectJitterTLS: 100,
      ignoreClusterUpdates: true,
    });
  }
}

import { connect, type NatsConnection } from "@nats-io/transport-node";
import type { ConnectionSettings, Login, RegionAccess } from "./settings";
import { timeouts } from "../../../jetstream/timeouts";

/** One connection per account and process, opened on first use. */
export class Connections {
  private readonly open = new Map<string, Promise<NatsConnection>>();

  constructor(private readonly settings: ConnectionSettings) {}

  account(name: string): Promise<NatsConnection> {
    const login = this.settings.provisioners[name];
    if (!login)
      throw new Error(
        `the identity stack has no account ${name}, only ${Object.keys(this.settings.provisioners).join(", ")}; ` +
          "bring up the identity and region stacks first",
      );
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

  /** URLs of all reachable regions, in their order. An unreachable region must not keep the others from being used. */
  private async servers(): Promise<string[]> {
    const regions = this.settings.regions.filter(({ degraded }) => !degraded);
    const found = await Promise.allSettled(regions.map((region) => this.urlsOf(region)));
    const urls = found.flatMap((one) => (one.status === "fulfilled" ? one.value : []));
    if (urls.length) return urls;
    throw (found as PromiseRejectedResult[])[0]!.reason;
  }

  private async urlsOf({ clientUrls, forward: way }: RegionAccess): Promise<string[]> {
    if (!way) return clientUrls;
    const { forwardedUrl } =
      require("../../supercluster/provider/port-forward") as typeof import("../../supercluster/provider/port-forward");
    return [await forwardedUrl(way)];
  }

  private async connect({ login, password, inboxPrefix }: Login): Promise<NatsConnection> {
    return connect({
      servers: await this.servers(),
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
      // One connection per account, and a person is waiting: no need to spread reconnects over seconds.
      reconnectTimeWait: 500,
      reconnectJitterTLS: 100,
      ignoreClusterUpdates: true,
    });
  }
}

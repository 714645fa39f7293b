import type { NatsConnection } from "@nats-io/transport-node";
import { observe } from "../../components/local/provider/observe";
import type { TenantSpec } from "../../config/schema/tenant";
import { accountsText, localEnvironment } from "./accounts";
import { waitMs } from "./limits";
import { startSupercluster, type Supercluster } from "./nats";

const environment = localEnvironment({ regions: ["iad"], servers: 3 });

/** Many clients of one user, all connected to the first of three servers. */
export class Crowd {
  private constructor(
    readonly cluster: Supercluster,
    private readonly tenant: TenantSpec,
    readonly connections: NatsConnection[],
    /** Why connections ended that were not closed here. */
    readonly unexpected: string[],
  ) {}

  static async start(clients: number): Promise<Crowd> {
    const tenant: TenantSpec = {
      name: "crowd",
      home: "iad",
      streams: {},
      consumers: {},
      users: { fan: { subscribes: ["news.>"] } },
    };
    const cluster = await startSupercluster({
      regions: environment.regions,
      servers: environment.servers,
      accounts: accountsText(environment, { crowd: tenant }),
      settings: environment,
    });
    const crowd = new Crowd(cluster, tenant, [], []);
    try {
      while (crowd.connections.length < clients)
        crowd.connections.push(...(await Promise.all(Array.from({ length: 50 }, () => crowd.connect()))));
      return crowd;
    } catch (error) {
      await crowd.stop();
      throw error;
    }
  }

  private async connect(): Promise<NatsConnection> {
    const nc = await this.cluster.connect("crowd-fan", {
      inboxPrefix: "_INBOX_fan",
      // All at the first server, so that all of them lose it.
      noRandomize: true,
      maxReconnectAttempts: -1,
      reconnectTimeWait: 250,
      timeout: waitMs,
    });
    void nc.closed().then((error) => error && this.unexpected.push(error.message));
    return nc;
  }

  /** Names of the servers that clients are connected to. */
  servers = () => new Set(this.connections.map((nc) => nc.info?.server_name));

  /** Adds the user `guest` to the account, by a reload. */
  async addGuest(): Promise<void> {
    const users = { ...this.tenant.users, guest: { subscribes: ["news.>"] } };
    const accounts = accountsText(environment, { crowd: { ...this.tenant, users } });
    await this.cluster.ensure(this.cluster.inputs({ accounts }));
  }

  /** Kills the server that all are connected to; done when each is connected to another one. */
  async loseServer(): Promise<void> {
    const back = this.connections.map(async (nc) => {
      for await (const { type } of nc.status()) if (type === "reconnect") return;
    });
    const { process: server } = (await observe(this.cluster.inputs()["iad-0"]!))!;
    process.kill(server.pid, "SIGKILL");
    await Promise.all(back);
    await Promise.all(this.connections.map((nc) => nc.flush()));
  }

  async stop(): Promise<void> {
    // Not waited for: one that is dialling takes its time, and the servers must end in any case.
    for (const nc of this.connections) void nc.close();
    await this.cluster.stop();
  }
}

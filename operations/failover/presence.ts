import { randomBytes } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import type { NatsConnection } from "@nats-io/transport-node";
import { askAll } from "../../jetstream/system-requests";

/**
 * What servers assume about servers that they do not hear from. Once they know that all servers of a stream are down
 * (at once after a regular shutdown, two to four minutes after a crash), they refuse to change its configuration
 * (error 10118), so that a stream is not moved away from its only copy (nats-server#6856). A failover only takes its
 * subjects away, and has to.
 *
 * They learn it from events of the system account, which the operator may send as well (ADR 0011): after
 * `announceRunning` they accept an update again, which is applied when the servers are back; `announceGone` restores
 * what they knew.
 */
export class Presence {
  /**
   * Made up: a server has a new id after each start, so servers that come back are not mistaken for the announced ones.
   */
  private readonly ids: Record<string, string>;

  constructor(
    private readonly system: NatsConnection,
    /** Cluster of the servers. */
    private readonly cluster: string,
    /** Names of servers that do not answer. */
    readonly silent: string[],
  ) {
    this.ids = Object.fromEntries(
      silent.map((name) => [name, `N${randomBytes(28).toString("hex").slice(1).toUpperCase()}`]),
    );
  }

  /** The servers count as running until they are announced gone, or the others notice it by themselves. */
  async announceRunning(): Promise<void> {
    await this.announce("STATSZ", (server) => ({ server, statsz: { start: new Date().toISOString() } }));
  }

  async announceGone(): Promise<void> {
    await this.announce("SHUTDOWN", (server) => server);
  }

  private async announce(event: "STATSZ" | "SHUTDOWN", body: (server: object) => object): Promise<void> {
    // Described as a running server describes itself: that is what this server version understands.
    const [answer] = await askAll<unknown>(this.system, "STATSZ", {}, 1, 2_000);
    for (const [name, id] of Object.entries(this.ids)) {
      const server = {
        ...answer?.server,
        name,
        id,
        cluster: this.cluster,
        host: "",
        seq: Date.now(),
        time: new Date().toISOString(),
      };
      this.system.publish(`$SYS.SERVER.${id}.${event}`, JSON.stringify(body(server)));
    }
    await this.system.flush();
    // Events pass from server to server without a confirmation.
    await sleep(100);
  }
}

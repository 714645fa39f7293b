import { createInbox, type NatsConnection } from "@nats-io/transport-node";
import { type Access, connectTo, userOf } from "../access/access";

/** One connection for each user and region, opened when first requested. */
export class Connections {
  private readonly open = new Map<string, Promise<NatsConnection>>();

  constructor(private readonly access: Access) {}

  get(region: string, account: string, user: string): Promise<NatsConnection> {
    const key = `${region} ${account} ${user}`;
    let connection = this.open.get(key);
    if (!connection) {
      connection = connectTo(this.access, region, account, user);
      this.open.set(key, connection);
    }
    return connection;
  }

  /** A new subject to which only this user may subscribe. */
  inbox(account: string, user: string): string {
    return createInbox(userOf(this.access, account, user).inboxPrefix);
  }

  async close(): Promise<void> {
    const settled = await Promise.allSettled(this.open.values());
    await Promise.all(
      settled.map((result) => (result.status === "fulfilled" ? result.value.close() : Promise.resolve())),
    );
  }
}

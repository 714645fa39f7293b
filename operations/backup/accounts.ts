import { provisioner, systemAccount } from "../../config/assets/standard";
import type { NatsConnection } from "@nats-io/transport-node";
import { read, write } from "../../jetstream/api";
import type { AccountAccess } from "../../workers/backup/backup";
import type { Ask } from "../../workers/backup/protocol";
import { type Access, connectToAny, userOf } from "../access/access";

/** Runs an action with every account of a deployed environment, connected as its administrator. */
export async function withAccounts<T>(access: Access, action: (accounts: AccountAccess[]) => Promise<T>): Promise<T> {
  const accounts: AccountAccess[] = [];
  try {
    for (const account of Object.keys(access.accounts).filter((name) => name !== systemAccount.name)) {
      const connection = await connectToAny(access, account, provisioner);
      const { inboxPrefix } = userOf(access, account, provisioner);
      accounts.push({ account, connection, inboxPrefix, ask: asking(connection) });
    }
    return await action(accounts);
  } finally {
    await Promise.all(accounts.map(({ connection }) => connection.close()));
  }
}

/** Requests that change nothing are sent again where no answer came: servers that have just started elect leaders. */
export const asking =
  (connection: NatsConnection): Ask =>
  (subject, body) =>
    (/^STREAM\.(INFO|LIST)/.test(subject) ? read : write)(connection, subject, body);

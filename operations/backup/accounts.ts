import { provisioner, systemAccount } from "../../config/assets/standard";
import { asking } from "../../workers/backup/ask";
import type { AccountAccess } from "../../workers/backup/backup";
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

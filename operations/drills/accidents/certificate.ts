import * as path from "node:path";
import { connect } from "@nats-io/transport-node";
import { reloadChanged, reloadUnchanged } from "../../../components/local/provider/disturb";
import { remove, write } from "../../../components/local/provider/files";
import { folderOf } from "../../../components/local/provider/record";
import { clientUrls } from "../../../config/topology";
import { expiredCertificate } from "../../../components/security/expired-certificate";
import type { Access } from "../../access/access";
import type { DrillContext, Prepare } from "../drill";
import { publishersOf } from "../publishers";
import { wait } from "../wait";

/** Relative to the server's folder. */
const files = { cert: "tls/drill.crt", key: "tls/drill.key" } as const;
const connectMs = 5_000;
const everyMs = 500;

/** What the tries to connect to a region came to: `connected`, or why not, with how often. */
type Outcomes = Map<string, number>;

export const certificateExpired: Prepare = (context) => {
  const servers = context.serversIn(context.home);
  const expired = expiredCertificate();
  const outcomes: Outcomes = new Map();
  return Promise.resolve({
    async begin() {
      for (const server of servers) {
        await write(path.join(folderOf(server), files.cert), expired.cert);
        await write(path.join(folderOf(server), files.key), expired.key);
        await reloadChanged(server, (config) => ({
          ...config,
          tls: { ...config.tls, cert_file: files.cert, key_file: files.key },
        }));
      }
    },
    async last() {
      const until = Date.now() + context.holdMs;
      while (Date.now() < until && !context.signal.aborted) {
        // Its authority is trusted, so that what refuses it is its time.
        const outcome = await tryToConnect(context, [context.access.ca, expired.cert].join("\n"));
        outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
        await wait(context, everyMs);
      }
      for (const [outcome, count] of outcomes)
        context.note(`new connections to ${context.home}: ${count} x ${outcome}`);
    },
    async undo() {
      for (const server of servers) {
        await reloadUnchanged(server);
        await Promise.all(Object.values(files).map((file) => remove(path.join(folderOf(server), file))));
      }
      context.note(`after the drill: ${await tryToConnect(context, context.access.ca)}`);
    },
  });
};

async function tryToConnect({ access, checked, home }: DrillContext, ca: string): Promise<string> {
  try {
    const connection = await connect({ ...clientOf(access, checked.tenants, home), tls: { ca } });
    await connection.close();
    return "connected";
  } catch (error) {
    return messageOf(error);
  }
}

/** A user of a tenant, at the servers of a region, once. */
export function clientOf(access: Access, tenants: DrillContext["checked"]["tenants"], region: string) {
  const { account, user } = publishersOf(tenants, [{ region, interval: 0 }]).publishers[0]!;
  const { login, password, inboxPrefix } = access.accounts[account]!.users[user]!;
  return {
    servers: clientUrls(access.environment, region),
    ...{ user: login, pass: password, inboxPrefix, timeout: connectMs, reconnect: false, ignoreClusterUpdates: true },
  };
}

/** The cause of it, where the client has one: the error of TLS. */
function messageOf(error: unknown): string {
  const { message, cause } = error as Error;
  return cause instanceof Error ? messageOf(cause) : message;
}

import * as path from "node:path";
import type { NatsConnection } from "@nats-io/transport-node";
import { provisioner } from "../../config/assets/standard";
import { connectTo, readAccess, userOf } from "../../operations/access/access";
import { BadUsage, Failure } from "../../engine/failure";
import { checkedEnvironment } from "../../operations/settings/checked-environment";
import { print } from "../../engine/terminal";

interface Target {
  env: string;
  account: string;
}

/** Writes a snapshot of a stream into a folder: messages, consumers and their positions. */
export async function backup({ env, account, stream, to }: Target & { stream: string; to: string }): Promise<void> {
  await asProvisioner({ env, account }, async (connection, inboxPrefix) => {
    const { readBackup, takeSnapshot } =
      require("../../jetstream/snapshot") as typeof import("../../jetstream/snapshot");
    const folder = await takeSnapshot(connection, account, stream, path.resolve(to), inboxPrefix);
    const { state } = await readBackup(folder);
    print(
      `${account}/${stream}: ${state.messages.toLocaleString("en")} messages, ${state.bytes.toLocaleString("en")} bytes, in ${folder}`,
    );
  });
}

/** Makes the stream of a snapshot again; one that is there is never touched. */
export async function restore({ env, account, from }: Target & { from: string }): Promise<void> {
  await asProvisioner({ env, account }, async (connection) => {
    const { readBackup, restoreSnapshot } =
      require("../../jetstream/snapshot") as typeof import("../../jetstream/snapshot");
    const folder = path.resolve(from);
    const { config } = await readBackup(folder).catch((error: Error) => {
      throw new BadUsage(`${from} holds no snapshot (${error.message}); name the folder that backup printed`);
    });
    const { messages } = await restoreSnapshot(connection, folder);
    print(`${account}/${config.name}: ${messages.toLocaleString("en")} messages restored`);
  });
}

async function asProvisioner(
  { env, account }: Target,
  action: (connection: NatsConnection, inboxPrefix: string) => Promise<void>,
): Promise<void> {
  const checked = checkedEnvironment(env);
  const access = await readAccess(checked);
  const { inboxPrefix } = userOf(access, account, provisioner);
  const connection = await connectTo(access, checked.environment.regions[0]!, account, provisioner);
  try {
    await action(connection, inboxPrefix);
  } catch (error) {
    throw error instanceof Failure ? error : new Failure((error as Error).message);
  } finally {
    await connection.close();
  }
}

import * as path from "node:path";
import type { NatsConnection } from "@nats-io/transport-node";
import { provisioner } from "../../config/assets/standard";
import { asFailure, BadUsage } from "../../engine/failure";
import { readBackup, restoreSnapshot, takeSnapshot } from "../../jetstream/snapshot";
import { connectTo, readAccess, userOf } from "../access/access";
import type { CheckedEnvironment } from "../settings/checked-environment";
import type { StreamRef } from "../stream/stack-account";

/**
 * Writes a snapshot of a stream (messages, consumers and their positions) into a new folder below `to`; returns that
 * folder and what the snapshot holds.
 */
export function backupStream(
  checked: CheckedEnvironment,
  { account, stream }: StreamRef,
  to: string,
): Promise<{ folder: string; messages: number; bytes: number }> {
  return asProvisioner(checked, account, async (connection, inboxPrefix) => {
    const folder = await takeSnapshot(connection, account, stream, path.resolve(to), inboxPrefix);
    const { messages, bytes } = (await readBackup(folder)).state;
    return { folder, messages, bytes };
  });
}

/**
 * Creates the stream of a snapshot; a stream that exists is never changed. Returns its name and the restored messages.
 * @throws {BadUsage} if the folder does not hold a snapshot, before any server is asked.
 */
export async function restoreStream(
  checked: CheckedEnvironment,
  account: string,
  from: string,
): Promise<{ stream: string; messages: number }> {
  const folder = path.resolve(from);
  const { config } = await readBackup(folder).catch((error: Error) => {
    throw new BadUsage(`${from} does not hold a snapshot (${error.message}); pass the folder that backup printed`);
  });
  const { messages } = await asProvisioner(checked, account, (connection) => restoreSnapshot(connection, folder));
  return { stream: config.name, messages };
}

async function asProvisioner<T>(
  checked: CheckedEnvironment,
  account: string,
  action: (connection: NatsConnection, inboxPrefix: string) => Promise<T>,
): Promise<T> {
  const access = await readAccess(checked);
  const { inboxPrefix } = userOf(access, account, provisioner);
  const connection = await connectTo(access, checked.environment.regions[0]!, account, provisioner);
  try {
    return await action(connection, inboxPrefix);
  } catch (error) {
    throw asFailure(error);
  } finally {
    await connection.close();
  }
}

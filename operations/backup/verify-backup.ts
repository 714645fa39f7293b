import { logProgress } from "../../engine/terminal";
import type { AccountAccess } from "../../workers/backup/backup";
import type { Manifest } from "../../workers/backup/manifest";
import type { StreamBackup } from "../../workers/backup/protocol";
import { restoreAll, type Restored } from "../../workers/backup/restore";
import { asking } from "./accounts";
import { type BackupSource, readSource } from "./backup-all";
import { startThrowawayServer } from "./throwaway-server";

/**
 * Restores a backup into a server of its own, which is gone afterwards, and compares counts, sequences and checksums.
 * Needs nothing of the environment but the backup and its key.
 */
export async function verifyBackup(
  environment: string,
  source: BackupSource,
): Promise<{ manifest: Manifest; results: Restored[] }> {
  const { store, manifest, identities } = await readSource(environment, source);
  const names = [...new Set(manifest.entries.map(({ account }) => account))];
  const server = await startThrowawayServer(names);
  const accounts: AccountAccess[] = [];
  try {
    for (const account of names) {
      const connection = await server.connect(account);
      accounts.push({ account, connection, ask: asking(connection) });
    }
    const results = await restoreAll({ store, manifest, accounts, identities, configured: alone, log: logProgress });
    return { manifest, results };
  } finally {
    await Promise.all(accounts.map(({ connection }) => connection.close()));
    await server.stop();
  }
}

/** What a stream has of other streams, servers or regions. */
const ofOthers: readonly string[] = ["mirror", "mirror_direct", "sources", "placement", "republish"];

/** As a server without others takes it: one replica, placed nowhere, without what it would copy from. Pure. */
const alone = ({ name, ...config }: StreamBackup["config"]): StreamBackup["config"] => ({
  ...Object.fromEntries(Object.entries(config).filter(([field]) => !ofOthers.includes(field))),
  name,
  num_replicas: 1,
});

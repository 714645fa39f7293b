import { connect } from "@nats-io/transport-node";
import { logProgress } from "../../engine/terminal";
import { asking } from "../../workers/backup/ask";
import type { Manifest } from "../../workers/backup/manifest";
import type { Restored } from "../../workers/backup/restore";
import { noteVerified, verifyStreams } from "../../workers/backup/verify";
import { type BackupSource, readSource } from "./backup-all";
import { startThrowawayServer } from "./throwaway-server";

/**
 * Restores a backup into a server of its own, which is gone afterwards, and compares counts, sequences and checksums.
 * Needs nothing of the environment but the backup and its key. Notes beside the backup that it is good, where it may
 * write there.
 */
export async function verifyBackup(
  environment: string,
  source: BackupSource,
): Promise<{ manifest: Manifest; results: Restored[] }> {
  const { store, manifest, identities } = await readSource(environment, source);
  const server = await startThrowawayServer();
  try {
    const connection = await connect(server.options);
    try {
      const access = { connection, ask: asking(connection) };
      const results = await verifyStreams({ store, manifest, identities, server: access, log: logProgress });
      if (results.every(({ result }) => result === "restored"))
        await noteVerified(store, manifest).catch((error: Error) =>
          logProgress(`it could not be noted beside the backup that it is good: ${error.message}`),
        );
      return { manifest, results };
    } finally {
      await connection.close();
    }
  } finally {
    await server.stop();
  }
}

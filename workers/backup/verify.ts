import type { AccountAccess } from "./backup";
import { fileNames, type Manifest } from "./manifest";
import type { StreamBackup } from "./protocol";
import { restoreAll, type Restored } from "./restore";
import { type Store, writeText } from "./store/store";

export interface VerifyOptions {
  store: Store;
  manifest: Manifest;
  /** A server of its own with JetStream and nothing else; its streams of these names are deleted. */
  server: Omit<AccountAccess, "account">;
  identities: readonly string[];
  log: (line: string) => void;
  /** Ends it after the stream in progress, with an error. */
  signal?: AbortSignal;
}

/**
 * Restores every stream of a backup into a server of its own, one after another, and compares counts, sequences and
 * checksums. Each is deleted again: the server needs room for the largest alone, and no two streams meet.
 */
export async function verifyStreams({ manifest, server, signal, ...options }: VerifyOptions): Promise<Restored[]> {
  const results: Restored[] = [];
  for (const entry of manifest.entries) {
    signal?.throwIfAborted();
    const { account, stream } = entry;
    const discard = () => server.ask(`STREAM.DELETE.${stream}`, undefined).catch(() => undefined);
    // Of a run that was killed.
    await discard();
    const one = { manifest: { ...manifest, entries: [entry] }, accounts: [{ account, ...server }], configured: alone };
    results.push(...(await restoreAll({ ...options, ...one })));
    await discard();
  }
  return results;
}

/** Notes beside a backup that all of it was restored and compared: alerts read it there. */
export async function noteVerified(store: Store, { environment, id, entries }: Manifest): Promise<void> {
  const note = { verified: new Date().toISOString(), streams: entries.length };
  await writeText(store, fileNames.verified(environment, id), JSON.stringify(note));
}

/** What a stream has of other streams, servers or regions. */
const ofOthers: readonly string[] = ["mirror", "mirror_direct", "sources", "placement", "republish"];

/** As a small server without others takes it: one replica, placed and reserved nowhere, copying nothing. Pure. */
const alone = ({ name, ...config }: StreamBackup["config"]): StreamBackup["config"] => ({
  ...Object.fromEntries(Object.entries(config).filter(([field]) => !ofOthers.includes(field))),
  name,
  num_replicas: 1,
  max_bytes: -1,
});

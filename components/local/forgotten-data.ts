import * as fs from "node:fs";
import * as path from "node:path";
import { environmentDir } from "../../config/cache";
import { files } from "./layout";

/**
 * Streams in the folders of a region's local servers that are not in its settings, by server: `account/stream`. Servers
 * that were drained have none; others were stopped with their data kept.
 *
 * @param staying names of the servers in the settings
 */
export function forgottenStreams(
  { environment, region }: { environment: string; region: string },
  staying: readonly string[],
): Record<string, string[]> {
  const folder = path.join(environmentDir(environment), region);
  const forgotten = foldersIn(folder).filter((server) => !staying.includes(server));
  return Object.fromEntries(
    forgotten.flatMap((server) => {
      // nats-server's own layout of its store_dir.
      const store = path.join(folder, server, files.data, "jetstream");
      const streams = foldersIn(store).flatMap((account) =>
        foldersIn(path.join(store, account, "streams")).map((stream) => `${account}/${stream}`),
      );
      return streams.length ? [[server, streams.sort()]] : [];
    }),
  );
}

const foldersIn = (folder: string): string[] =>
  fs.existsSync(folder)
    ? fs
        .readdirSync(folder, { withFileTypes: true })
        .flatMap((entry) => (entry.isDirectory() ? [entry.name] : []))
        .sort()
    : [];

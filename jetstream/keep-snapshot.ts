import * as path from "node:path";
import type { Args } from "./wire";
import { Refused } from "./errors";
import type { Account } from "./account";

/** Takes the snapshot of a stream that its arguments ask for, before something of it goes; without one nothing may go. */
export async function keepSnapshot(
  { account: name, name: stream, snapshotTo }: Args,
  { connection, inboxPrefix, logProgress }: Account,
): Promise<void> {
  if (snapshotTo === undefined) return;
  const { takeSnapshot } = require("./snapshot") as typeof import("./snapshot");
  const folder = await takeSnapshot(
    connection,
    name as string,
    stream as string,
    path.resolve(snapshotTo as string),
    inboxPrefix,
  ).catch((error: Error) => {
    throw new Refused(
      `${name as string}/${stream as string}: no snapshot could be taken (${error.message}). Nothing was changed; mend that, or take snapshotTo out.`,
    );
  });
  logProgress(
    `${name as string}/${stream as string}: its snapshot is in ${folder}; to bring it back: npm run restore -- --account ${name as string} --from ${folder}`,
  );
}

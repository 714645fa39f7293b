import * as z from "zod";
import { backupsIn, fileNames, type Manifest, manifestFrom } from "./manifest";
import { readText, type Store } from "./store/store";

/** How old the backups of an environment are, as it is written beside them. */
export interface BackupAge {
  /** The last finished one; undefined: there is none. */
  last?: Manifest;
  /** The last one that was restored and compared, and when. */
  verified?: { id: string; at: Date };
}

const note = z.object({ verified: z.iso.datetime() });

/** Needs no key: what is read has names and numbers only. */
export async function backupAge(store: Store, environment: string): Promise<BackupAge> {
  const found = backupsIn(environment, await store.list(`${environment}/`));
  const last = found.findLast(({ isFinished }) => isFinished);
  const verified = found.findLast(({ id, names }) => names.includes(fileNames.verified(environment, id)));
  const read = async (name: string) => readText(store, name);
  return {
    ...(last && { last: manifestFrom(await read(fileNames.manifest(environment, last.id))) }),
    ...(verified && {
      verified: {
        id: verified.id,
        at: new Date(note.parse(JSON.parse(await read(fileNames.verified(environment, verified.id)))).verified),
      },
    }),
  };
}

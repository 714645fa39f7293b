import { randomUUID } from "node:crypto";
import * as fs from "node:fs/promises";
import * as path from "node:path";
import { isAlive, type ProcessIdentity, startTime } from "./process";
import { read } from "./files";
import { pollUntil } from "../../../config/poll-until";

interface Holder extends ProcessIdentity {
  /** What it does while it holds the lock, for messages of those that wait. */
  task: string;
}

const patience = 30 * 60_000;
const queues = new Map<string, Promise<unknown>>();

/**
 * Runs a task while no other one runs with the same folder, in this process (in order of arrival) and in all others.
 * The lock of a dead process is taken over.
 *
 * @param folder where the lock file is
 * @param task what is done, for messages of those that wait
 * @throws when another process holds the lock for 30 minutes
 */
export function exclusively<T>(folder: string, task: string, work: () => Promise<T>): Promise<T> {
  const turn = (queues.get(folder) ?? Promise.resolve()).then(async () => {
    const lock = await acquire(folder, task);
    try {
      return await work();
    } finally {
      await release(lock);
    }
  });
  queues.set(
    folder,
    turn.catch(() => undefined),
  );
  return turn;
}

/*
 * The lock is a row of numbered files, `restart.lock.<n>`; the highest counts. Taking it is making the next number,
 * which
 * the file system lets only one process do, with its content already in it. So two processes that find a dead holder at
 * once
 * cannot both remove its file; the highest number is never removed at all, only emptied.
 */
const prefix = "restart.lock.";

async function acquire(folder: string, task: string): Promise<string> {
  await fs.mkdir(folder, { recursive: true, mode: 0o700 });
  const self: Holder = { pid: process.pid, startTime: (await startTime(process.pid))!, task };
  let holder: Holder | undefined;
  const lock = await pollUntil(
    async () => {
      const last = await highest(folder);
      holder = await holderOf(path.join(folder, prefix + last));
      if (holder && (await isAlive(holder))) return undefined;
      return take(folder, last + 1, self);
    },
    patience,
    100,
  );
  if (lock) return lock;
  throw new Error(
    `process ${holder?.pid} has held the lock for 30 minutes for: ${holder?.task}; end that process, ` +
      "then run this again",
  );
}

async function take(folder: string, number: number, self: Holder): Promise<string | undefined> {
  const lock = path.join(folder, prefix + number);
  const own = `${lock}.${randomUUID()}`;
  await fs.writeFile(own, JSON.stringify(self), { mode: 0o600 });
  try {
    await fs.link(own, lock);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return undefined;
    throw error;
  } finally {
    await fs.rm(own);
  }
  // A number that others have already taken, released and cleared away can be made again: then a higher one is there.
  if ((await highest(folder)) > number) {
    await fs.rm(lock, { force: true });
    return undefined;
  }
  for (const old of await numbers(folder))
    if (old < number) await fs.rm(path.join(folder, prefix + old), { force: true });
  return lock;
}

const release = (lock: string): Promise<void> => fs.writeFile(lock, "");

const numbers = async (folder: string): Promise<number[]> =>
  (await fs.readdir(folder)).flatMap((name) =>
    /^restart\.lock\.\d+$/.test(name) ? [Number(name.slice(prefix.length))] : [],
  );

const highest = async (folder: string): Promise<number> => Math.max(0, ...(await numbers(folder)));

async function holderOf(lock: string): Promise<Holder | undefined> {
  const content = await read(lock);
  return content ? (JSON.parse(content) as Holder) : undefined;
}

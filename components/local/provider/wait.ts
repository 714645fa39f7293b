import { setTimeout as sleep } from "node:timers/promises";

/** Asks `every` ms until something is found; undefined after `deadline` ms. */
export async function until<T>(
  find: () => Promise<T | undefined>,
  deadline: number,
  every = 50,
): Promise<T | undefined> {
  const end = Date.now() + deadline;
  for (;;) {
    const found = await find();
    if (found !== undefined || Date.now() >= end) return found;
    await sleep(every);
  }
}

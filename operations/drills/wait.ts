import { setTimeout as sleep } from "node:timers/promises";
import type { DrillContext } from "./drill";

/** Waits some milliseconds, or until Ctrl-C. */
export const wait = ({ signal }: Pick<DrillContext, "signal">, milliseconds: number): Promise<void> =>
  sleep(Math.max(0, milliseconds), undefined, { signal }).catch(() => undefined);

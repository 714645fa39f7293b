import * as fs from "node:fs";
import * as path from "node:path";
import { environmentDir } from "../../config/cache";
import type { DrillName } from "./drill";

/** A drill that has begun and has not been taken back. */
interface Begun {
  drill: DrillName;
  /** RFC 3339. */
  since: string;
}

/**
 * What tells the next drill that one was killed. `npm start` needs it not: servers that do not run, or are recorded
 * as changed, are brought back by any deployment.
 */
const fileOf = (environment: string): string => path.join(environmentDir(environment), "drill.json");

export const recordBegun = (environment: string, drill: DrillName): void =>
  fs.writeFileSync(fileOf(environment), JSON.stringify({ drill, since: new Date().toISOString() } satisfies Begun), {
    mode: 0o600,
  });

/** The drill that was not taken back; undefined: there is none. */
export function begun(environment: string): Begun | undefined {
  try {
    return JSON.parse(fs.readFileSync(fileOf(environment), "utf8")) as Begun;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}

export const recordTakenBack = (environment: string): void => fs.rmSync(fileOf(environment), { force: true });

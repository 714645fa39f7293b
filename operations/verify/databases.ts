import { deployCommand } from "../../config/command-lines";
import type { DatabaseStatus } from "../workers/database-status";
import type { Check } from "./checks";

/** A check for the database server of each region's workers. Pure. */
export const databaseChecks = (databases: readonly DatabaseStatus[], environment: string): Check[] =>
  databases.map(({ region, accounts, address, isUp }): Check => {
    const name = `database of workers ${region}`;
    if (address === undefined)
      return {
        name,
        result: "skipped",
        detail: "this machine has no PostgreSQL: each worker has an embedded database of its own (docs/workers.md)",
      };
    return isUp
      ? { name, result: "ok", detail: `PostgreSQL at ${address} for ${accounts.join(", ")}` }
      : {
          name,
          result: "failed",
          detail: `PostgreSQL at ${address} takes no logins; start it again: ${deployCommand(environment)}`,
        };
  });

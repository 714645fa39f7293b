import { takesLogins } from "../../components/local/postgres-ping";
import { stackName } from "../../config/stacks";
import { stackOutputs } from "../../engine/stack-outputs";
import type { RegionOutputs } from "../../stacks/outputs";
import type { CheckedEnvironment } from "../settings/checked-environment";

/** The database server of a region's workers on this machine. */
export interface DatabaseStatus {
  region: string;
  /** Those that have a database in it. */
  accounts: string[];
  /** `host:port`. Absent: this machine has no PostgreSQL, so each worker has an embedded database of its own. */
  address?: string;
  /** Whether it takes logins. */
  isUp: boolean;
}

type Checked = Pick<CheckedEnvironment, "name" | "project" | "environment">;

/** The database servers that local regions were deployed with. Empty where none were; never rejects. */
export async function databaseStatuses(
  checked: Checked,
  outputsOf: (stack: string) => Promise<Partial<RegionOutputs>> = (stack) => stackOutputs(checked, stack),
): Promise<DatabaseStatus[]> {
  const { environment, name } = checked;
  if (environment.target !== "local") return [];
  const found = await Promise.all(
    environment.regions.map(async (region): Promise<DatabaseStatus[]> => {
      const stack = stackName({ environment: name, kind: "region", region });
      const { database } = await outputsOf(stack).catch((): Partial<RegionOutputs> => ({}));
      if (!database) return [];
      const { accounts, port } = database;
      if (port === undefined) return [{ region, accounts, isUp: false }];
      return [{ region, accounts, address: `127.0.0.1:${port}`, isUp: await takesLogins(port) }];
    }),
  );
  return found.flat();
}

import { existsSync, writeFileSync } from "node:fs";
import * as path from "node:path";
import { suggestKnown } from "../../config/problems";
import { provisioner } from "../../config/assets/standard";
import { BadUsage, Failure } from "../../engine/failure";
import { projectFolder } from "../../engine/project";
import { type Access, connectToAny, readAccess } from "../access/access";
import type { CheckedEnvironment } from "../settings/checked-environment";
import { stackOf } from "../stream/stack-account";
import type { ImportedTenant } from "./draft";
import { type LiveAccount, readLive } from "./live";
import { tenantOf } from "./tenant";
import { tenantFile } from "./typescript";

export interface ImportRequest {
  account: string;
  /** Absolute path of the tenant file to write. */
  file: string;
  /** Overwrites a file that exists. */
  force: boolean;
}

/**
 * Reads an account's streams and consumers, and writes the tenant file that declares them. Changes nothing on any
 * server.
 * @throws {BadUsage} for an account that is not in the environment or has failed over, or a file that exists.
 * @throws {Failure} if the environment is not deployed or the account cannot be read.
 */
export async function importAccount(
  checked: CheckedEnvironment,
  { account, file, force }: ImportRequest,
): Promise<ImportedTenant> {
  assertImportable(checked, account);
  assertWritable(file, force);
  const { project, environment, tenants } = checked;
  const live = await readAccount(await readAccess(checked), account);
  const imported = tenantOf(live, {
    account,
    owner: `${project.name}/${stackOf(checked, account)}`,
    environment,
    declared: tenants[account],
    tenants,
  });
  writeFileSync(file, tenantFile(imported, typeFrom(file)), { flag: force ? "w" : "wx" });
  return imported;
}

/** Refuses an account that has no tenant, or whose streams have failed over. Pure. */
export function assertImportable(
  { name, tenants, failovers }: Pick<CheckedEnvironment, "name" | "tenants" | "failovers">,
  account: string,
): void {
  if (!tenants[account])
    throw new BadUsage(
      `${account} is not an account of environment ${name}; ${suggestKnown(account, Object.keys(tenants))}`,
    );
  const failed = Object.keys(failovers).filter((key) => key.startsWith(`${account}/`));
  if (failed.length)
    throw new BadUsage(
      `${failed.join(", ")} failed over, so its mirror differs from what a tenant declares; ` +
        "bring it home first: npm run failback",
    );
}

/** Refuses to overwrite a file. */
export function assertWritable(file: string, force: boolean): void {
  if (existsSync(file) && !force)
    throw new BadUsage(
      `${path.relative(process.cwd(), file)} exists already; ` +
        "write to another file with --out, or overwrite it with --force",
    );
}

async function readAccount(access: Access, account: string): Promise<LiveAccount> {
  const connection = await connectToAny(access, account, provisioner);
  try {
    return await readLive(connection);
  } catch (error) {
    throw new Failure(`account ${account} could not be read: ${(error as Error).message}`);
  } finally {
    await connection.close();
  }
}

/** Where a tenant's file imports its type from. Pure. */
export function typeFrom(file: string): string {
  const relative = path
    .relative(path.dirname(file), path.join(projectFolder, "config", "schema", "tenant"))
    .replaceAll("\\", "/");
  return relative.startsWith(".") ? relative : `./${relative}`;
}

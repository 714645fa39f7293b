import { existsSync, writeFileSync } from "node:fs";
import * as path from "node:path";
import { suggestKnown } from "../../config/problems";
import { provisioner } from "../../config/assets/standard";
import { type Access, connectToAny, readAccess } from "../../operations/access/access";
import { BadUsage, Failure } from "../../engine/failure";
import { stackOf } from "../../operations/stream/stack-account";
import type { Remark } from "../../operations/import/draft";
import { type LiveAccount, readLive } from "../../operations/import/live";
import { tenantOf } from "../../operations/import/tenant";
import { constantOf, marker, tenantFile } from "../../operations/import/typescript";
import { projectFolder } from "../../engine/project";
import { checkedEnvironment } from "../../operations/settings/checked-environment";
import { plural, print } from "../../engine/terminal";

export interface ImportCommand {
  env: string;
  account: string;
  /** Default: `tenants/<account>.ts`. */
  out?: string;
  /** Writes over a file that is there. */
  force?: boolean;
}

/** Writes a tenant file of what is in an account; changes nothing on any server. */
export async function importAccount({ env, account, out, force = false }: ImportCommand): Promise<void> {
  const file = path.resolve(out ?? path.join(projectFolder, "tenants", `${account}.ts`));
  if (existsSync(file) && !force)
    throw new BadUsage(`${shown(file)} is there already; write to another file with --out, or over it with --force`);
  const checked = checkedEnvironment(env);
  const { project, environment, tenants, failovers } = checked;
  if (!tenants[account])
    throw new BadUsage(
      `${account} is no account of environment ${env}; ${suggestKnown(account, Object.keys(tenants))}`,
    );
  const failed = Object.keys(failovers).filter((key) => key.startsWith(`${account}/`));
  if (failed.length)
    throw new BadUsage(
      `${failed.join(", ")} failed over, so its mirror is not what a tenant says; bring it home first: npm run failback`,
    );

  const live = await readAccount(await readAccess(checked), account);
  const imported = tenantOf(live, {
    account,
    owner: `${project.name}/${stackOf(checked, account)}`,
    environment,
    declared: tenants[account],
  });
  writeFileSync(file, tenantFile(imported, typeFrom(file)), { flag: force ? "w" : "wx" });

  const { tenant, toDecide, leftOut, changes } = imported;
  const [streams, consumers] = [Object.values(tenant.streams), Object.values(tenant.consumers)];
  const mirrors = streams.flatMap((stream) => Object.keys(stream.mirrors ?? {}));
  print(
    `${shown(file)}: ${plural(streams.length, "stream")}, ${plural(mirrors.length, "mirror")}, ${plural(consumers.length, "durable")} of ${account}`,
  );
  tell(`to decide, marked ${marker}:`, toDecide);
  tell("left out; it stays as it is, and nobody reconciles it:", leftOut);
  tell("the first up changes:", changes);
  const silent =
    toDecide.length || changes.length ? "Of all else the first up writes nothing" : "The first up writes nothing";
  print(
    `\n${silent} to any server.\nNext: tenants/index.ts takes ${constantOf(account)} from this file; npm run types; npm run plan`,
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

function tell(title: string, remarks: Remark[]): void {
  if (remarks.length) print(`\n${title}\n${remarks.map(({ at, message }) => `  ${at}: ${message}`).join("\n")}`);
}

const shown = (file: string): string => path.relative(process.cwd(), file);

/** Where a tenant's file imports its type from. */
function typeFrom(file: string): string {
  const relative = path
    .relative(path.dirname(file), path.join(projectFolder, "config", "schema", "tenant"))
    .replaceAll("\\", "/");
  return relative.startsWith(".") ? relative : `./${relative}`;
}

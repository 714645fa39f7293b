import * as path from "node:path";
import { projectFolder } from "../../engine/project";
import { plural } from "../../config/plural";
import { print } from "../../engine/terminal";
import type { Remark } from "../../operations/import/draft";
import { importAccount as importInto } from "../../operations/import/import-account";
import { constantOf, marker } from "../../operations/import/typescript";
import { checkedEnvironment } from "../../operations/settings/checked-environment";

export interface ImportCommand {
  env: string;
  account: string;
  /** Default: `tenants/<account>.ts`. */
  out?: string;
  /** Overwrites a file that exists. */
  force?: boolean;
}

/** Writes the tenant file of what an account holds; changes nothing on any server. */
export async function importAccount({ env, account, out, force = false }: ImportCommand): Promise<void> {
  const file = path.resolve(out ?? path.join(projectFolder, "tenants", `${account}.ts`));
  const { tenant, toDecide, leftOut, changes } = await importInto(checkedEnvironment(env), { account, file, force });
  const [streams, consumers] = [Object.values(tenant.streams), Object.values(tenant.consumers)];
  const buckets = [...Object.values(tenant.keyValues ?? {}), ...Object.values(tenant.objectStores ?? {})];
  const mirrors = [...streams, ...buckets].flatMap((stream) => Object.keys(stream.mirrors ?? {}));
  print(
    `${path.relative(process.cwd(), file)}: ` +
      `${plural(streams.length, "stream")}, ${buckets.length ? `${plural(buckets.length, "bucket")}, ` : ""}` +
      `${plural(mirrors.length, "mirror")}, ` +
      `${plural(consumers.length, "durable")} of ${account}`,
  );
  printRemarks(`to decide, marked ${marker}:`, toDecide);
  printRemarks("left out; stays on the servers as it is, and no stack reconciles it:", leftOut);
  printRemarks("the first up changes:", changes);
  const unchanged =
    toDecide.length || changes.length ? "Apart from that, the first up writes nothing" : "The first up writes nothing";
  print(
    `\n${unchanged} to any server.\n` +
      `Next: import ${constantOf(account)} from this file in tenants/index.ts; npm run types; npm run plan`,
  );
}

function printRemarks(title: string, remarks: Remark[]): void {
  if (remarks.length) print(`\n${title}\n${remarks.map(({ at, message }) => `  ${at}: ${message}`).join("\n")}`);
}

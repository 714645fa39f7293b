import { print } from "../../engine/terminal";
import { type MigrationRequest, migrateStream } from "../../operations/migrate/migrate-stream";
import { checkedEnvironment } from "../../operations/settings/checked-environment";
import { confirm, requireTerminal } from "../confirm";
import { countsOf } from "../render/migration";

export interface MigrateCommand extends MigrationRequest {
  env: string;
  yes?: boolean;
}

/** Gives a work queue the retention that is specified, with every message that is left in it. */
export async function migrate({ env, account, stream, retention, yes = false }: MigrateCommand): Promise<void> {
  const checked = checkedEnvironment(env);
  requireTerminal(yes);
  const result = await migrateStream(checked, { account, stream, retention }, async (before) => {
    print(`${countsOf(before)}\n`);
    print(
      "Messages keep their order, sequences and times. Durables deliver nothing until the migration is done; " +
        "then they deliver again what was delivered and not acknowledged.",
    );
    if (!yes) await confirm(`Give ${stream} retention ${retention}?`);
  });
  if (!result) return print(`${stream} has retention ${retention} already; nothing to do`);
  print(
    `\n${countsOf(result.after)}\n\n` +
      `pulumi up --stack ${result.stack}   records it in the state; changes nothing on any server`,
  );
}

import { suggestKnown } from "../../config/problems";
import { confirm, requireTerminal } from "../confirm";
import { withEnvironmentLock } from "../../engine/lock";
import { BadUsage, Failure } from "../../engine/failure";
import { look, nextOf, runMigration } from "../../operations/migrate/migration";
import { Queue } from "../../operations/migrate/queue";
import { countsOf } from "../render/migration";
import { type CheckedEnvironment, checkedEnvironment } from "../../operations/settings/checked-environment";
import { type StreamRef, withStackAccount } from "../../operations/stream/stack-account";
import { print } from "../../engine/terminal";

export interface MigrateCommand extends StreamRef {
  env: string;
  retention: string;
  yes?: boolean;
}

/** Gives a work queue the retention that is specified, with every message that is left in it. */
export async function migrate({ env, account, stream, retention, yes = false }: MigrateCommand): Promise<void> {
  const checked = checkedEnvironment(env);
  requireSpecified(checked, { account, stream, retention });
  requireTerminal(yes);
  const { home } = checked.tenants[account]!.streams[stream]!;
  const { regions, servers } = checked.environment;
  await withEnvironmentLock(env, `migration of ${account}/${stream}`, () =>
    withStackAccount(checked, account, home ?? checked.tenants[account]!.home, (own) =>
      migrated(new Queue(own, stream, regions.length * servers), { stack: own.stack, yes }),
    ),
  );
}

async function migrated(queue: Queue, { stack, yes }: { stack: string; yes: boolean }): Promise<void> {
  const { name, specified } = queue;
  const before = await look(queue);
  const next = await nextOf(queue, before);
  if ("refuse" in next) throw new Failure(next.refuse);
  if (next.step === "nothing")
    return print(`${name} has retention ${String(specified.retention)} already; nothing to do`);
  print(`${countsOf(before)}\n`);
  print(
    "Messages keep their order, sequences and times. Their durables stand still until it is done, and then deliver again what was delivered and not acknowledged.",
  );
  if (!yes) await confirm(`Give ${name} retention ${String(specified.retention)}?`);
  await runMigration(queue);
  print(
    `\n${countsOf(await look(queue))}\n\npulumi up --stack ${stack}   notes it in the state; it changes nothing on any server`,
  );
}

/** What is done is what the program says: otherwise the next `up` would want it back. */
function requireSpecified(
  { name, tenants }: CheckedEnvironment,
  { account, stream, retention }: Omit<MigrateCommand, "env">,
): void {
  const tenant = tenants[account];
  if (!tenant)
    throw new BadUsage(
      `${account} is no account of environment ${name}; ${suggestKnown(account, Object.keys(tenants))}`,
    );
  const spec = tenant.streams[stream];
  if (!spec)
    throw new BadUsage(`${stream} is no stream of ${account}; ${suggestKnown(stream, Object.keys(tenant.streams))}`);
  if (spec.retention !== retention)
    throw new BadUsage(
      `${account}/${stream} is specified with retention "${spec.retention}"; write "${retention}" in its tenant file first`,
    );
}

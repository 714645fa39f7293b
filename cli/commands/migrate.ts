import { assetsOf } from "../../config/assets";
import { insteadOf } from "../../config/problems";
import { provisioner } from "../../config/standard";
import { ofAccounts } from "../../config/validate";
import { connectTo, readAccess } from "../access";
import { confirm, requireSomebodyToAsk } from "../confirm";
import { withEnvironmentLock } from "../environment-lock";
import { BadUsage, Failure } from "../failure";
import { type Choice, stackOf } from "../failover/site";
import { look, nextOf, runMigration } from "../migrate/migration";
import { Queue } from "../migrate/queue";
import { countsOf } from "../migrate/report";
import { type CheckedEnvironment, checkedEnvironment } from "../settings";
import { connectToSystem } from "../supercluster/snapshot";
import { print } from "../terminal";

export interface MigrateCommand extends Choice {
  env: string;
  retention: string;
  yes?: boolean;
}

/** Gives a work queue the retention that is specified, with every message that is left in it. */
export async function migrate({ env, account, stream, retention, yes = false }: MigrateCommand): Promise<void> {
  const checked = checkedEnvironment(env);
  requireSpecified(checked, { account, stream, retention });
  requireSomebodyToAsk(yes);
  await withEnvironmentLock(env, `migration of ${account}/${stream}`, async () => {
    const queue = await open(checked, { account, stream });
    try {
      await migrated(queue, { stack: stackOf(checked, account), yes });
    } catch (error) {
      throw error instanceof Failure ? error : new Failure((error as Error).message);
    } finally {
      await queue.account.connection.close();
      await queue.system.close();
    }
  });
}

async function migrated(queue: Queue, { stack, yes }: { stack: string; yes: boolean }): Promise<void> {
  const { name, specified } = queue;
  const before = await look(queue);
  const next = await nextOf(queue, before);
  if ("refuse" in next) throw new Failure(next.refuse);
  if (next.step === "nothing") return print(`${name} has retention ${String(specified.retention)} already; nothing to do`);
  print(`${countsOf(before)}\n`);
  print("Messages keep their order, sequences and times. Their durables stand still until it is done, and then deliver again what was delivered and not acknowledged.");
  if (!yes) await confirm(`Give ${name} retention ${String(specified.retention)}?`);
  await runMigration(queue);
  print(`\n${countsOf(await look(queue))}\n\npulumi up --stack ${stack}   notes it in the state; it changes nothing on any server`);
}

/** What is done is what the program says: otherwise the next `up` would want it back. */
function requireSpecified({ name, tenants }: CheckedEnvironment, { account, stream, retention }: Omit<MigrateCommand, "env">): void {
  const tenant = tenants[account];
  if (!tenant) throw new BadUsage(`${account} is no account of environment ${name}; ${insteadOf(account, Object.keys(tenants))}`);
  const spec = tenant.streams[stream];
  if (!spec) throw new BadUsage(`${stream} is no stream of ${account}; ${insteadOf(stream, Object.keys(tenant.streams))}`);
  if (spec.retention !== retention) throw new BadUsage(`${account}/${stream} is specified with retention "${spec.retention}"; write "${retention}" in its tenant file first`);
}

async function open(checked: CheckedEnvironment, { account, stream: name }: Choice): Promise<Queue> {
  const { environment, tenants, project } = checked;
  const { streams, consumers } = assetsOf(environment, ofAccounts(tenants, [account]));
  const stream = streams.find((asset) => asset.name === name)!;
  const access = await readAccess(checked);
  const system = await connectToSystem(access);
  const connection = await connectTo(access, stream.region, account, provisioner);
  return new Queue(
    { connection, owner: `${project.name}/${stackOf(checked, account)}`, say: print },
    system,
    environment.regions.length * environment.servers,
    stream,
    consumers.filter((consumer) => consumer.stream === name),
  );
}

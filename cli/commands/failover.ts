import { start as startSchema } from "../../config/schema/failover";
import type { Start } from "../../config/schema/failover";
import { confirm, requireTerminal } from "../confirm";
import { withEnvironmentLock } from "../../engine/lock";
import { BadUsage, Failure } from "../../engine/failure";
import { nextOf, runFailover, stateOf } from "../../operations/failover/failover";
import { checkFailover, type Site, siteOf } from "../../operations/failover/failover-pair";
import { checkedEnvironment } from "../../operations/settings/checked-environment";
import { type StreamRef, withStackAccount } from "../../operations/stream/stack-account";
import { print } from "../../engine/terminal";

export interface FailoverCommand extends StreamRef {
  env: string;
  to: string;
  start: string;
  yes?: boolean;
}

/** Lets the mirror of a stream in another region take its place, also while the stream's own region is lost. */
export async function failover({ env, account, stream, to, start: text, yes = false }: FailoverCommand): Promise<void> {
  const checked = checkedEnvironment(env);
  const start = startOf(text);
  checkFailover(checked, { account, stream }, { to, consumers: {} });
  requireTerminal(yes);
  await withEnvironmentLock(env, `failover of ${account}/${stream}`, () =>
    withStackAccount(checked, account, to, async (own) => {
      const site = siteOf(checked, { account, stream }, own);
      const { facts, next } = await nextOf(site, { to });
      if ("refuse" in next) throw new Failure(next.refuse);
      if (next.step === "nothing") return print(`${stream} is in ${to} already; nothing to do`);
      for (const line of await stateOf(site, facts, { to, start })) print(line);
      if (!yes) await confirm(`Let ${to} take ${account}/${stream} over?`);
      await runFailover(site, { to, start });
      print(toDo(site, { env, to, stack: own.stack }));
    }),
  );
}

function toDo(site: Site, { env, to, stack }: { env: string; to: string; stack: string }): string {
  const { account, name, region } = site.stream;
  const { name: mirror } = site.mirrorIn(to);
  return [
    `\n${name} is in ${to}, as ${mirror}. What there is to do now:`,
    `  commit ${site.setting.file}`,
    `  clients that take messages of ${name} by name take them of ${mirror}; publishers, and clients of push consumers, need nothing`,
    `  pulumi up --stack ${stack} --refresh   notes it in the state; it changes nothing on any server`,
    `  npm run failback -- --account ${account} --stream ${name}${env === "local" ? "" : ` --env ${env}`}   when ${region} is back`,
  ].join("\n");
}

/** `--start` as the setting has it. */
function startOf(text: string): Start {
  const parsed = startSchema.safeParse(/^\d+$/.test(text) ? Number(text) : text);
  if (!parsed.success) throw new BadUsage(`--start ${text}: ${parsed.error.issues[0]!.message}`);
  return parsed.data;
}

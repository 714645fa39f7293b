import { withEnvironmentLock } from "../../engine/lock";
import { BadUsage } from "../../engine/failure";
import { runFailback } from "../../operations/failover/failback";
import { siteOf } from "../../operations/failover/failover-pair";
import { checkedEnvironment } from "../../operations/settings/checked-environment";
import { type StreamRef, withStackAccount } from "../../operations/stream/stack-account";
import { print } from "../../engine/terminal";

export interface FailbackCommand extends StreamRef {
  env: string;
  maxLoss: string;
}

/** Brings a stream home that has failed over: with all that its mirror got meanwhile. */
export async function failback({ env, account, stream, maxLoss }: FailbackCommand): Promise<void> {
  const checked = checkedEnvironment(env);
  const spec = checked.tenants[account]?.streams[stream];
  if (!spec) throw new BadUsage(`${account}/${stream} is no stream of environment ${env}`);
  if (!/^\d+$/.test(maxLoss)) throw new BadUsage(`--max-loss ${maxLoss}: write a number of messages`);
  await withEnvironmentLock(env, `failback of ${account}/${stream}`, () =>
    withStackAccount(checked, account, spec.home ?? checked.tenants[account]!.home, async (own) => {
      const site = siteOf(checked, { account, stream }, own);
      if (!(await runFailback(site, { maxLoss: Number(maxLoss) })))
        return print(`${stream} is at home in ${site.stream.region}, and its mirrors copy it; nothing to do`);
      const home = await site.look(stream);
      print(
        [
          `\n${stream} is at home in ${site.stream.region}${typeof home === "object" ? ` with ${home.messages} messages` : ""}. What there is to do now:`,
          `  commit ${site.setting.file}`,
          `  clients that took messages of its mirror take them of ${stream} again`,
          `  pulumi up --stack ${own.stack} --refresh   notes it in the state; it changes nothing on any server`,
        ].join("\n"),
      );
    }),
  );
}

import { suggestKnown } from "../../config/problems";
import { BadUsage } from "../../engine/failure";
import { withEnvironmentLock } from "../../engine/lock";
import type { CheckedEnvironment } from "../settings/checked-environment";
import { type StreamRef, withStackAccount } from "../stream/stack-account";
import { describeFailover } from "./describe";
import { type FailbackOptions, runFailback } from "./failback";
import { decideFailover, type FailoverOptions, runFailover } from "./failover";
import { checkFailover, failoverPairOf } from "./failover-pair";

/** What was done, as far as a front end reports it. */
export interface FailoverResult {
  /** Region in which the stream belongs. */
  home: string;
  /** Stack that reconciles the stream, and its file, which has the failover setting. */
  stack: string;
  settingFile: string;
}

/**
 * Promotes the mirror of a stream in region `to`, also while the stream's own region is lost. `approve` gets what is
 * known beforehand, a line each, and throws to stop. Returns undefined if the mirror has already been promoted. Safe
 * to repeat.
 * @throws {InvalidInput} for a failover that the settings do not allow, with every reason.
 * @throws {Failure} for what the servers' state does not allow.
 */
export async function failOverStream(
  checked: CheckedEnvironment,
  { account, stream }: StreamRef,
  options: FailoverOptions,
  approve: (lines: string[]) => Promise<void>,
): Promise<(FailoverResult & { mirror: string }) | undefined> {
  const { to } = options;
  checkFailover(checked, { account, stream }, { to, consumers: {} });
  return withEnvironmentLock(checked.name, `failover of ${account}/${stream}`, () =>
    withStackAccount(checked, account, to, async (own) => {
      const pair = failoverPairOf(checked, { account, stream }, own);
      const next = await decideFailover(pair, { to });
      if (next.step === "nothing") return undefined;
      await approve(await describeFailover(pair, await pair.facts(), options));
      await runFailover(pair, options);
      return {
        home: pair.stream.region,
        mirror: pair.mirrorIn(to).name,
        stack: own.stack,
        settingFile: pair.setting.file,
      };
    }),
  );
}

/**
 * Brings a stream back to its home region, with what its mirror stored meanwhile. `isChanged` is false if nothing
 * was left to do; `messages` is undefined if the stream does not answer afterwards. Safe to repeat.
 * @throws {BadUsage} for a stream that is not in the environment.
 * @throws {Failure} when more than `maxLoss` messages would be lost, or the servers' state does not allow it.
 */
export async function failBackStream(
  checked: CheckedEnvironment,
  { account, stream }: StreamRef,
  options: FailbackOptions,
): Promise<FailoverResult & { isChanged: boolean; messages?: number }> {
  const tenant = checked.tenants[account];
  const spec = tenant?.streams[stream];
  if (!spec)
    throw new BadUsage(
      tenant
        ? `${stream} is not a stream of ${account}; ${suggestKnown(stream, Object.keys(tenant.streams))}`
        : `${account} is not an account of environment ${checked.name}; ` +
            suggestKnown(account, Object.keys(checked.tenants)),
    );
  return withEnvironmentLock(checked.name, `failback of ${account}/${stream}`, () =>
    withStackAccount(checked, account, spec.home ?? tenant.home, async (own) => {
      const pair = failoverPairOf(checked, { account, stream }, own);
      const isChanged = await runFailback(pair, options);
      const home = isChanged ? await pair.look(stream) : undefined;
      return {
        home: pair.stream.region,
        stack: own.stack,
        settingFile: pair.setting.file,
        isChanged,
        messages: typeof home === "object" ? home.messages : undefined,
      };
    }),
  );
}

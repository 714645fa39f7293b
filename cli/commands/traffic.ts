import { BadUsage, exitCodes, Failure } from "../../engine/failure";
import { checkedEnvironment } from "../../operations/settings/checked-environment";
import { runTraffic, type TrafficOptions } from "../../operations/traffic/traffic";

/** Publishes sample messages to the streams of an account. The program itself prints its progress and a summary. */
export async function traffic({ env, ...options }: TrafficOptions & { env: string }): Promise<void> {
  const code = await runTraffic(checkedEnvironment(env), options);
  if (code === exitCodes.badUsage) throw new BadUsage("wrong options; nothing was published");
  if (code !== exitCodes.ok) throw new Failure("not every message was published");
}

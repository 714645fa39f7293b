import { BadUsage } from "../../engine/failure";
import { plural } from "../../config/plural";
import { print } from "../../engine/terminal";
import { failBackStream } from "../../operations/failover/commands";
import { checkedEnvironment } from "../../operations/settings/checked-environment";
import type { StreamRef } from "../../operations/stream/stack-account";

export interface FailbackCommand extends StreamRef {
  env: string;
  maxLoss: string;
}

/** Moves a stream back to its home region, with the messages that its mirror stored meanwhile. */
export async function failback({ env, account, stream, maxLoss }: FailbackCommand): Promise<void> {
  const checked = checkedEnvironment(env);
  if (!/^\d+$/.test(maxLoss)) throw new BadUsage(`--max-loss ${maxLoss}: not a number of messages`);
  const { home, stack, settingFile, isChanged, messages } = await failBackStream(
    checked,
    { account, stream },
    { maxLoss: Number(maxLoss) },
  );
  if (!isChanged) return print(`${stream} is in its home region ${home}, and its mirrors copy it; nothing to do`);
  print(
    [
      `\n${stream} is back in ${home}${messages === undefined ? "" : ` with ${plural(messages, "message")}`}. ` +
        "What to do next:",
      `  commit ${settingFile}`,
      `  clients that consumed from its mirror: consume from ${stream} again`,
      `  pulumi up --stack ${stack} --refresh   records it in the state; changes nothing on any server`,
    ].join("\n"),
  );
}

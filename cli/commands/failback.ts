import { BadUsage } from "../../engine/failure";
import { print } from "../../engine/terminal";
import { failBack } from "../../operations/failover/commands";
import { checkedEnvironment } from "../../operations/settings/checked-environment";
import { choiceText, nextLines, selectionOf, type StreamChoice } from "./failover";

export interface FailbackCommand extends StreamChoice {
  env: string;
  maxLoss: string;
  oldServers?: boolean;
}

/** Moves streams back to their home region, with the messages that their mirrors stored meanwhile. */
export async function failback({ env, maxLoss, oldServers, ...choice }: FailbackCommand): Promise<void> {
  const selection = selectionOf(choice);
  const checked = checkedEnvironment(env);
  if (!/^\d+$/.test(maxLoss)) throw new BadUsage(`--max-loss ${maxLoss}: not a number of messages`);
  const result = await failBack(checked, selection, { maxLoss: Number(maxLoss), acceptsOld: oldServers });
  if (!result) return print(`${choiceText(selection)}: all at home, and mirrors copy; nothing to do`);
  print(
    [
      `\nback in ${result.streams[0]!.home}: ` +
        `${result.streams.map(({ account, stream }) => `${account}/${stream}`).join(", ")}. What to do next:`,
      ...nextLines(result),
      "  clients that consumed from a mirror: consume from its stream again",
    ].join("\n"),
  );
}

import { type Start, start as startSchema } from "../../config/schema/failover";
import { npmRun } from "../../config/command-lines";
import { BadUsage } from "../../engine/failure";
import { print } from "../../engine/terminal";
import { failOverStream } from "../../operations/failover/commands";
import { checkedEnvironment } from "../../operations/settings/checked-environment";
import type { StreamRef } from "../../operations/stream/stack-account";
import { confirm, requireTerminal } from "../confirm";

export interface FailoverCommand extends StreamRef {
  env: string;
  to: string;
  start: string;
  yes?: boolean;
}

/** Promotes the mirror of a stream in another region, also while the stream's own region is lost. */
export async function failover({ env, account, stream, to, start: text, yes = false }: FailoverCommand): Promise<void> {
  const checked = checkedEnvironment(env);
  const start = parseStart(text);
  requireTerminal(yes);
  const result = await failOverStream(checked, { account, stream }, { to, start }, async (lines) => {
    for (const line of lines) print(line);
    if (!yes) await confirm(`Fail ${account}/${stream} over to ${to}?`);
  });
  if (!result) return print(`${stream} is in ${to} already; nothing to do`);
  const { home, mirror, stack, settingFile } = result;
  const failback = npmRun("failback", env, ["--account", account, "--stream", stream]);
  print(
    [
      `\n${stream} is in ${to}, as ${mirror}. What to do next:`,
      `  commit ${settingFile}`,
      `  clients that consume from ${stream} by name: consume from ${mirror} instead;`,
      "  publishers, and clients of push consumers: nothing",
      `  pulumi up --stack ${stack} --refresh   records it in the state; changes nothing on any server`,
      `  ${failback}   when ${home} is back`,
    ].join("\n"),
  );
}

/** `--start` as the setting has it. */
function parseStart(text: string): Start {
  const parsed = startSchema.safeParse(/^\d+$/.test(text) ? Number(text) : text);
  if (!parsed.success) throw new BadUsage(`--start ${text}: ${parsed.error.issues[0]!.message}`);
  return parsed.data;
}

import { npmRun } from "../../config/command-lines";
import { BadUsage } from "../../engine/failure";
import { print } from "../../engine/terminal";
import { clientLine, rotatePassword } from "../../operations/rotate/rotate";
import { checkedEnvironment } from "../../operations/settings/checked-environment";
import { confirm, requireTerminal } from "../confirm";

export interface RotateCommand {
  env: string;
  user: string;
  finish?: boolean;
  abort?: boolean;
  disconnect?: boolean;
  yes?: boolean;
}

/** Replaces the password of a user without refusing a client: two are accepted until the old one is taken away. */
export async function rotate({ env, user, finish, abort, disconnect = false, yes = false }: RotateCommand) {
  if (finish && abort) throw new BadUsage("write --finish or --abort, not both");
  const goal = finish ? "finish" : abort ? "abort" : "rotate";
  if (disconnect && goal === "rotate") throw new BadUsage("--disconnect goes with --finish or --abort");
  const checked = checkedEnvironment(env);
  requireTerminal(yes);
  const { login, behind, settingFile } = await rotatePassword(checked, { user, goal, disconnect }, async (lines) => {
    print(`the password of ${user} in environment ${env}:`);
    for (const line of lines) print(line);
    if (!yes) await confirm("Do this?");
  });
  const command = (option: string) => npmRun("rotate", env, ["--user", user, option]);
  print(
    [
      `\n${user} logs in as ${login}. What to do next:`,
      `  commit ${settingFile}`,
      ...(behind
        ? [
            ...(behind.clients.length
              ? [`  these clients still use the old one, ${behind.login}; give them the new one:`]
              : [`  no client uses the old one, ${behind.login}`]),
            ...behind.clients.map((client) => `  ${clientLine(client)}`),
            `  ${command("--finish")}   takes the old one away, once no client uses it`,
            `  ${command("--abort")}   goes back to the old one`,
          ]
        : []),
    ].join("\n"),
  );
}

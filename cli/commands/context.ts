import { contextsDir } from "../../engine/environment";
import { print } from "../../engine/terminal";
import { readAccess } from "../../operations/access/access";
import { writeContexts } from "../../operations/access/contexts";
import { checkedEnvironment } from "../../operations/settings/checked-environment";
import { quoted } from "../../config/command-lines";

/** Writes a context of the nats CLI for each user in each region, and prints how a shell uses them. */
export async function context({ env }: { env: string }): Promise<void> {
  const folder = contextsDir(env);
  const names = writeContexts(await readAccess(checkedEnvironment(env)), folder);
  print(`export XDG_CONFIG_HOME=${quoted(folder)}`);
  print(`# ${names.length} contexts, <account>-<user>-<region>, e.g.:`);
  for (const example of examples(names)) print(`#   ${example}`);
  print("# the nats CLI, if it is not installed: node tools/toolchain.mjs nats;");
  print('# it is on PATH after: eval "$(npm run -s env)"');
}

function examples(names: string[]): string[] {
  const commands: [user: string, command: string][] = [
    ["sys-admin-", "server list 9"],
    ["-provisioner-", "stream ls"],
    ["-provisioner-", "consumer report <stream>"],
  ];
  return commands.flatMap(([user, command]) => {
    const name = names.find((candidate) => candidate.includes(user));
    return name ? [`nats --context ${name} ${command}`] : [];
  });
}

import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import * as path from "node:path";
import { clientUrls } from "../../config/topology";
import { type Access, readAccess } from "../../operations/access/access";
import { contextsDir } from "../../engine/environment";
import { checkedEnvironment } from "../../operations/settings/checked-environment";
import { print } from "../../engine/terminal";
import { quoted } from "./env";

/** Writes a context of the nats CLI for each user in each region, and prints how a shell gets at them. */
export async function context({ env }: { env: string }): Promise<void> {
  const checked = checkedEnvironment(env);
  const access = await readAccess(checked);
  const folder = contextsDir(env);
  const names = writeContexts(access, folder);
  print(`export XDG_CONFIG_HOME=${quoted(folder)}`);
  print(`# ${names.length} contexts, <account>-<user>-<region>, e.g.:`);
  for (const example of examples(names)) print(`#   ${example}`);
  print(
    '# the nats CLI, if you have none: node tools/toolchain.mjs nats; then it is on PATH after: eval "$(npm run -s env)"',
  );
}

/** Writes them anew, in the nats CLI's own format; returns their names. */
export function writeContexts(access: Access, folder: string): string[] {
  const target = path.join(folder, "nats", "context");
  // Users that are gone take their contexts with them.
  rmSync(target, { recursive: true, force: true });
  mkdirSync(target, { recursive: true, mode: 0o700 });
  const ca = path.join(folder, "nats", "ca.crt");
  writeFileSync(ca, access.ca, { mode: 0o600 });
  return Object.entries(access.accounts).flatMap(([account, { users }]) =>
    Object.entries(users).flatMap(([user, { login, password, inboxPrefix }]) =>
      access.environment.regions.map((region) => {
        const name = `${account}-${user}-${region}`;
        const content = {
          description: `${user} of account ${account} in ${region}`,
          url: clientUrls(access.environment, region).join(","),
          user: login,
          password,
          ca,
          inbox_prefix: inboxPrefix,
        };
        writeFileSync(path.join(target, `${name}.json`), `${JSON.stringify(content, undefined, 2)}\n`, { mode: 0o600 });
        return name;
      }),
    ),
  );
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

import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import * as path from "node:path";
import { contextLogin } from "../../components/security/contexts";
import { clientUrls } from "../../config/topology";
import type { Access } from "./access";

/**
 * Writes a context of the nats CLI for each user in each region, readable by the owner only, and deletes those of users
 * that no longer exist.
 * @param folder what XDG_CONFIG_HOME must be for the nats CLI to find them
 * @returns names of the contexts: `<account>-<user>-<region>`
 */
export function writeContexts(access: Access, folder: string): string[] {
  const target = path.join(folder, "nats", "context");
  rmSync(target, { recursive: true, force: true });
  mkdirSync(target, { recursive: true, mode: 0o700 });
  const ca = path.join(folder, "nats", "ca.crt");
  writeFileSync(ca, access.ca, { mode: 0o600 });
  return Object.entries(access.accounts).flatMap(([account, { users }]) =>
    Object.entries(users).flatMap(([user, known]) =>
      access.environment.regions.map((region) => {
        const name = `${account}-${user}-${region}`;
        const { fields, files } = contextLogin(name, known, (file) => path.join(target, file));
        for (const [file, text] of Object.entries(files)) writeFileSync(path.join(target, file), text, { mode: 0o600 });
        const content = {
          description: `${user} of account ${account} in ${region}`,
          url: clientUrls(access.environment, region).join(","),
          ...fields,
          ca,
          inbox_prefix: known.inboxPrefix,
        };
        writeFileSync(path.join(target, `${name}.json`), `${JSON.stringify(content, undefined, 2)}\n`, { mode: 0o600 });
        return name;
      }),
    ),
  );
}

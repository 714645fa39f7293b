import { createInterface } from "node:readline/promises";
import { type Start, start as startSchema } from "../../config/failover";
import { withEnvironmentLock } from "../environment-lock";
import { BadUsage, Failure, Interrupted } from "../failure";
import { nextOf, runFailover, stateOf } from "../failover/failover";
import { type Choice, checkChoice, Site } from "../failover/site";
import { checkedEnvironment } from "../settings";
import { print } from "../terminal";

export interface FailoverCommand extends Choice {
  env: string;
  to: string;
  start: string;
  yes?: boolean;
}

/** Lets the mirror of a stream in another region take its place, also while the stream's own region is lost. */
export async function failover({ env, account, stream, to, start: text, yes = false }: FailoverCommand): Promise<void> {
  const checked = checkedEnvironment(env);
  const start = startOf(text);
  checkChoice(checked, { account, stream }, { to, consumers: {} });
  if (!yes && !process.stdin.isTTY) throw new BadUsage("nobody can be asked here whether this is meant; if it is: --yes");
  await withEnvironmentLock(env, `failover of ${account}/${stream}`, async () => {
    const site = await Site.open(checked, { account, stream }, to);
    try {
      const { facts, next } = await nextOf(site, { to });
      if ("refuse" in next) throw new Failure(next.refuse);
      if (next.step === "nothing") return print(`${stream} is in ${to} already; nothing to do`);
      for (const line of await stateOf(site, facts, { to, start })) print(line);
      if (!yes) await confirm(`Let ${to} take ${account}/${stream} over?`);
      await runFailover(site, { to, start });
      const { name: mirror } = site.mirrorIn(to);
      print(
        [
          `\n${stream} is in ${to}, as ${mirror}. What there is to do now:`,
          `  commit ${site.setting.file}`,
          `  clients that take messages of ${stream} by name take them of ${mirror}; publishers, and clients of push consumers, need nothing`,
          `  pulumi up --stack ${site.stack} --refresh   notes it in the state; it changes nothing on any server`,
          `  npm run failback -- --account ${account} --stream ${stream}${env === "local" ? "" : ` --env ${env}`}   when ${site.stream.region} is back`,
        ].join("\n"),
      );
    } finally {
      await site.close();
    }
  });
}

/** `--start` as the setting has it. */
function startOf(text: string): Start {
  const parsed = startSchema.safeParse(/^\d+$/.test(text) ? Number(text) : text);
  if (!parsed.success) throw new BadUsage(`--start ${text}: ${parsed.error.issues[0]!.message}`);
  return parsed.data;
}

async function confirm(question: string): Promise<void> {
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  const answer = await terminal.question(`${question} (yes/no) `).finally(() => terminal.close());
  if (answer.trim().toLowerCase() !== "yes") throw new Interrupted("nothing was done");
}

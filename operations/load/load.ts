import { once } from "node:events";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import type { Acknowledged, Recorded } from "../../workers/messaging/contract";
import { BadUsage, Failure } from "../../engine/failure";
import { onInterrupt } from "../../engine/interrupt";
import { logProgress } from "../../engine/terminal";
import { type Access, readAccess } from "../access/access";
import { withDeadLetters } from "../dead-letters/dead-letters";
import type { CheckedEnvironment } from "../settings/checked-environment";
import { withStackAccount } from "../stream/stack-account";
import { startTraffic } from "../traffic/traffic";
import type { LoadPlan } from "./plan";
import { durablesOf, streamFacts } from "./observe";
import { readRecorded } from "./recorded";
import { type AccountReport, reportOf } from "./report";

/** Between two looks at what durables have left, in milliseconds. */
const lookEvery = 1_000;
/** Durables that came no further for this time are not waited for, in milliseconds. */
const patience = 30_000;
/** Between two lines of progress of an account, in milliseconds. */
const reportEvery = 5_000;

export interface LoadOptions extends LoadPlan {
  /** Confirmation for an environment that is not local: its name. */
  yesLoad?: string;
}

export interface LoadReport {
  accounts: AccountReport[];
  /** From the last publish until durables had processed everything, or came no further, in seconds. */
  drained: number;
}

/**
 * Publishes the sample traffic of several accounts at the same time, waits until their durables have processed it, and
 * compares what was acknowledged with what is there. Ctrl-C ends the publishing, and the comparison follows.
 *
 * @throws {BadUsage} where the environment is not local and was not confirmed: recipients are invalid, but workers with
 *   real providers do try to send
 * @throws {Failure} where an account is not deployed, or does not answer
 */
export async function runLoad(checked: CheckedEnvironment, options: LoadOptions): Promise<LoadReport> {
  const { yesLoad, ...plan } = options;
  const { name, environment } = checked;
  if (environment.target !== "local" && yesLoad !== name)
    throw new BadUsage(
      `${name} is not a local environment: its workers and their providers would get sample messages. ` +
        `To confirm, pass --yes-load ${name}. Nothing was published.`,
    );
  const access = await readAccess(checked);
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "supercluster-load-"));
  try {
    const recorded = await publishAll(checked, access, plan, folder);
    const ended = Date.now();
    logProgress("published; waiting until it is processed");
    await Promise.all([...recorded].map(([account, messages]) => untilProcessed(checked, account, messages)));
    const drained = (Date.now() - ended) / 1_000;
    const accounts: AccountReport[] = [];
    for (const [account, messages] of recorded) accounts.push(await compare(checked, account, messages));
    return { accounts, drained };
  } finally {
    fs.rmSync(folder, { recursive: true, force: true });
  }
}

async function publishAll(
  checked: CheckedEnvironment,
  access: Access,
  { rates, seconds }: LoadPlan,
  folder: string,
): Promise<Map<string, Recorded[]>> {
  const programs = await Promise.all(
    Object.entries(rates).map(async ([account, rate]) => {
      const file = path.join(folder, account);
      const count = Math.max(1, Math.round(rate * seconds));
      const options = { account, rate: String(rate), count: String(count), record: file };
      return { account, file, child: await startTraffic(checked, access, options, "pipe") };
    }),
  );
  await onInterrupt(
    (press) => programs.forEach(({ child }) => child.kill(press === 1 ? "SIGINT" : "SIGKILL")),
    () =>
      Promise.all(
        programs.map(async ({ account, child }) => {
          let reported = 0;
          createInterface({ input: child.stderr! }).on("line", (line) => {
            const isProgress = /^\d+\.\d s: /.test(line);
            if (isProgress && Date.now() - reported < reportEvery) return;
            if (isProgress) reported = Date.now();
            logProgress(`${account}: ${line}`);
          });
          child.stdout!.resume();
          const [code] = (await once(child, "close")) as [number | null];
          if (code === 2) throw new Failure(`${account}: its sample traffic could not start; see above`);
        }),
      ),
  );
  const recorded = new Map<string, Recorded[]>();
  for (const { account, file } of programs) recorded.set(account, fs.existsSync(file) ? await readRecorded(file) : []);
  return recorded;
}

const streamsOf = (messages: readonly Recorded[]): Map<string, Acknowledged[]> =>
  Map.groupBy(
    messages.filter((one): one is Acknowledged => "seq" in one),
    ({ stream }) => stream,
  );

const homeOf = ({ tenants, environment }: CheckedEnvironment, account: string): string => {
  const home = Object.values(tenants).find(({ name }) => name === account)?.home;
  return environment.regions.find((region) => region === home) ?? environment.regions[0]!;
};

/** Resolves when durables have nothing left, or came no further for `patience`. */
async function untilProcessed(checked: CheckedEnvironment, account: string, messages: Recorded[]): Promise<void> {
  const streams = [...streamsOf(messages).keys()];
  await withStackAccount(checked, account, homeOf(checked, account), async (own) => {
    let [least, since] = [Infinity, Date.now()];
    while (Date.now() - since < patience) {
      const durables = (await Promise.all(streams.map((stream) => durablesOf(own, stream)))).flat();
      const waiting = durables.reduce((sum, durable) => sum + durable.waiting, 0);
      if (waiting === 0) return;
      if (waiting < least) [least, since] = [waiting, Date.now()];
      await sleep(lookEvery);
    }
    logProgress(`${account}: ${least} deliveries are left, and for ${patience / 1_000} s none was processed`);
  });
}

async function compare(checked: CheckedEnvironment, account: string, messages: Recorded[]): Promise<AccountReport> {
  const byStream = streamsOf(messages);
  const streams = await withStackAccount(checked, account, homeOf(checked, account), (own) =>
    Promise.all([...byStream].map(([name, acknowledged]) => streamFacts(own, name, acknowledged))),
  );
  const keepsLetters = Boolean(checked.tenants[account]?.deadLetters);
  const letters = keepsLetters
    ? await withDeadLetters(checked, account, async (own) => (await own.list({}, Number.MAX_SAFE_INTEGER)).letters)
    : [];
  return reportOf(
    account,
    messages,
    streams.flatMap((stream) => stream ?? []),
    letters,
  );
}

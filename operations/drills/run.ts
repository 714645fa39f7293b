import { randomUUID } from "node:crypto";
import { mkdirSync } from "node:fs";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { restore } from "../../components/local/provider/disturb";
import type { ServerName } from "../../components/local/provider/record";
import { environmentDir } from "../../config/cache";
import { assetsOf } from "../../config/assets/assets";
import { provisioner } from "../../config/assets/standard";
import { deployCommand } from "../../config/command-lines";
import { pollUntil } from "../../config/poll-until";
import { serversOf } from "../../config/topology";
import { Failure, Interrupted } from "../../engine/failure";
import { onInterrupt } from "../../engine/interrupt";
import { logProgress } from "../../engine/terminal";
import { type Access, connectTo } from "../access/access";
import { streamFacts } from "../load/observe";
import { type AccountReport, reportOf } from "../load/report";
import type { CheckedEnvironment } from "../settings/checked-environment";
import { AlertWatch } from "./alerts";
import type { Accident, Drill, DrillContext } from "./drill";
import { snapshotOf, unhealthy } from "./health";
import { begun, recordBegun, recordTakenBack } from "./journal";
import { intervals, publishersOf, Publishing } from "./publishers";
import { type DrillResult, drillResult } from "./report";
import { wait } from "./wait";

/** Milliseconds before the accident: for the first acknowledgements, and to be measured without it. */
const warmUpMs = 3_000;
const firstAcksMs = 60_000;
/** For servers and streams to be well again, and for publishers to publish again. */
const recoveryMs = 180_000;
/** For what is settling when a drill is to begin, as `npm run verify` has it. Milliseconds. */
const patienceMs = 10_000;
/** After the accident, in milliseconds. */
const settleMs = 2_000;

export interface DrillOptions {
  /** Default: the one with most streams. */
  region?: string;
  /** Default: the drill's own. Milliseconds. */
  holdMs?: number;
  /** Default: 5,000. */
  clients?: number;
  /** URL of a Prometheus with the alerts of the environment. Default: none is asked. */
  prometheus?: string;
}

/**
 * Makes an accident happen to an environment, measures what publishers notice of it, and takes it back; also after
 * Ctrl-C, which ends it early.
 *
 * @throws {Failure} where the environment is not healthy: nothing was done
 * @throws {CannotSimulate} where this machine cannot do it: nothing was done
 * @throws {Interrupted} after Ctrl-C, once it is taken back
 */
export async function runDrill(
  drill: Drill,
  checked: CheckedEnvironment,
  access: Access,
  options: DrillOptions = {},
): Promise<DrillResult> {
  await takeBackLast(checked);
  const sick = await problemsAfter(checked, access, patienceMs);
  if (sick.length > 0)
    throw new Failure(
      `${checked.name} is not healthy, so what a drill measures would say nothing; nothing was done. ` +
        `npm run status says what to do:\n${sick.map((line) => `  ${line}`).join("\n")}`,
    );
  const abort = new AbortController();
  const result = await onInterrupt(
    (press) => (press === 1 ? abort.abort() : process.exit(130)),
    () => measured(drill, contextOf(drill, checked, access, options, abort.signal), options),
  );
  if (abort.signal.aborted) throw new Interrupted(`${drill.name} was ended early, and taken back`);
  return result;
}

/** Waits until every check of servers and streams passes; what fails still after these milliseconds. */
async function problemsAfter(checked: CheckedEnvironment, access: Access, milliseconds: number): Promise<string[]> {
  let problems: string[] = [];
  const isWell = async () => {
    problems = await snapshotOf(checked, access).then(
      (snapshot) => unhealthy(checked, snapshot),
      (error: Error) => [error.message],
    );
    return problems.length === 0;
  };
  await pollUntil(isWell, milliseconds, 250);
  return problems;
}

interface Noted {
  context: DrillContext;
  notes: string[];
}

function contextOf(
  drill: Drill,
  checked: CheckedEnvironment,
  access: Access,
  { region, holdMs = drill.holdSeconds * 1_000, clients = 5_000 }: DrillOptions,
  signal: AbortSignal,
): Noted {
  const { name, environment } = checked;
  const home = region ?? busiestRegion(checked);
  const notes: string[] = [];
  const progress = (line: string) => logProgress(`${drill.name}: ${line}`);
  const context: DrillContext = {
    ...{ checked, access, home, holdMs, clients, signal, progress },
    other: environment.regions.find((one) => one !== home),
    serversIn: (of) => serverNamesIn(checked, of),
    snapshot: () => snapshotOf(checked, access),
    note(line) {
      notes.push(line);
      progress(line);
    },
  };
  if (!environment.regions.includes(home))
    throw new Failure(`${name} has no region "${home}"; it has ${environment.regions.join(", ")}`);
  return { context, notes };
}

const serverNamesIn = ({ name: environment, environment: settings }: CheckedEnvironment, region: string) =>
  serversOf(settings, region).map(({ name }): ServerName => ({ environment, region, name }));

/** The region in which most streams are. */
function busiestRegion({ environment, tenants }: CheckedEnvironment): string {
  const { streams } = assetsOf(environment, tenants);
  const counts = new Map(environment.regions.map((region) => [region, 0]));
  for (const { region, mirrorOf } of streams) if (!mirrorOf) counts.set(region, (counts.get(region) ?? 0) + 1);
  return [...counts].reduce((most, one) => (one[1] > most[1] ? one : most))[0];
}

/** Brings back the servers that a drill which was killed has left. */
async function takeBackLast(checked: CheckedEnvironment): Promise<void> {
  if (checked.environment.target !== "local") return;
  const left = begun(checked.name);
  if (!left) return;
  logProgress(`the drill ${left.drill} of ${left.since} was killed; taking it back`);
  await takeBack(checked);
}

async function takeBack(checked: CheckedEnvironment): Promise<void> {
  if (checked.environment.target !== "local") return;
  try {
    await restore(checked.environment.regions.flatMap((region) => serverNamesIn(checked, region)));
  } catch (error) {
    throw new Failure(`${(error as Error).message}. To bring all back: ${deployCommand(checked.name)}`);
  }
  recordTakenBack(checked.name);
}

async function measured(drill: Drill, { context, notes }: Noted, options: DrillOptions): Promise<DrillResult> {
  const { checked, access, home, other, progress, signal } = context;
  const { publishers, without } = publishersOf(checked.tenants, [
    { region: home, interval: intervals.home },
    ...(other ? [{ region: other, interval: intervals.elsewhere }] : []),
  ]);
  mkdirSync(environmentDir(checked.name), { recursive: true, mode: 0o700 });
  recordBegun(checked.name, drill.name);
  let accident: Accident | undefined;
  let publishing: Publishing | undefined;
  let alerts: AlertWatch | undefined;
  try {
    progress(`getting ready: ${drill.does}`);
    accident = await drill.prepare()(context);
    publishing = await Publishing.start(access, publishers, `drill-${randomUUID()}`);
    if (!(await publishing.allSince(1, firstAcksMs, signal)) && !signal.aborted)
      throw new Failure("not every stream takes messages; nothing was done. npm run verify says more");
    const from = Date.now();
    await wait(context, warmUpMs);
    alerts = options.prometheus === undefined ? undefined : await AlertWatch.start(options.prometheus);
    const delay = monitorEventLoopDelay({ resolution: 10 });
    delay.enable();
    progress(`begins, for ${context.holdMs / 1_000} s`);
    const recoveredMs = await happen(context, accident, publishing);
    await wait(context, settleMs);
    const to = Date.now();
    delay.disable();
    const fired = await alerts?.stop();
    await publishing.stop();
    progress("looking for each acknowledged message");
    const losses = await lossesOf(context, publishing);
    if (accident.finish) {
      await accident.finish();
      accident = undefined;
      const left = await problemsAfter(checked, access, recoveryMs);
      if (left.length > 0) throw new Failure(`${checked.name} is not healthy after the drill:\n${left.join("\n")}`);
    }
    const { streams } = assetsOf(checked.environment, checked.tenants, checked.failovers);
    return drillResult(drill, {
      ...{ holdMs: context.holdMs, measured: { from, to }, publishings: publishing.all, region: home, losses },
      kept: (account, name) => streams.find((one) => one.account === account && one.name === name)!.spec,
      ...{ unmeasured: without, recoveredMs, alerts: fired, notes, ownDelayMs: delay.max / 1e6 },
    });
  } finally {
    await alerts?.stop();
    await publishing?.stop();
    await accident?.finish?.().catch((error: Error) => progress(error.message));
    await takeBack(checked);
  }
}

/**
 * The accident, from its begin until everything is well again.
 *
 * @returns milliseconds from its end until then; undefined: it is not
 */
async function happen(context: DrillContext, accident: Accident, publishing: Publishing): Promise<number | undefined> {
  const { checked, holdMs, progress } = context;
  try {
    await accident.begin();
    await (accident.last?.() ?? wait(context, holdMs));
  } finally {
    progress("taking it back");
    await accident.undo?.();
  }
  const ended = Date.now();
  // Not ended by Ctrl-C: what it leaves is to be known.
  const problems = await problemsAfter(checked, context.access, recoveryMs);
  const never = new AbortController().signal;
  const arePublishing = await publishing.allSince(Date.now(), recoveryMs, never);
  if (problems.length > 0 || !arePublishing) return undefined;
  const milliseconds = Date.now() - ended;
  progress(`all is well ${(milliseconds / 1_000).toFixed(1)} s after it ended`);
  return milliseconds;
}

/** Looks for every message that was acknowledged, by sequence and id. */
async function lossesOf({ access, checked, home }: DrillContext, { all }: Publishing): Promise<AccountReport[]> {
  const assets = assetsOf(checked.environment, checked.tenants, checked.failovers);
  const reports: AccountReport[] = [];
  for (const [account, own] of Map.groupBy(all, ({ spec }) => spec.account)) {
    const connection = await connectTo(access, home, account, provisioner);
    try {
      const recorded = own.flatMap((one) => one.recorded);
      const acknowledged = Map.groupBy(
        recorded.flatMap((one) => ("seq" in one ? [one] : [])),
        ({ stream }) => stream,
      );
      const stackAccount = { connection, owner: "", logProgress };
      const facts = await Promise.all(
        [...acknowledged].map(([name, messages]) => streamFacts({ account: stackAccount, assets }, name, messages)),
      );
      reports.push(
        reportOf(
          account,
          recorded,
          facts.flatMap((one) => one ?? []),
          [],
        ),
      );
    } finally {
      await connection.close();
    }
  }
  return reports;
}

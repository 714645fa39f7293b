import { suggestKnown } from "../../config/problems";
import { failoverKey, type Start } from "../../config/schema/failover";
import { stackName } from "../../config/stacks";
import { BadUsage, Failure } from "../../engine/failure";
import { withEnvironmentLock } from "../../engine/lock";
import { StackRunner } from "../../engine/stack-run";
import { logProgress } from "../../engine/terminal";
import { together } from "../deploy/deploy";
import type { CheckedEnvironment } from "../settings/checked-environment";
import { type StackAccount, type StreamRef, withStackAccounts } from "../stream/stack-account";
import { deployedRegions } from "../supercluster/deployed-regions";
import { type RestartingRegion, restartingRegions, restartLines } from "../supercluster/restarting-regions";
import { coverageOf, unheardLines } from "./coverage";
import { describeFailover } from "./describe";
import { advanceFailback, type FailbackOptions } from "./failback";
import { advanceFailover, decideFailover } from "./failover";
import { checkFailover, type FailoverPair, failoverPairOf } from "./failover-pair";
import { Mappings } from "./mappings";
import { runTogether } from "./together";

/** All streams of a region, or one. */
export type Selection = { region: string } | StreamRef;

/** What was done, as far as a front end reports it. */
export interface FailoverResult {
  streams: (StreamRef & { home: string; mirror: string })[];
  /** Stacks that reconcile the streams, and their files, which have the failover setting. */
  stacks: string[];
  settingFiles: string[];
}

/**
 * Promotes mirrors of streams whose region is lost, or will be, and makes every other server map their subjects.
 * `approve` gets the plan beforehand, a line each, and throws to stop. Returns undefined if all of it has been done.
 * Safe to repeat: it continues from what is there.
 *
 * @param to region of the mirrors; default: of each stream the one that has most of it
 * @throws {InvalidInput} for a failover that the settings do not allow, with every reason.
 * @throws {Failure} for what the servers' state does not allow; other streams are failed over all the same.
 */
export async function failOver(
  checked: CheckedEnvironment,
  selection: Selection,
  { to, start }: { to?: string; start: Start },
  approve: (lines: string[]) => Promise<void>,
): Promise<FailoverResult | undefined> {
  const { streams, left } = selected(checked, selection);
  if (streams.length === 0)
    throw new Failure(`nothing to fail over: ${left.join("; ") || `${homeOf(checked, selection)} has no streams`}`);
  if (to !== undefined || "stream" in selection)
    for (const one of streams)
      checkFailover(checked, one, { to: to ?? mirrorRegions(checked, one)[0]!, consumers: {} });
  // Read while it connects, and waits for a lost region. Awaited below; until then a failure must not be unhandled.
  const restarting = restartingBeside(checked, homeOf(checked, selection));
  restarting.catch(() => undefined);
  return withPairs(checked, "failover", selection, streams, async (pairs, mappings) => {
    const chosen = await Promise.all(pairs.map(async (pair) => ({ pair, to: to ?? (await bestMirror(pair)), start })));
    const plans = await Promise.allSettled(
      chosen.map(async (one) => ((await decideFailover(one.pair, one)).step === "nothing" ? [] : [one])),
    );
    const refused = plans.flatMap((one) => (one.status === "rejected" ? [(one.reason as Error).message] : []));
    const open = plans.flatMap((one) => (one.status === "fulfilled" ? one.value : []));
    if (open.length === 0 && refused.length) throw new Failure(refused.join("\n"));
    if (open.length === 0) return undefined;
    refuseRestarts(await restarting);
    const lines = await Promise.all(open.map(async (one) => describeFailover(one.pair, await one.pair.facts(), one)));
    const mapped = open.map(({ pair: { stream } }) => ({
      ...{ account: stream.account, stream: stream.name, subjects: stream.spec.subjects },
    }));
    await approve([...lines.flat(), ...unheardLines(checked.tenants, mapped), ...left, ...refused]);
    await runTogether(
      open,
      (one) => advanceFailover(one.pair, one),
      (servers) => mappings.bring(servers),
    );
    if (refused.length) throw new Failure(refused.join("\n"));
    return resultOf(
      open.map((one) => ({ pair: one.pair, mirror: one.pair.mirrorIn(one.to).name })),
      checked,
    );
  });
}

/**
 * Brings streams back to their home region, with what their mirrors stored meanwhile. Returns undefined if nothing was
 * left to do. Safe to repeat.
 *
 * @throws {BadUsage} for a stream or region that is not in the environment.
 * @throws {Failure} when more than `maxLoss` messages of a stream would be lost, or the servers' state does not allow
 * it; other streams are brought back all the same.
 */
export async function failBack(
  checked: CheckedEnvironment,
  selection: Selection,
  options: FailbackOptions,
): Promise<FailoverResult | undefined> {
  const { streams } = selected(checked, selection);
  if (streams.length === 0) return undefined;
  return withPairs(checked, "failback", selection, streams, async (pairs, mappings) => {
    const changed = new Set<FailoverPair>();
    await runTogether(
      pairs,
      (pair) => advanceFailback(pair, options, () => changed.add(pair)),
      (servers) => mappings.bring(servers),
    );
    if (changed.size === 0) return undefined;
    return resultOf(
      [...changed].map((pair) => ({ pair, mirror: "" })),
      checked,
    );
  });
}

const mirrorRegions = ({ tenants }: CheckedEnvironment, { account, stream }: StreamRef): string[] =>
  Object.keys(tenants[account]?.streams[stream]?.mirrors ?? {});

function selected(checked: CheckedEnvironment, selection: Selection): { streams: StreamRef[]; left: string[] } {
  const { environment, tenants, name } = checked;
  if ("region" in selection) {
    if (!environment.regions.includes(selection.region))
      throw new BadUsage(
        `${selection.region} is not a region of environment ${name}; ` +
          suggestKnown(selection.region, environment.regions),
      );
    return coverageOf(environment, tenants, selection.region);
  }
  const { account, stream } = selection;
  const tenant = tenants[account];
  if (!tenant?.streams[stream])
    throw new BadUsage(
      tenant
        ? `${stream} is not a stream of ${account}; ${suggestKnown(stream, Object.keys(tenant.streams))}`
        : `${account} is not an account of environment ${name}; ` + suggestKnown(account, Object.keys(tenants)),
    );
  return mirrorRegions(checked, selection).length
    ? { streams: [selection], left: [] }
    : { streams: [], left: [`${stream} has no mirror`] };
}

function homeOf({ tenants }: CheckedEnvironment, selection: Selection): string {
  if ("region" in selection) return selection.region;
  const tenant = tenants[selection.account]!;
  return tenant.streams[selection.stream]!.home ?? tenant.home;
}

/** Connected through other regions than the home of the streams, where one answers. */
function withPairs<T>(
  checked: CheckedEnvironment,
  command: string,
  selection: Selection,
  streams: StreamRef[],
  action: (pairs: FailoverPair[], mappings: Mappings) => Promise<T>,
): Promise<T> {
  const home = homeOf(checked, selection);
  const { regions } = checked.environment;
  const what = "region" in selection ? selection.region : failoverKey(selection.account, selection.stream);
  const accounts = [...new Set(streams.map(({ account }) => account))];
  return withEnvironmentLock(checked.name, `${command} of ${what}`, () =>
    withStackAccounts(checked, accounts, [...regions.filter((region) => region !== home), home], (own) => {
      const mappings = new Mappings(own[0]!.system, checked.environment, (some) => bringUp(checked, some));
      const byAccount = new Map<string, StackAccount>(accounts.map((account, index) => [account, own[index]!]));
      return action(
        streams.map((one) => failoverPairOf(checked, one, byAccount.get(one.account)!, mappings)),
        mappings,
      );
    }),
  );
}

/** Region stacks write what the settings declare into the accounts file, and end when each server has loaded it. */
async function bringUp(checked: CheckedEnvironment, regions: string[]): Promise<void> {
  const runner = new StackRunner(checked);
  logProgress(
    `loading what is mapped on every server of ${regions.join(", ")}: until each has it, publishers get to the ` +
      "stream or to its mirror, by the server they are connected to; if this is interrupted, run the command again",
  );
  await together(regions, async (region) => {
    await runner.up(stackName({ environment: checked.name, kind: "region", region }), "region");
  });
}

/** Deployed regions but the home of the streams whose servers an `up` would restart. */
const restartingBeside = async (checked: CheckedEnvironment, home: string): Promise<RestartingRegion[]> =>
  restartingRegions(checked, await deployedRegions(checked)).filter(({ region, isNew }) => region !== home && !isNew);

/** While a region is lost, no other server may be restarted by the way. */
function refuseRestarts(restarting: readonly RestartingRegion[]): void {
  if (restarting.length)
    throw new Failure(
      `the settings differ from what is deployed, so mapping the subjects would restart servers: ` +
        `${restartLines(restarting).join("; ")}. Run the command from the commit that is deployed. Nothing was done.`,
    );
}

/** Of the mirrors that answer the one that has most; one that has taken over already before all others. */
async function bestMirror(pair: FailoverPair): Promise<string> {
  const { mirrors, declared } = await pair.facts();
  const known = mirrors.flatMap(({ region, found }) => (typeof found === "object" ? [{ region, ...found }] : []));
  const taken = known.find(({ isMirror }) => !isMirror)?.region ?? declared;
  const most = known.toSorted((one, other) => other.lastSeq - one.lastSeq)[0]?.region;
  return taken ?? most ?? mirrors[0]!.region;
}

function resultOf(done: { pair: FailoverPair; mirror: string }[], checked: CheckedEnvironment): FailoverResult {
  const files = done.map(({ pair }) => pair.setting.file);
  return {
    streams: done.map(({ pair: { stream }, mirror }) => ({
      ...{ account: stream.account, stream: stream.name, home: stream.region, mirror },
    })),
    stacks: checked.stacks.jetstream.filter((stack) => files.some((file) => file.endsWith(`Pulumi.${stack}.yaml`))),
    settingFiles: [...new Set(files)],
  };
}

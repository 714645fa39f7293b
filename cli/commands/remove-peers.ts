import { stackName } from "../../config/stacks";
import { systemAccount, provisioner } from "../../config/assets/standard";
import { timeouts } from "../../jetstream/timeouts";
import { type Access, connectToAny, readAccess } from "../../operations/environment/access";
import { confirm, requireSomebodyToAsk } from "../confirm";
import { withEnvironmentLock } from "../../engine/lock";
import { existingStacks } from "../../engine/existing-stacks";
import { BadUsage, Failure } from "../../engine/failure";
import { copiesOn, unansweredOf } from "../../operations/remove-peers/holdings";
import { peersAmong, serverNames } from "../../operations/remove-peers/peers";
import { refusalsOf } from "../../operations/remove-peers/refusals";
import { removePeer } from "../../operations/remove-peers/remove";
import { type CheckedEnvironment, checkedEnvironment } from "../../operations/environment/settings";
import { connectToSystem, type Snapshot, snapshotUntil, takeSnapshot } from "../../operations/supercluster/snapshot";
import { currentPeers } from "../../operations/supercluster/status";
import type { Peer } from "../../operations/supercluster/wire";
import { table } from "../render/table";
import { colours, logProgress, plural, print } from "../../engine/terminal";

export interface ForgetRegionOptions {
  env: string;
  region: string;
  /** One server of a region that stays. */
  server?: string;
  yes?: boolean;
}

/** Servers notice within 4 to 9 s that a leader is gone, and may have to vote twice. */
const electionMs = 20_000;

/**
 * Takes the servers of a region that has left out of the meta group: those that are gone for good count for its majority otherwise. Refuses
 * while anything of the region is left.
 */
export async function forgetRegion({ env, region, server, yes = false }: ForgetRegionOptions): Promise<void> {
  const checked = checkedEnvironment(env);
  const names = namesOf(checked, region, server);
  requireSomebodyToAsk(yes);
  await withEnvironmentLock(env, `forget-region of ${region}`, async () => {
    const access = await readAccess(checked);
    // Without a leader nobody answers; the next attempt may find a new one.
    Object.assign(timeouts, { requestMs: 5_000, deadlineMs: 20_000 });
    const system = await connectToSystem(access);
    try {
      const expected = checked.environment.regions.length * checked.environment.servers;
      // Those who should not answer get the time to; a region that was just lost may have had the leader.
      const snapshot = await snapshotUntil(
        () => takeSnapshot(system, expected + names.length),
        ({ meta }) => meta !== undefined,
        electionMs,
      );
      const peers = peersAmong(names, snapshot);
      const refusals = refusalsOf({
        server,
        names,
        ...(await stackOfRegion(checked, region)),
        snapshot,
        copies: copiesOn(names, snapshot),
        unanswered: peers.length ? await unanswered(access) : [],
      });
      if (refusals.length)
        throw new Failure(
          `${server ?? region} cannot be forgotten yet, nothing was done:\n${refusals.map((line) => `  ${line}`).join("\n")}`,
        );
      if (peers.length === 0)
        return print(`no server of ${server ?? region} is a peer of the meta group; nothing to do`);
      print(renderPeers(peers));
      if (!yes) await confirm(`Remove ${plural(peers.length, "peer")} from the meta group, for good?`);
      for (const peer of peers) {
        const after = await removePeer(system, () => takeSnapshot(system, expected), peer);
        logProgress(`  ${peer.name} is removed: ${counted(after)}`);
      }
      print(
        `\n${server ?? region} is forgotten. What there is to do now: ${server ? `the other servers of ${region} (docs/runbooks/remove-a-region.md)` : commandOf(env)}`,
      );
    } finally {
      await system.close();
    }
  });
}

/** Restarts the others, who still dial the region. */
const commandOf = (env: string): string => (env === "local" ? "npm start" : `npm run deploy -- --env ${env}`);

/** Servers to forget; refuses a region that is to stay. */
function namesOf(
  { name: env, environment: { regions } }: CheckedEnvironment,
  region: string,
  server: string | undefined,
): string[] {
  const all = serverNames(region);
  if (server === undefined) {
    if (!regions.includes(region)) return all;
    throw new BadUsage(
      `${region} is a region of environment ${env}; take it out of Pulumi.yaml first, in the order of docs/runbooks/remove-a-region.md. Nothing was done.`,
    );
  }
  if (all.includes(server)) return [server];
  throw new BadUsage(`--server ${server} is no server of ${region}; write one of ${all.join(", ")}. Nothing was done.`);
}

/** The region's stack, which the settings may not have any more, and whether it holds anything. */
async function stackOfRegion(
  checked: CheckedEnvironment,
  region: string,
): Promise<{ stack: string; isDeployed: boolean }> {
  const stack = stackName({ environment: checked.name, kind: "region", region });
  const existing = await existingStacks({ ...checked, stacks: { ...checked.stacks, regions: [stack], jetstream: [] } });
  return { stack, isDeployed: existing.get(stack) === "deployed" };
}

/** Streams of all accounts that nobody answers for. */
async function unanswered(access: Access): Promise<string[]> {
  const accounts = Object.keys(access.accounts).filter((account) => account !== systemAccount.name);
  const all = await Promise.all(
    accounts.map(async (account) => {
      const connection = await connectToAny(access, account, provisioner);
      try {
        return (await unansweredOf(connection)).map((stream) => `${account}/${stream}`);
      } catch (error) {
        throw new Failure(
          `nobody can say which streams ${account} has: ${(error as Error).message}. Nothing was done.`,
        );
      } finally {
        await connection.close();
      }
    }),
  );
  return all.flat();
}

function renderPeers(peers: readonly Peer[]): string {
  return table(
    ["PEER", "LAST HEARD OF", "ENTRIES BEHIND"],
    peers.map(({ name, active = 0, lag = 0 }) => [
      name,
      active > 0 ? `${Math.round(active / 1e9)} s ago` : "never by this leader",
      String(lag),
    ]),
    colours.dim,
  );
}

const counted = (snapshot: Snapshot): string =>
  `${plural(snapshot.meta!.cluster_size, "peer")} left, ${currentPeers(snapshot)} current, leader ${snapshot.meta!.leader!}`;

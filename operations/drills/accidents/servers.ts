import { kill, restore, stopGently } from "../../../components/local/provider/disturb";
import type { ServerName } from "../../../components/local/provider/record";
import { regionOfServer } from "../../../config/topology";
import { CannotSimulate, Failure } from "../../../engine/failure";
import type { Accident, DrillContext, Prepare } from "../drill";
import { wait } from "../wait";

/** Servers of the region, those that lead most streams first. */
export async function byLeaders(context: DrillContext): Promise<ServerName[]> {
  const { servers } = await context.snapshot();
  const leads = ({ name }: ServerName) => servers[name]?.leads ?? 0;
  return context.serversIn(context.home).toSorted((one, other) => leads(other) - leads(one));
}

const killing = (context: DrillContext, servers: ServerName[]): Accident => ({
  async begin() {
    context.note(`killed: ${servers.map(({ name }) => name).join(", ")}`);
    await Promise.all(servers.map(kill));
  },
  undo: () => restore(servers),
});

export const serverKilled: Prepare = async (context) => killing(context, (await byLeaders(context)).slice(0, 1));

/** As a node that is drained, or a deployment, ends it: it hands its leaders over first. */
export const serverStopped: Prepare = async (context) => {
  const [server] = await byLeaders(context);
  return {
    async begin() {
      context.note(`stopped: ${server!.name}`);
      await stopGently(server!);
    },
    undo: () => restore([server!]),
  };
};

export const twoOfThree: Prepare = async (context) => {
  const servers = await byLeaders(context);
  if (servers.length !== 3)
    throw new CannotSimulate(`${context.home} has ${servers.length} servers; this drill needs a region of three`);
  return killing(context, servers.slice(0, 2));
};

export const regionLost: Prepare = (context) => Promise.resolve(killing(context, context.serversIn(context.home)));

export const metaLeaderLost: Prepare = async (context) => {
  const leader = (await context.snapshot()).meta?.leader;
  const server = leader && context.serversIn(regionOfServer(leader)).find(({ name }) => name === leader);
  if (!server) throw new Failure("no server says that it leads the meta group: npm run verify says more");
  const accident = killing(context, [server]);
  let killedAt = 0;
  return {
    ...accident,
    async begin() {
      killedAt = Date.now();
      await accident.begin();
    },
    async last() {
      while (!context.signal.aborted && Date.now() - killedAt < context.holdMs) {
        const now = (await context.snapshot().catch(() => undefined))?.meta?.leader;
        if (now && now !== leader) {
          context.note(`${now} leads the meta group, at most ${((Date.now() - killedAt) / 1_000).toFixed(1)} s later`);
          return wait(context, killedAt + context.holdMs - Date.now());
        }
      }
      if (!context.signal.aborted) context.note("no new meta leader was seen before the server was started again");
    },
  };
};

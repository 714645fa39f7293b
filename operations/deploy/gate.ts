import type { CheckedEnvironment } from "../settings/checked-environment";
import { type Access, readAccess } from "../access/access";
import { Failure } from "../../engine/failure";
import { connectToSystem, type Snapshot, snapshotUntil, takeSnapshot } from "../supercluster/snapshot";
import { worseThan } from "./health-diff";
import { logProgress } from "../../engine/terminal";

/** Replicas that were down catch up. */
const patienceMs = 5 * 60_000;

/** Looks after each region whether all is as well as it was before the first one was touched. */
export class Gate {
  private constructor(
    private readonly checked: CheckedEnvironment,
    private readonly before: { access: Access; snapshot: Snapshot } | undefined,
  ) {}

  /** Remembers how it is now. Where nobody answers there is nothing that could be lost, and nothing to compare with. */
  static async open(checked: CheckedEnvironment): Promise<Gate> {
    try {
      const access = await readAccess(checked);
      return new Gate(checked, { access, snapshot: await look(checked, access) });
    } catch (error) {
      logProgress(
        `no server can be asked (${(error as Error).message.split("\n")[0]}): regions come up one after another without a look at the others in between`,
      );
      return new Gate(checked, undefined);
    }
  }

  /** Waits until it is so again. Throws where it is not in time. */
  async pass(stack: string): Promise<void> {
    if (!this.before) return;
    const { access, snapshot } = this.before;
    const worse = worseThan(snapshot, await look(this.checked, access, (now) => worseThan(snapshot, now).length === 0));
    if (worse.length === 0) return;
    throw new Failure(
      `after ${stack} was brought up, not all is as well as before, for ${patienceMs / 60_000} min; no other region was touched:\n` +
        `${worse.map((line) => `  ${line}`).join("\n")}\nSee: npm run status -- --env ${this.checked.name}. When it is mended, run this again: it goes on from here.`,
    );
  }
}

async function look(
  { environment: { regions, servers } }: CheckedEnvironment,
  access: Access,
  isGood: (snapshot: Snapshot) => boolean = () => true,
): Promise<Snapshot> {
  const system = await connectToSystem(access);
  try {
    return await snapshotUntil(() => takeSnapshot(system, regions.length * servers), isGood, patienceMs);
  } finally {
    await system.close();
  }
}

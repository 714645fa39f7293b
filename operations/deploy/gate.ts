import type { CheckedEnvironment } from "../settings/checked-environment";
import { type Access, readAccess } from "../access/access";
import { npmRun } from "../../engine/command-lines";
import { Failure } from "../../engine/failure";
import { connectToSystem, type Snapshot, snapshotUntil, takeSnapshot } from "../supercluster/snapshot";
import { worseThan } from "./health-diff";
import { logProgress } from "../../engine/terminal";

/** Replicas that were down need time to catch up. */
const patienceMs = 5 * 60_000;

/** Between two regions of a deployment: lets the next one change only while all is as healthy as before the first. */
export class Gate {
  private constructor(
    private readonly checked: CheckedEnvironment,
    private readonly before: { access: Access; snapshot: Snapshot } | undefined,
  ) {}

  /** Remembers the current health. Where no server answers there is nothing to compare with: then the gate is open. */
  static async open(checked: CheckedEnvironment): Promise<Gate> {
    try {
      const access = await readAccess(checked);
      return new Gate(checked, { access, snapshot: await look(checked, access) });
    } catch (error) {
      logProgress(
        `no server answers (${(error as Error).message.split("\n")[0]}): ` +
          "regions are deployed one after another, without a health check of the others in between",
      );
      return new Gate(checked, undefined);
    }
  }

  /**
   * Waits until all is as healthy as before, at most 5 minutes.
   * @throws {Failure} naming what is not
   */
  async pass(stack: string): Promise<void> {
    if (!this.before) return;
    const { access, snapshot } = this.before;
    const worse = worseThan(snapshot, await look(this.checked, access, (now) => worseThan(snapshot, now).length === 0));
    if (worse.length === 0) return;
    throw new Failure(
      [
        `${stack} was deployed, but after ${patienceMs / 60_000} min the supercluster is less healthy than before; ` +
          "no other region was changed:",
        ...worse.map((line) => `  ${line}`),
        `See: ${npmRun("status", this.checked.name)}. Once it is fixed, ` +
          "run this command again; it continues from here.",
      ].join("\n"),
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

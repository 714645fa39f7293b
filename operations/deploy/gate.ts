import type { CheckedEnvironment } from "../settings/checked-environment";
import { readAccess } from "../access/access";
import { serverNames } from "../../config/topology";
import { npmRun } from "../../config/command-lines";
import { serversInAll } from "../../config/sizes";
import { Failure } from "../../engine/failure";
import { connectToSystem, type Snapshot, snapshotUntil, takeSnapshot } from "../supercluster/snapshot";
import { worseThan } from "./health-diff";
import { logProgress } from "../../engine/terminal";

/** Replicas that were down need time to catch up. */
const patienceMs = 5 * 60_000;

/** Takes snapshots until one is good or 5 minutes have passed; returns the last. */
type Observe = (isGood: (snapshot: Snapshot) => boolean) => Promise<Snapshot>;

/** Between two regions of a deployment: lets the next one change only while all is as healthy as before the first. */
export class Gate {
  private constructor(
    private readonly environment: string,
    private readonly before: { observe: Observe; snapshot: Snapshot } | undefined,
  ) {}

  /**
   * Remembers the current health. Where no server answers there is nothing to compare with: then the gate is open.
   * @param connect default: reads how to connect once, from the region's outputs
   */
  static async open(checked: CheckedEnvironment, connect = observer): Promise<Gate> {
    try {
      const observe = await connect(checked);
      return new Gate(checked.name, { observe, snapshot: ofSettings(checked, await observe(() => true)) });
    } catch (error) {
      logProgress(
        `no server answers (${(error as Error).message.split("\n")[0]}): ` +
          "regions are deployed one after another, without a health check of the others in between",
      );
      return new Gate(checked.name, undefined);
    }
  }

  /** Whether there is something to compare with. */
  get isClosed(): boolean {
    return this.before !== undefined;
  }

  /**
   * Waits until all is as healthy as before, at most 5 minutes.
   * @throws {Failure} naming what is not
   */
  async pass(stack: string): Promise<void> {
    if (!this.before) return;
    const { observe, snapshot } = this.before;
    const worse = worseThan(snapshot, await observe((now) => worseThan(snapshot, now).length === 0));
    if (worse.length === 0) return;
    throw new Failure(
      [
        `${stack} was deployed, but after ${patienceMs / 60_000} min the supercluster is less healthy than before; ` +
          "no other region was changed:",
        ...worse.map((line) => `  ${line}`),
        `See: ${npmRun("status", this.environment)}. Once it is fixed, ` +
          "run this command again; it continues from here.",
      ].join("\n"),
    );
  }
}

/** A snapshot without the servers that this deployment stops. */
const ofSettings = ({ environment }: CheckedEnvironment, snapshot: Snapshot): Snapshot => {
  const staying = serverNames(environment);
  const servers = Object.entries(snapshot.servers).filter(([name]) => staying.includes(name));
  return { ...snapshot, servers: Object.fromEntries(servers) };
};

async function observer(checked: CheckedEnvironment): Promise<Observe> {
  const access = await readAccess(checked);
  const wanted = serversInAll(checked.environment);
  // The first observation waits for all that answer: there may be more than in the settings, which this deployment
  // stops.
  let expected = Number.MAX_SAFE_INTEGER;
  return async (isGood) => {
    // A connection for each observation: the deployment in between may restart the server of this one.
    const system = await connectToSystem(access);
    try {
      const snapshot = await snapshotUntil(() => takeSnapshot(system, expected), isGood, patienceMs);
      const count = Math.max(wanted, Object.keys(snapshot.servers).length);
      if (expected > count) expected = count;
      return snapshot;
    } finally {
      await system.close();
    }
  };
}

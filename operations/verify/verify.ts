import { serversInAll } from "../../config/sizes";
import { type Access } from "../access/access";
import type { CheckedEnvironment } from "../settings/checked-environment";
import { connectToSystem, type Snapshot, snapshotUntil, takeSnapshot } from "../supercluster/snapshot";
import { type Status, statusOf } from "../supercluster/status";
import { type Check, checksOf, hasUnconnectedMirror } from "./checks";
import { objectChecks } from "./objects";
import { databaseStatuses } from "../workers/database-status";
import { workerStatuses } from "../workers/worker-status";
import { databaseChecks } from "./databases";
import { listenerChecks } from "./listeners";
import { monitoringChecks, settledMonitoring } from "./monitoring";
import { prove } from "./prove";
import { readyWorkers, workerChecks } from "./workers";

/** Mirrors copy asynchronously, and replicas that were down need time to catch up. */
const settleMs = 10_000;

/** A mirror whose request for messages was lost with a server asks again: after about 40 s. */
const reconnectMs = 60_000;

/** What a verification found. */
export interface Verification {
  status: Status;
  /** Checks of settings, servers and objects in Kubernetes clusters, then the proofs that messages pass. */
  checks: Check[];
  /** Duration. */
  milliseconds: number;
}

/** The checks that make a verification fail; warnings and skipped checks do not. Pure. */
export const failedChecks = ({ checks }: Pick<Verification, "checks">): Check[] =>
  checks.filter(({ result }) => result === "failed");

/**
 * Runs every check, then the proofs. Before and after the proofs, mirrors and replicas have up to 10 s to catch up, and
 * a mirror that is not connected a minute to connect.
 * @throws {Failure} when no region answers; checks that fail are part of the result
 */
export async function verifySupercluster(checked: CheckedEnvironment, access: Access): Promise<Verification> {
  const started = Date.now();
  const objects = objectChecks(checked);
  const system = await connectToSystem(access);
  try {
    const take = () => takeSnapshot(system, serversInAll(checked.environment));
    const isGood = (snapshot: Snapshot) => failedChecks({ checks: checksOf(checked, snapshot) }).length === 0;
    const settled = async (): Promise<Snapshot> => {
      const snapshot = await snapshotUntil(take, isGood, settleMs);
      if (!hasUnconnectedMirror(checked, snapshot)) return snapshot;
      await snapshotUntil(take, (one) => !hasUnconnectedMirror(checked, one), reconnectMs);
      return snapshotUntil(take, isGood, settleMs);
    };
    const snapshot = await settled();
    const workers = await readyWorkers(checked);
    const proofs = await prove(checked, access, system, snapshot, workers);
    // Taken again after the proofs: their messages must be in the mirrors too.
    const after = await settled();
    const databases = await databaseStatuses(checked);
    const monitoring = await settledMonitoring(checked);
    return {
      status: statusOf(checked, after, { workers: await workerStatuses(checked), databases, monitoring }),
      checks: [
        ...checksOf(checked, after),
        ...(await listenerChecks(access)),
        ...databaseChecks(databases, checked.name),
        ...workerChecks(workers),
        ...monitoringChecks(monitoring, checked.name, workers),
        ...(await objects),
        ...proofs,
      ],
      milliseconds: Date.now() - started,
    };
  } finally {
    await system.close();
  }
}

import { setTimeout as sleep } from "node:timers/promises";
import { hasPendingOperations, locksOf } from "./backend";
import { backendUrlOf, stateFolder } from "./environment";
import { Failure, Interrupted } from "./failure";
import { isInterrupted, onInterrupt } from "./interrupt";
import { enginesOn, orphansOf } from "./processes";
import { lockIn } from "./pulumi-text";
import { pulumiExit, PulumiFailure, type Result } from "./run";
import {
  createdUnrecorded,
  type CurrentOperation,
  heldElsewhere,
  holderOf,
  inProgress,
  type LockHolder,
  needsOperator,
  ofNoStack,
  type PendingOperation,
} from "./stack-locks";
import { logProgress } from "./terminal";
import { end, type Process, processes } from "../tools/processes.mjs";

/** Runs pulumi with these arguments on the stack. */
type Run<Ended = unknown> = (args: string[]) => Promise<Ended>;

const patienceMs = 20 * 60_000;

/**
 * Prepares a stack of the file backend for a run: waits up to 20 minutes for another run, and cleans up after a killed
 * one (its lock, its orphans, its pending operations). Throws Failure when the stack stays locked.
 */
export async function recover(project: string, stack: string, run: Run, state = stateFolder()): Promise<void> {
  await waitForOtherRun(stack, (running) => {
    const locks = locksOf(state, project, stack);
    // An engine takes the lock only after it has read its settings and started its plugins.
    return aliveHolder(stack, locks, running) ?? enginesOn(running, backendUrlOf(state), stack)[0];
  });
  // A run whose terminal was closed ends at its next line of output, which may be only now.
  await endOrphans(state);
  if (locksOf(state, project, stack).length > 0) await releaseLock(stack, run);
  if (hasPendingOperations(state, project, stack)) await clearPending(stack, run);
}

/**
 * Runs pulumi on a stack of any other backend, which reports locks only when it refuses a run. Then it waits up to 20
 * minutes for a run of this user on this machine, cleans up after a killed one, and runs the command again.
 * @param command runs pulumi, and throws PulumiFailure
 * @throws {Failure} with what to do, where it cannot be checked whether the lock's holder has ended, and where a killed
 * run may have created what is not in the state
 */
export async function runRecovering(stack: string, command: Run<Result>, args: string[]): Promise<Result> {
  const deadline = Date.now() + patienceMs;
  const ended = new Set<string>();
  for (;;) {
    try {
      return await command(args);
    } catch (error) {
      const lock = error instanceof PulumiFailure ? lockIn(error.result.output) : undefined;
      if (!lock?.length) throw error;
      if (lock === "update") throw new Failure(inProgress(stack, await currentOperation(stack, command)));
      const hasWaited = await waitForOtherRun(stack, (running) => aliveHolder(stack, lock, running), deadline);
      // Reported again after its holder had ended, a lock stays; until then a run that ends may be releasing it. While
      // it is there no one else can hold one, so `cancel`, which removes every lock, takes none from a run.
      const isStale = lock.every(({ pid, timestamp }) => ended.has(`${pid} ${timestamp}`));
      if (isStale) await cleanUp(stack, lock, command);
      else if (!hasWaited) for (const { pid, timestamp } of lock) ended.add(`${pid} ${timestamp}`);
    }
  }
}

async function cleanUp(stack: string, lock: LockHolder[], command: Run<Result>): Promise<void> {
  const { stdout } = await command(["stack", "export", "--stack", stack, "--non-interactive"]).catch((error: Error) => {
    const isMissing = error instanceof PulumiFailure && error.result.exitCode === pulumiExit.noSuchStack;
    throw isMissing ? new Failure(ofNoStack(stack, lock)) : error;
  });
  const { deployment } = JSON.parse(stdout) as { deployment?: { pending_operations?: PendingOperation[] } | null };
  const pending = deployment?.pending_operations ?? [];
  const unrecorded = createdUnrecorded(pending);
  if (unrecorded.length) throw new Failure(needsOperator(stack, unrecorded));
  await releaseLock(stack, command);
  if (pending.length) await clearPending(stack, command);
}

/** What Pulumi Cloud says of the update in progress; undefined where it has ended meanwhile. */
async function currentOperation(stack: string, command: Run<Result>): Promise<CurrentOperation | undefined> {
  try {
    const { stdout } = await command(["stack", "--stack", stack, "--json", "--non-interactive"]);
    return (JSON.parse(stdout) as { currentOperation?: CurrentOperation }).currentOperation;
  } catch {
    return undefined; // Older versions of the CLI have no --json here.
  }
}

async function releaseLock(stack: string, run: Run): Promise<void> {
  logProgress(`${stack}: an earlier run was killed; releasing its lock`);
  await run(["cancel", "--stack", stack, "--yes"]);
}

/** Reads what was being changed from where it runs, and forgets what was being created: it is created again. */
async function clearPending(stack: string, run: Run): Promise<void> {
  logProgress(`${stack}: an earlier run was interrupted during an operation; refreshing the state`);
  const quiet = ["--yes", "--skip-preview", "--non-interactive", "--color", "never"];
  await run(["refresh", "--stack", stack, "--clear-pending-creates", ...quiet]);
}

/** Ends the language hosts and providers of killed runs; never servers. */
export async function endOrphans(state = stateFolder()): Promise<void> {
  const orphans = orphansOf(processes(), backendUrlOf(state)).map(({ pid }) => pid);
  if (orphans.length === 0) return;
  logProgress(`ending ${orphans.length === 1 ? "process" : "processes"} of a killed run: ${orphans.join(", ")}`);
  await end(orphans);
}

/** A run that holds the stack; a lock of another machine or user throws Failure. */
function aliveHolder(stack: string, locks: LockHolder[], running: Process[]): LockHolder | undefined {
  const foreign = locks.find((lock) => holderOf(lock, running) === "foreign");
  if (foreign) throw new Failure(heldElsewhere(stack, foreign));
  return locks.find((lock) => holderOf(lock, running) === "alive");
}

/** Waits until no run is found on the stack. Returns whether there was one. */
async function waitForOtherRun(
  stack: string,
  find: (running: Process[]) => { pid: number; timestamp?: string } | undefined,
  deadline = Date.now() + patienceMs,
): Promise<boolean> {
  let hasWaited = false;
  await onInterrupt(
    () => undefined,
    async () => {
      for (let alive = find(processes()); alive; alive = find(processes())) {
        if (isInterrupted()) throw new Interrupted(`${stack}: stopped while waiting`);
        if (Date.now() > deadline)
          throw new Failure(`${stack} is still locked by process ${alive.pid}; end it, then run the command again`);
        if (!hasWaited)
          logProgress(
            `${stack}: waiting for pulumi process ${alive.pid}, which is running on it` +
              (alive.timestamp ? ` since ${alive.timestamp}` : ""),
          );
        hasWaited = true;
        await sleep(500);
      }
    },
  );
  return hasWaited;
}

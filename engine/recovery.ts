import { setTimeout as sleep } from "node:timers/promises";
import { hasPendingOperations, holderOf, locksOf } from "./backend";
import { backendUrlOf, stateFolder } from "./environment";
import { Failure, Interrupted } from "./failure";
import { isInterrupted, onInterrupt } from "./interrupt";
import { enginesOn, orphansOf } from "./processes";
import { logProgress } from "./terminal";
import { end, processes } from "../tools/processes.mjs";

/** Runs pulumi with these arguments on the stack. */
type Run = (args: string[]) => Promise<unknown>;

const patienceMs = 20 * 60_000;

/**
 * Prepares a stack of the file backend for a run: waits up to 20 minutes for another run, and cleans up after a killed
 * one (its lock, its orphans, its pending operations). Throws Failure when the stack stays locked.
 */
export async function recover(project: string, stack: string, run: Run, state = stateFolder()): Promise<void> {
  await waitForOtherRun(project, stack, state);
  // A run whose terminal was closed ends at its next line of output, which may be only now.
  await endOrphans(state);
  if (locksOf(state, project, stack).length > 0) {
    logProgress(`${stack}: an earlier run was killed; releasing its lock`);
    await run(["cancel", "--stack", stack, "--yes"]);
  }
  if (hasPendingOperations(state, project, stack)) {
    logProgress(`${stack}: an earlier run was interrupted during an operation; refreshing the state`);
    await run([
      "refresh",
      "--stack",
      stack,
      "--clear-pending-creates",
      "--yes",
      "--skip-preview",
      "--non-interactive",
      "--color",
      "never",
    ]);
  }
}

/** Ends the language hosts and providers of killed runs; never servers. */
export async function endOrphans(state = stateFolder()): Promise<void> {
  const orphans = orphansOf(processes(), backendUrlOf(state)).map(({ pid }) => pid);
  if (orphans.length === 0) return;
  logProgress(`ending ${orphans.length === 1 ? "process" : "processes"} of a killed run: ${orphans.join(", ")}`);
  await end(orphans);
}

async function waitForOtherRun(project: string, stack: string, state: string): Promise<void> {
  const deadline = Date.now() + patienceMs;
  let isLogged = false;
  await onInterrupt(
    () => undefined,
    async () => {
      for (;;) {
        const locks = locksOf(state, project, stack);
        const running = processes();
        const foreign = locks.find((lock) => holderOf(lock, running) === "foreign");
        if (foreign) {
          throw new Failure(
            `${stack} is locked by ${foreign.username} on ${foreign.hostname} ` +
              `(process ${foreign.pid}, since ${foreign.timestamp}).\n` +
              `If that run has ended, release the lock with: pulumi cancel --stack ${stack}`,
          );
        }
        // An engine takes the lock only after it has read its settings and started its plugins.
        const alive =
          locks.find((lock) => holderOf(lock, running) === "alive") ??
          enginesOn(running, backendUrlOf(state), stack)[0];
        if (!alive) return;
        if (isInterrupted()) throw new Interrupted(`${stack}: stopped while waiting`);
        if (Date.now() > deadline)
          throw new Failure(`${stack} is still locked by process ${alive.pid}; end it, then run the command again`);
        if (!isLogged)
          logProgress(
            `${stack}: waiting for pulumi process ${alive.pid}, which is running on it` +
              ("timestamp" in alive ? ` since ${alive.timestamp}` : ""),
          );
        isLogged = true;
        await sleep(500);
      }
    },
  );
}

import { setTimeout as sleep } from "node:timers/promises";
import { hasPendingOperations, holderOf, locksOf } from "./backend";
import { backendUrlOf, stateFolder } from "./environment";
import { Failure, Interrupted } from "./failure";
import { isInterrupted, onInterrupt } from "./interrupt";
import { end, enginesOn, orphansOf, processes } from "./processes";
import { logProgress } from "./terminal";

/** Runs pulumi with these arguments on the stack. */
type Run = (args: string[]) => Promise<unknown>;

const patienceMs = 20 * 60_000;

/**
 * Puts a stack of the file backend in order before a run: waits for another run, and cleans up after one that was killed
 * (its lock, its orphans, the operations it left pending). Costs nothing where there is nothing to do.
 */
export async function recover(project: string, stack: string, run: Run, state = stateFolder()): Promise<void> {
  await waitForOtherRun(project, stack, state);
  // A run whose terminal is gone dies at its next line of output, maybe only now.
  await endOrphans(state);
  if (locksOf(state, project, stack).length > 0) {
    logProgress(`${stack}: an earlier run was killed; releasing its lock`);
    await run(["cancel", "--stack", stack, "--yes"]);
  }
  if (hasPendingOperations(state, project, stack)) {
    logProgress(`${stack}: an earlier run was cut off in the middle; reading what is really there`);
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

/** Ends what killed runs left behind: language hosts and providers, never servers. */
export async function endOrphans(state = stateFolder()): Promise<void> {
  const orphans = orphansOf(processes(), backendUrlOf(state)).map(({ pid }) => pid);
  if (orphans.length === 0) return;
  logProgress(
    `ending what a killed run left behind: ${orphans.length === 1 ? "process" : "processes"} ${orphans.join(", ")}`,
  );
  await end(orphans);
}

async function waitForOtherRun(project: string, stack: string, state: string): Promise<void> {
  const deadline = Date.now() + patienceMs;
  let said = false;
  await onInterrupt(
    () => undefined,
    async () => {
      for (;;) {
        const locks = locksOf(state, project, stack);
        const running = processes();
        const foreign = locks.find((lock) => holderOf(lock, running) === "foreign");
        if (foreign) {
          throw new Failure(
            `${stack} is locked by ${foreign.username} on ${foreign.hostname} (process ${foreign.pid}, since ${foreign.timestamp}).\n` +
              `When that run is over: pulumi cancel --stack ${stack}`,
          );
        }
        // An engine takes the lock only when it has read its settings and started its plugins.
        const alive =
          locks.find((lock) => holderOf(lock, running) === "alive") ??
          enginesOn(running, backendUrlOf(state), stack)[0];
        if (!alive) return;
        if (isInterrupted()) throw new Interrupted(`${stack}: stopped while waiting`);
        if (Date.now() > deadline)
          throw new Failure(`${stack} is still locked by process ${alive.pid}; end it, then start again`);
        if (!said)
          logProgress(
            `${stack}: waiting for pulumi process ${alive.pid}, which works on it${"timestamp" in alive ? ` since ${alive.timestamp}` : ""}`,
          );
        said = true;
        await sleep(500);
      }
    },
  );
}

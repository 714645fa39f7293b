/**
 * Marks all that this process starts, and ends it with this process, whatever kills it; also when the npm that runs it
 * as a script is killed. Call it once, before anything is started. Local servers are not part of a run.
 */
export function guardRun(): void;

/** Exits, with code 1, when the npm that runs this process as a script is killed. */
export function exitWithNpm(): void;

/** Runs a command when this process has ended, by itself or killed, unless it ended with exit code 0. */
export function guard(command: string[], env: NodeJS.ProcessEnv): void;

/** The environment for one command of this run, with a mark of its own (`SUPERCLUSTER_RUN`) for `endMarked`. */
export function markCommand(env: NodeJS.ProcessEnv): { env: NodeJS.ProcessEnv; mark: string };

/**
 * Ends all processes with a mark, by SIGTERM and after 2 s by SIGKILL, until none appears any more or `patienceMs`
 * (default: 10,000) have passed.
 */
export function endMarked(mark: string, patienceMs?: number): Promise<void>;

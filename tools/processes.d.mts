/** A running process, as far as it is read here. */
export interface Process {
  pid: number;
  parent: number;
  /** Executable and arguments. */
  args: string[];
  env: Record<string, string>;
}

/** Every process of this user whose arguments and environment can be read. */
export function processes(): Process[];

/** One of them; undefined when there is none. */
export function processOf(pid: number): Process | undefined;

/**
 * When a process started, in the operating system's own format: with it a pid, which is used again after a while,
 * identifies a process. Empty when there is none, or only a zombie.
 */
export function startOf(pid: number): string;

/** State (`Z`: zombie), parent and start time (clock ticks since boot) of a process, from its /proc/<pid>/stat. */
export function processStat(stat: string): { state: string; parent: number; startTime: string };

/** Ends processes: by SIGTERM, and by SIGKILL those that run after `patienceMs` (default: 2,000). */
export function end(pids: number[], patienceMs?: number): Promise<void>;

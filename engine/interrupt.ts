import { logProgress } from "./terminal";

/** One press reaches a process up to three times: from the terminal, from npm, from a shell between. */
const samePressMs = 500;

type Handler = (press: number) => void;

const handlers = new Set<Handler>();
let presses = 0;
let lastPress = 0;

/** Whether the person has asked to stop. */
export const isInterrupted = (): boolean => presses > 0;

/** Takes over Ctrl-C: running jobs are told how often it was pressed; without any the process ends. */
export function listenForInterrupts(): void {
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.on(signal, () => {
      const now = Date.now();
      if (now - lastPress < samePressMs) return;
      lastPress = now;
      presses++;
      if (handlers.size === 0) process.exit(130);
      logProgress(
        presses === 1 ? "stopping: what is going on is brought to an end first (Ctrl-C again to kill it)" : "killing",
      );
      for (const handler of handlers) handler(presses);
    });
  }
}

/** Calls the handler for each Ctrl-C while the action runs. */
export async function onInterrupt<T>(handler: Handler, action: () => Promise<T>): Promise<T> {
  handlers.add(handler);
  try {
    return await action();
  } finally {
    handlers.delete(handler);
  }
}

import { logProgress } from "./terminal";

/** One press of Ctrl-C reaches a process up to three times: from the terminal, from npm, from a shell between them. */
const samePressMs = 500;

type Handler = (press: number) => void;

const handlers = new Set<Handler>();
let presses = 0;
let lastPress = 0;

/** Whether Ctrl-C was pressed, or SIGTERM received. */
export const isInterrupted = (): boolean => presses > 0;

/**
 * Handles Ctrl-C and SIGTERM: calls each handler with the number of presses; without handlers the process exits with
 * 130.
 */
export function listenForInterrupts(): void {
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.on(signal, () => {
      const now = Date.now();
      if (now - lastPress < samePressMs) return;
      lastPress = now;
      presses++;
      if (handlers.size === 0) process.exit(130);
      logProgress(
        presses === 1 ? "stopping: operations in progress finish first (press Ctrl-C again to kill them)" : "killing",
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

export interface Log {
  step(tool: string, text: string): void;
  warn(tool: string, text: string): void;
  progress(tool: string, text: string): void;
}
/** A log for people: one line a step; colours and moving lines only on a terminal. */
export function createLog(stream?: NodeJS.WritableStream & { isTTY?: boolean; columns?: number }): Log;
/** An error that a person can act on: its message is all there is to show. */
export class ToolchainError extends Error {}

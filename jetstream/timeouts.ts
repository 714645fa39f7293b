/** How long requests and changes are waited for, in ms. */
export interface Timeouts {
  /** For the answer to one request. */
  requestMs: number;
  /** For all attempts of one request together. */
  deadlineMs: number;
  /** How long a write without an answer is read back, before its outcome is reported as unknown. */
  settleMs: number;
  /** By then messages that were on their way when a stream's subjects were removed are stored. */
  arrivalMs: number;
  /**
   * Between pings. After two unanswered ones the client reconnects to another server, well before requests time out.
   */
  pingMs: number;
  /** How long a stream waits for those whose subjects change together with its own. */
  partnersMs: number;
}

/** The ones in force, for all connections of this process; {@link withTimeouts} changes them for a while. */
export const timeouts: Timeouts = {
  requestMs: 30_000,
  deadlineMs: 60_000,
  settleMs: 60_000,
  arrivalMs: 1_000,
  pingMs: 5_000,
  partnersMs: 10_000,
};

/**
 * Runs an action with other timeouts and restores the previous ones after it. One at a time: they are the process's.
 */
export async function withTimeouts<T>(change: Partial<Timeouts>, action: () => Promise<T>): Promise<T> {
  const previous = { ...timeouts };
  Object.assign(timeouts, change);
  try {
    return await action();
  } finally {
    Object.assign(timeouts, previous);
  }
}

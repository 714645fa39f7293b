/** How long the provider waits for what, in ms. */
export interface Timeouts {
  /** For the answer to one request. */
  requestMs: number;
  /** For all attempts of one request together. */
  deadlineMs: number;
  /** A write without an answer is observed so long before it is given up as unknown. */
  settleMs: number;
  /** Messages that were on their way when a stream's subjects went are stored by then. */
  arrivalMs: number;
  /** Between pings. A server that leaves two without an answer is left for another one, well before requests are given up. */
  pingMs: number;
}

/** The ones in force, for all connections of this process; {@link withTimeouts} changes them for a while. */
export const timeouts: Timeouts = {
  requestMs: 30_000,
  deadlineMs: 60_000,
  settleMs: 60_000,
  arrivalMs: 1_000,
  pingMs: 5_000,
};

/** Runs an action with other timeouts and restores the previous ones after it. One at a time: they are the process's. */
export async function withTimeouts<T>(change: Partial<Timeouts>, action: () => Promise<T>): Promise<T> {
  const previous = { ...timeouts };
  Object.assign(timeouts, change);
  try {
    return await action();
  } finally {
    Object.assign(timeouts, previous);
  }
}

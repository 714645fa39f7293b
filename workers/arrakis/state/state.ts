/** What workers remember for a while, and share: Redis, or the memory of one process. */
export interface State {
  get(key: string): Promise<string | undefined>;
  /** @param forMs milliseconds after which it is forgotten */
  set(key: string, value: string, forMs: number): Promise<void>;
  /** Rejects if it cannot be used now. */
  check(): Promise<void>;
  close(): Promise<void>;
  /** Whether Redis has it. */
  readonly used: boolean;
  /** Workers do without it: they start before it answers. */
  readonly awaited: false;
}

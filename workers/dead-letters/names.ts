/** What a tenant with dead letters has (config/assets/dead-letters.ts). */
export const names = {
  copies: "DEAD_LETTERS",
  events: "DEAD_LETTER_EVENTS",
  /** Durable of the events. */
  durable: "dead-letters",
  /** Label of the stream of events: the streams to sweep, with a space between two. */
  swept: "dead-letters.sweep",
} as const;

/** A time without an acknowledgement, in milliseconds since the epoch. */
export interface Gap {
  from: number;
  to: number;
}

/** How long one publisher, or one stream, could not publish. Milliseconds. */
export interface Unavailability {
  /** The longest time between two acknowledgements. */
  longest: number;
  /** Sum of the gaps longer than `noticed`. */
  unavailable: number;
}

/** A gap that is no longer than this counts as no outage, in milliseconds: one attempt to publish takes as long. */
export const noticed = 2_000;

/**
 * Times without an acknowledgement between the begin and the end of a measurement, both of which count as one. Pure.
 *
 * @param acknowledgements times, in any order
 */
export function gapsOf(acknowledgements: readonly number[], { from, to }: Gap): Gap[] {
  const inside = acknowledgements.filter((at) => at > from && at < to).toSorted((one, other) => one - other);
  const times = [from, ...inside, to];
  return times.slice(1).map((at, index) => ({ from: times[index]!, to: at }));
}

/** What a publisher's gaps add up to. Pure. */
export function unavailabilityOf(acknowledgements: readonly number[], measured: Gap): Unavailability {
  const lengths = gapsOf(acknowledgements, measured).map(({ from, to }) => to - from);
  return {
    longest: Math.max(...lengths),
    unavailable: lengths.filter((length) => length > noticed).reduce((sum, length) => sum + length, 0),
  };
}

/** The worst of several. Pure. */
export const worstOf = (all: readonly Unavailability[]): Unavailability => ({
  longest: Math.max(0, ...all.map(({ longest }) => longest)),
  unavailable: Math.max(0, ...all.map(({ unavailable }) => unavailable)),
});

/** What 99.99 % leaves of 30 days, in milliseconds: 4 min 19 s. */
export const monthlyBudget = 30 * 24 * 3_600_000 * 0.0001;

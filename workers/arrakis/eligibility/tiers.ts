/** A tier of members by what their wallet holds, in whole tokens. */
export interface Tier {
  name: string;
  threshold: number;
}

/** From the highest on. */
export type Tiers = readonly Tier[];

export const defaultTiers: Tiers = [
  { name: "naib", threshold: 10_000 },
  { name: "fedaykin", threshold: 1_000 },
  { name: "usul", threshold: 100 },
  { name: "sayyadina", threshold: 10 },
  { name: "ichwan", threshold: 1 },
];

/** Of decimals that JavaScript's numbers are too short for: compared with a threshold, they are long enough. */
const reaches = (balance: string, { threshold }: Tier): boolean => Number(balance) >= threshold;

/** The tier of a balance; undefined below the lowest. */
export const tierOf = (balance: string, tiers: Tiers): Tier | undefined => tiers.find((tier) => reaches(balance, tier));

/** The next tier above a balance, and what is missing to it; undefined in the highest. */
export function nextTier(balance: string, tiers: Tiers): { tier: Tier; missing: number } | undefined {
  const tier = tiers.findLast((each) => !reaches(balance, each));
  return tier && { tier, missing: tier.threshold - Number(balance) };
}

/** What each tier asks for, and whether a balance meets it. */
export const rulesOf = (balance: string, tiers: Tiers): { rule: string; met: boolean }[] =>
  tiers.map((tier) => ({ rule: `balance >= ${tier.threshold} (${tier.name})`, met: reaches(balance, tier) }));

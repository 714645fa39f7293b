import { randomBytes } from "node:crypto";
import type { Wire } from "./fields";

/**
 * Who reconciles a stream or consumer stands in its own metadata: the stack, and a nonce that the stack's state knows too. The
 * nonce tells two creators apart that run at the same time (only one finds its own when it reads back), and what a stack
 * was given together with its state (`pulumi state move`) from what belongs to another.
 */
const keys = { owner: "supercluster.owner", nonce: "supercluster.nonce" } as const;

export const marker = (owner: string): Record<string, string> => ({
  [keys.owner]: owner,
  [keys.nonce]: randomBytes(6).toString("hex"),
});

/** The configuration with the stack's mark on it; a mark that is its own already stays as it is. */
export const marked = (config: Wire, owner: string): Wire =>
  ownerOf(config) === owner ? config : { ...config, metadata: { ...metadata(config), ...marker(owner) } };

const metadata = (config: Wire): Record<string, string> =>
  (config.metadata as Record<string, string> | undefined) ?? {};

export const ownerOf = (config: Wire): string | undefined => metadata(config)[keys.owner];

export const nonceOf = (config: Wire): string | undefined => metadata(config)[keys.nonce];

/** What decides whether something that is there may be changed by this stack. */
export interface Claim {
  /** This stack. */
  owner: string;
  /** What the stack's state remembers of the mark. */
  nonce?: string;
  /** What the specification says of taking over. */
  adopt?: true | string;
}

export function isOwn(config: Wire, { owner, nonce, adopt }: Claim): boolean {
  const holder = ownerOf(config);
  if (holder === undefined) return adopt === true;
  return holder === owner || holder === adopt || (nonce !== undefined && nonceOf(config) === nonce);
}

/** Why something that is not this stack's own is left alone, and what to do. */
export function refusalOf(config: Wire, { owner }: Claim): string {
  const holder = ownerOf(config);
  return (
    `exists and ${holder ? `belongs to ${holder}` : "nobody's mark is on it"}; this stack is ${owner}. Nothing was changed. ` +
    `To take it over as it is: adopt: ${holder ? JSON.stringify(holder) : "true"}; else delete it, or take it out of this stack.`
  );
}

import { randomBytes } from "node:crypto";
import type { Account } from "./account";
import { Refused } from "./errors";
import type { Wire } from "./fields";
import { type AssetKind, idOf } from "./kinds";
import type { AssetArgs } from "./schemas";

/**
 * The owner of a stream or consumer is marked in its own metadata: the stack that manages it, and a nonce that the
 * stack's state holds too. The nonce distinguishes two creators that run at the same time (only one reads its own
 * back), and an asset that was moved to this stack with its state (`pulumi state move`) from one that belongs to
 * another stack.
 */
const keys = { owner: "supercluster.owner", nonce: "supercluster.nonce" } as const;

/** Key of a resource's state under which the mark's nonce is kept; no argument has it. */
export const nonceKey = "nonce";

/** A new mark of this stack: labels for an asset's metadata. */
export const marker = (owner: string): Record<string, string> => ({
  [keys.owner]: owner,
  [keys.nonce]: randomBytes(6).toString("hex"),
});

/** The configuration with the stack's mark; a mark that is already this stack's is kept. */
export const marked = (config: Wire, owner: string): Wire =>
  ownerOf(config) === owner ? config : { ...config, metadata: { ...metadata(config), ...marker(owner) } };

const metadata = (config: Wire): Record<string, string> => config.metadata ?? {};

/** The stack whose mark is on the configuration; `undefined` where there is no mark. */
export const ownerOf = (config: Wire): string | undefined => metadata(config)[keys.owner];

/** The nonce of the mark; `undefined` where there is no mark. */
export const nonceOf = (config: Wire): string | undefined => metadata(config)[keys.nonce];

/** What decides whether this stack may change an existing asset. */
export interface Claim {
  /** This stack. */
  owner: string;
  /** What the stack's state remembers of the mark. */
  nonce?: string;
  /** The specification's `adopt`: `true` takes an unmarked asset over, a stack's name one with that stack's mark. */
  adopt?: true | string;
}

/**
 * Whether this stack may change an asset with this configuration. Without a mark: with `adopt: true`, or if this
 * stack's state remembers one: an application that replaces the whole configuration removes it. With a mark: if it is
 * this stack's, that of the stack named by `adopt`, or has the nonce in this stack's state.
 */
export function isOwn(config: Wire, { owner, nonce, adopt }: Claim): boolean {
  const holder = ownerOf(config);
  if (holder === undefined) return adopt === true || nonce !== undefined;
  return holder === owner || holder === adopt || (nonce !== undefined && nonceOf(config) === nonce);
}

/** Why an asset that is not this stack's own was not changed, and what to do; as a phrase behind its name. */
export function refusalOf(config: Wire, { owner }: Claim): string {
  const holder = ownerOf(config);
  return (
    `exists and ${holder ? `belongs to ${holder}` : "has no owner's mark"}; this stack is ${owner}. ` +
    `Nothing was changed. To take it over as it is: adopt: ${holder ? JSON.stringify(holder) : "true"}; ` +
    "else delete it, or take it out of this stack."
  );
}

type ClaimArgs = Pick<AssetArgs, "adopt" | typeof nonceKey>;

/** This stack's claim by the arguments and the state (`last`, default: the arguments). */
export const claimOf = (args: ClaimArgs, { owner }: Account, last: ClaimArgs = args): Claim => ({
  owner,
  nonce: last[nonceKey],
  adopt: args.adopt ?? last.adopt,
});

/** Throws `Refused` where this stack may not change the asset that exists. */
export function assertOwn(kind: AssetKind, args: AssetArgs, found: Wire, account: Account, last?: AssetArgs): void {
  const claim = claimOf(args, account, last);
  if (!isOwn(found, claim)) throw new Refused(`${kind.what} ${idOf(kind, args)} ${refusalOf(found, claim)}`);
}

import * as z from "zod";
import { strictObject } from "../problems";

/**
 * Passwords of users that were rotated: `supercluster:passwords` of the identity stack's file, written by `npm run
 * rotate`. Generation 1 is the first password of a user, 2 the one that replaces it, and so on.
 */
export const passwords = strictObject({
  /** Those that servers accept: one, or two while one replaces the other. */
  accepted: z.array(z.int().min(1)).min(1).max(2),
  /** The one that clients are given; one of those. */
  given: z.int().min(1),
});

/** By {@link userKey}. */
export const rotations = z.record(z.string(), passwords);

export type Passwords = z.infer<typeof passwords>;
export type Rotations = z.infer<typeof rotations>;

/** Of a user that was never rotated. */
export const firstPassword: Passwords = { accepted: [1], given: 1 };

/** `<account>/<user>`. */
export const userKey = (account: string, user: string): string => `${account}/${user}`;

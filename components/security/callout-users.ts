import { createHash } from "node:crypto";
import type { CalloutUser } from "../../workers/messaging/contract";
import type { AccountSpec, RegionIdentity } from "../../config/assets/region";

/** What the auth callout's service has of a token: a token has 32 random characters, so it needs no salt. */
export const tokenHash = (token: string): string => createHash("sha256").update(token).digest("hex");

/** Subject of the certificate by which a user logs in. */
export const certificateSubject = (login: string): string => `CN=${login}`;

/** Bytes that Linux takes as one variable of a process, its name included. */
const longestVariable = 128 * 1024 - 64;

/**
 * Users about whom servers ask the auth callout, with what its service answers; a token twice while one replaces the
 * other. As JSON.
 *
 * @throws where it has no token or certificate of a user, or where they are too many for one variable
 */
export function calloutUsers(accounts: readonly AccountSpec[], users: RegionIdentity["users"]): string {
  const all = accounts.flatMap(({ name: account, users: own }) =>
    own.flatMap(({ login: first, byCallout, permissions, connectionTypes = ["STANDARD"] }): CalloutUser[] => {
      if (!byCallout) return [];
      const known = users[first];
      if (!known?.hash || known.byCallout !== byCallout)
        throw new Error(`the identity has no ${byCallout} for user "${first}"; run "pulumi up" on the identity stack`);
      const logins = [{ login: known.login ?? first, hash: known.hash }, ...(known.also ? [known.also] : [])];
      return logins.map(({ login, hash }) => ({ login, account, [byCallout]: hash, ...permissions, connectionTypes }));
    }),
  );
  const text = JSON.stringify(all);
  if (Buffer.byteLength(text) <= longestVariable) return text;
  throw new Error(
    `${all.length} users by token or certificate take ${Buffer.byteLength(text)} bytes, and the auth callout's ` +
      `service reads ${longestVariable} at most: let some of them log in by password or nkey`,
  );
}

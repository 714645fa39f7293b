import type { AccountSpec, RegionIdentity } from "../config/assets/region";
import type { UserOutputs } from "./outputs";

/**
 * What one user's client needs to log in.
 *
 * @throws when the identity stack has no password for the user
 */
export function login(
  accounts: AccountSpec[],
  users: RegionIdentity["users"],
  account: string,
  name: string,
): UserOutputs {
  const user = accounts
    .find((candidate) => candidate.name === account)
    ?.users.find((candidate) => candidate.name === name);
  const known = user && users[user.login];
  if (!known) {
    throw new Error(
      `the identity stack has no password for user ${name} of account ${account}: deploy it first, ` +
        "it is older than the tenants",
    );
  }
  const { password, byNkey, byCallout, certificate } = known;
  const { inboxPrefix } = user;
  return byNkey
    ? { login: known.hash, password, byNkey, inboxPrefix }
    : {
        ...{ login: known.login ?? user.login, password },
        ...(byCallout && { byCallout }),
        ...(certificate !== undefined && { certificate }),
        inboxPrefix,
      };
}

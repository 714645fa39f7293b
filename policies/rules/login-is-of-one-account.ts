import type { ResourceRule } from "../rule";
import { hiddenUsers, usersOf, userTypes } from "../users";

export const loginIsOfOneAccount: ResourceRule = {
  name: "login-is-of-one-account",
  description: "No login occurs twice in the accounts file.",
  severity: "high",
  enforcementLevel: "mandatory",
  why:
    "Logins are global to a server. Of two equal ones the last wins: " +
    "its client then works in another tenant's account.",
  remediation: "Rename one of the two users in tenants/",
  notSeen: hiddenUsers,
  types: userTypes,
  violations(resource) {
    const users = usersOf(resource);
    return users.flatMap(({ login, account }, index) => {
      const twin = users.slice(0, index).find((other) => other.login === login);
      return twin ? [`login ${login} is of account ${twin.account} and of ${account}`] : [];
    });
  },
};

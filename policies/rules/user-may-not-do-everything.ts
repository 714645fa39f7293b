import { reservedIn } from "../../config/reserved-subjects";
import { systemAccount } from "../../config/assets/standard";
import type { ResourceRule } from "../rule";
import { hiddenUsers, type User, usersOf, userTypes } from "../users";

export const userMayNotDoEverything: ResourceRule = {
  name: "user-may-not-do-everything",
  description:
    "No user may publish or subscribe to everything; " +
    "only those of the system account may use JetStream's whole API.",
  severity: "critical",
  enforcementLevel: "mandatory",
  why:
    "To a server a user without permissions, or with an empty list, may do everything in its account: " +
    "read every message, purge every stream.",
  remediation:
    "Name what the user publishes, subscribes to and consumes in tenants/; permissions are derived from that",
  notSeen: hiddenUsers,
  types: userTypes,
  violations: (resource) => usersOf(resource).flatMap((user) => rights.flatMap((right) => problemsOf(user, right))),
};

const rights = ["publish", "subscribe"] as const;

function problemsOf({ account, login, permissions }: User, right: (typeof rights)[number]): string[] {
  const { allow = [], deny = [] } = permissions?.[right] ?? {};
  if (deny.includes(">")) return [];
  if (!allow.length) return [`user ${login} may ${right} everything: it has no list of what it may do`];
  // The system account's user has the servers' own subjects, each by name.
  const isExempt = (subject: string) => account === systemAccount.name && !/^[*>]/.test(subject);
  const wild = allow.filter((subject) => reservedIn(subject) !== undefined && !isExempt(subject));
  return wild.map((subject) => `user ${login} may ${right} ${subject}, which includes ${reservedIn(subject)!}`);
}

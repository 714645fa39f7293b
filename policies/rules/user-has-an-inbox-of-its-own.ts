import { covers } from "../../config/subjects";
import { exceptions, isExcepted } from "../jetstream-resources";
import type { ResourceRule } from "../rule";
import { hiddenUsers, usersOf, userTypes } from "../users";

export const userHasAnInboxOfItsOwn: ResourceRule<string[]> = {
  name: "user-has-an-inbox-of-its-own",
  description: "No user may subscribe to the inboxes of others, unless it is excepted.",
  severity: "medium",
  enforcementLevel: "advisory",
  why:
    "Answers arrive in inboxes. A user that may subscribe to _INBOX.> reads the answers to every client " +
    "that has no prefix of its own, including messages that were pulled.",
  remediation: 'Let its clients set inboxPrefix, and remove inbox: "shared"',
  notSeen: hiddenUsers,
  types: userTypes,
  setting: exceptions("Users", "shop-api"),
  violations: (resource, except) =>
    usersOf(resource)
      // Passwords after the first have logins of their own: `<login>.2`.
      .filter(({ login }) => !isExcepted(login.replace(/\.\d+$/, ""), except))
      .filter(({ permissions }) => permissions?.subscribe?.allow?.some((subject) => covers(subject, "_INBOX.>")))
      .map(({ login }) => `user ${login} may read the answers to every user`),
};

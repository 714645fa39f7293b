import { covers } from "../../config/subjects";
import type { ResourceRule } from "../rule";
import { hiddenUsers, usersOf, userTypes } from "../users";

export const userHasAnInboxOfItsOwn: ResourceRule = {
  name: "user-has-an-inbox-of-its-own",
  description: "No user may subscribe to the inboxes of others.",
  severity: "medium",
  enforcementLevel: "advisory",
  why:
    "Answers arrive in inboxes. A user that may subscribe to _INBOX.> reads the answers to every client " +
    "that has no prefix of its own, including messages that were pulled.",
  remediation: 'Let its clients set inboxPrefix, and remove inbox: "shared"',
  notSeen: hiddenUsers,
  types: userTypes,
  violations: (resource) =>
    usersOf(resource)
      .filter(({ permissions }) => permissions?.subscribe?.allow?.some((subject) => covers(subject, "_INBOX.>")))
      .map(({ login }) => `user ${login} may read the answers to every user`),
};

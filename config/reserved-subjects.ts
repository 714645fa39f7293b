import { acrossAccounts } from "./assets/copies";
import { covers, overlaps } from "./subjects";

/** A token that clients draw at random: only a wildcard matches it. */
const random = "<random>";

/**
 * Subjects in use by servers and their clients, as far as a subject with a leading wildcard can include them; second
 * tokens are those that exist. Sources: server/jetstream_api.go, server/events.go, and nuid of the clients for inboxes.
 */
const reserved: readonly { subject: string; what: string }[] = [
  { subject: "$JS.API.>", what: "JetStream's API ($JS.API)" },
  ...["ACK", "FC", "EVENT", "SNAPSHOT"].map((kind) => ({
    subject: `$JS.${kind}.>`,
    what: `JetStream's own subjects ($JS.${kind})`,
  })),
  ...["REQ", "SERVER", "ACCOUNT", "DEBUG"].map((kind) => ({
    subject: `$SYS.${kind}.>`,
    what: `the servers' own subjects ($SYS.${kind})`,
  })),
  ...[`_INBOX.${random}`, `_INBOX.${random}.>`].map((subject) => ({ subject, what: "every user's inbox" })),
];

/** By these servers copy streams of other accounts: a request makes a consumer there, which delivers to any subject. */
const ofCopies = Object.values(acrossAccounts).map((prefix) => `${prefix}.>`);

const startsWithWildcard = (subject: string): boolean => /^[*>]/.test(subject);

/**
 * What a permission for this subject would include that no application may use as a whole, in words; undefined if
 * nothing. A wildcard in the first token is fine where the second one is none of the servers': `*.telemetry.up`.
 */
export function reservedIn(subject: string): string | undefined {
  if (startsWithWildcard(subject)) return reserved.find((other) => overlaps(subject, other.subject))?.what;
  if (covers(subject, "$JS.API.>")) return "JetStream's API ($JS.API)";
  if (ofCopies.some((other) => overlaps(subject, other))) return "what servers copy between accounts by ($JS)";
  return covers(subject, "$SYS.>") ? "the servers' own subjects ($SYS)" : undefined;
}

/** Whether a subject, or what it includes, is the servers' or the clients' libraries' own. */
export const isOfServers = (subject: string): boolean =>
  /^(\$|_INBOX)/.test(subject) || reservedIn(subject) !== undefined;

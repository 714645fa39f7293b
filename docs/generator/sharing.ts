import { readFileSync } from "node:fs";
import * as path from "node:path";
import { type Comment, commentsOf } from "./comments";

/** docs/sharing.md, whole. */
export function sharingPage(): string {
  const comments = commentsOf("config/schema/tenant.ts");
  const rows = (field: string, list: readonly Comment[]) =>
    list.map(({ name, text }) => [`\`${field}.${name}\``, text] as const);
  const fields = [
    ...rows("exports", comments.exportsSpec!),
    ["`to` of each", comments.exported!.find(({ name }) => name === "to")!.text] as const,
    ...rows("imports.<tenant>", comments.importsSpec!),
  ];
  const copyFields = [
    ...rows(
      "exports.copies.<stream>",
      comments.copied!.filter(({ name }) => name === "subjects"),
    ),
    ...rows(
      "streams.<name>",
      comments.streamSpec!.filter(({ name }) => name === "mirror" || name === "sources"),
    ),
  ];
  return `<!-- Written by \`npm run docs\`: change the comments in config/schema/tenant.ts,
or docs/generator/sharing.ts. -->

# Sharing between accounts

The account is the security boundary: what is published in one is heard in no other. A tenant that says so shares single
subjects. It **exports** them, to tenants that it names or to all; another tenant **imports** them, under a prefix, and
its users name them with that prefix like subjects of their own.

\`\`\`ts
${textOf("sharing.ts")}
\`\`\`

${tableOf(fields)}

## What each side sees

| | The tenant that exports | The tenant that imports |
|---|---|---|
| A stream's subject | publishes as before, with acknowledgements; does not see who listens \
| hears each message, in every region, from now on: core NATS keeps nothing; cannot publish on it |
| A service | sees the request, on its own subject, an inbox made for this answer, and which account asks (header \
\`Nats-Request-Info\`), not which user | gets one answer, within the time that the service has (\`expires\`); cannot \
hear what others ask |
| Not imported | nothing | nothing: neither subjects nor streams of other accounts exist for it |

Both are core NATS. What has to be kept, or acknowledged, is stored by the account that publishes it. A service is not
found by \`$SRV\` from other accounts: who imports it knows its subject.

**Permissions** are derived as always. A user of the tenant that imports may subscribe to exactly what it
\`subscribes\`, and ask exactly what it \`requests\`; an import by itself lets no user do anything.

A policy, \`export-is-to-named-tenants\`, names what is exported to all, unless it is excepted.

**Lanes and routes.** An exported subject that has lanes stands for all of them; who imports it writes those that it
wants.

**Failover.** While a stream has failed over, its messages have other subjects (\`fo.\`), so importers hear nothing of
it until the failback, as core subscribers of the same account do; the command's plan names both.

## What is refused

All mistakes are reported at once, before anything is done:

- partners, subjects and services that do not exist, or are exported to others only; a service on which no user answers;
- exports that overlap, because servers do not define which of the two applies;
- an export of what was imported: who exports says to whom it goes. So there are no circles;
- an import that would be, here, a subject of a stream, of another import, or of a user that publishes, answers,
  subscribes or asks there: give it another \`prefix\`;
- subjects of servers and clients themselves (\`$JS\`, \`$SYS\`, \`_INBOX\`).

## Copies of streams

What is shared above is heard at the time, or not at all. A tenant that needs all of it, later too, has a copy: a stream
of its own that is a \`mirror\` of the other tenant's stream, or has it among its \`sources\`. The owner says which
streams may be copied, by whom, and of which subjects.

\`\`\`ts
${textOf("copies.ts")}
\`\`\`

${tableOf(copyFields)}

| | The tenant whose stream it is | The tenant that copies it |
|---|---|---|
| Messages | as before; a copy holds nothing back, and is not among its consumers | those that were there and those \
that come, with their subjects; a mirror has their sequences, and none of its own |
| Streams and consumers | sees nothing of the other account | cannot ask for any; knows of the origin its lag, and why \
copying fails |
| Limits | its own; what they delete before it is copied, the copy never has | its own: it may keep less, or longer |
| Users | none gets a right by it | work on the copy as on any stream of theirs |

A copy is read by a consumer that servers make in the account of the origin. What accounts let pass is derived from the
copies that are declared: the request for that consumer of that stream, with the filter in it where the copy has one;
its flow control; and its messages, on subjects that no user may name (\`$JS.ACCOUNTS\`, \`$JS.COPIES\`). Nothing
else of the other account's JetStream can be asked. Without \`filterSubject\`, or one of \`subjectTransforms\`, the
servers of the copying account may read all of the stream, so write \`subjects\` in the export where that is too much.

\`npm run verify\` proves that the last message of the origin is in the copy, and fails where it is behind or not
connected; \`npm run status\` has its lag in the row of the copy. The field \`external\` of streams follows from
\`tenant\`; what a change does is in [streams.md](streams.md): a mirror stays one of the same stream, a source may be
added and taken away.

**Order.** Regions come first: without the accounts' exports a copy waits, connects within half a minute after them, and
misses nothing that is still there. Take copies away first, or together with the export: an export that a declared copy
needs cannot be taken out, nor its tenant, nor its stream; and a stream that has to be replaced is not, while another
account of the same stack copies it, because the copy would stop at the first message of the new one.

**Failover.** While the origin has failed over, copies get nothing new; after the failback they have all of it. The
command's plan names them.

Refused, beside what is refused of mirrors and sources anyway: streams that do not exist, are not exported, or to others
only; more than the subjects that may be copied; work queues and streams with \`interest\`, which copies would empty or
hold; a copy of a mirror, or a mirror of a copy; handing on, so there are no circles; and streams of one name that
tenants copy from each other, because servers take their flow control for a circle of imports.

## Mappings: a new version for a part of the messages

\`\`\`ts
${textOf("canary-release.ts")}
\`\`\`

| Field of \`mappings.<subject>[]\` | What it is |
|---|---|
${rows("", comments.mappedTo!)
  .map(([name, text]) => `| ${name.replace(".", "")} | ${text} |`)
  .join("\n")}

Servers map a message once, as it arrives from a client of the account, or as a request of another account. Users may
publish what their own subjects may become, cut to what they may publish; what is denied is denied in both forms.
Weights are changed by a deployment of the regions: a reload, no restart. A release ends with the new subject at 100,
then with publishers that write it.

Refused are mappings of subjects of servers, of imported subjects (who exports maps), and of streams with mirrors, whose
subjects a failover maps ([ADR 0042](adr/0042-failover-by-mappings.md)); overlapping ones; a destination that is mapped
again, or stands twice; weights above 100; and a destination that is stored where the subject is not, or the other way
round, because a part of the messages would be acknowledged and the rest not. \`npm run verify\` skips durables whose
messages are mapped, and says so. What other accounts hear is the subject that a message has in the end.

## Order

Accounts are configuration of the servers, reloaded without a restart, in every region before any stack of streams is
brought up. Add both sides in one release, or the export first; take the import away first, or both in one release.
While regions are deployed one after another, an import works in those that have it.
`;
}

const textOf = (file: string): string =>
  readFileSync(path.join(__dirname, "..", "examples", "tenants", file), "utf8").trim();

const tableOf = (fields: readonly (readonly [name: string, text: string])[]): string =>
  [
    "| Field | What it is |",
    "|---|---|",
    ...fields.map(([name, text]) => `| ${name} | ${text.replaceAll("|", "\\|")} |`),
  ].join("\n");

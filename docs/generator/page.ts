import { readFileSync } from "node:fs";
import * as path from "node:path";
import type { Field } from "../../jetstream/fields";
import { streamLosses } from "../../jetstream/losses";
import { testedServers } from "../../config/versions";
import { type Argument, type BucketArgument, buckets, type Table, tables } from "./tables";
import { bucketMeaningOf, changeOf, lossOf, meaningOf, quoted, sinceOf } from "./words";

/** docs/streams.md, whole. */
export const page = (): string => `${[introduction(), ...tables.map(section), ofBuckets(), examples()].join("\n\n")}\n`;

const { oldest, newest } = testedServers;
const oldestLine = oldest.replace(/\.\d+$/, "");
/** The supported servers: from the oldest that tests run to the line of the newest. */
export const servers = `${oldest} to ${newest.replace(/\d+$/, "x")}`;

const introduction =
  (): string => `<!-- Written by \`npm run docs\`: change the comments in config/schema/ and jetstream/schemas.ts,
the tables in jetstream/, or docs/generator/page.ts. -->

# Streams and consumers, field by field

Every argument of a \`Stream\` and a \`Consumer\`: what it means, its unit, range and default, since which server it
exists, and what a change of it does. The tables are generated from the tables by which the program itself works. A
tenant's file ([config/schema/tenant.ts](../config/schema/tenant.ts)) has the same fields, except: \`region\` is
\`home\`, mirrors stand under their origin (\`mirrors\`), a consumer lists its \`streams\` and has a \`mode\`, and some
of what is optional here is required.

Durations are written with their unit: \`"250ms"\`, \`"30s"\`, \`"5m"\`, \`"12h"\`, \`"7d"\`; down to a nanosecond
(\`"us"\`, \`"ns"\`), at most a hundred years. Sizes likewise, in powers of 1024: \`"512KiB"\`, \`"10GiB"\`, at
most 8191 TiB. Where a limit may be absent, \`"unlimited"\` can be written. Times are RFC 3339:
\`"2026-01-31T00:00:00Z"\`. An unknown key is refused, and the nearest known key is named.

**Servers**: ${servers}. ${oldestLine} is the first line that refuses fields it does not know and that checks the API
level that a request needs; older ones silently drop unknown fields. A field of a later server than the oldest of yours
is refused at preview, with the version that has it.

## Changes in a plan

| Class | What happens |
|---|---|
| **In place** | The server changes it; nothing is lost. A field that is removed from the code returns to its default. |
| **Refused** | The server would refuse it, or accept it and do nothing: the plan fails with the reason. |
| **Costs messages** | The server would do it without warning, and messages would be deleted or no longer be stored: \
the plan fails with their number, unless \`allowDataLoss\` allows that many for this very change. |
| **Replaced** | What is refused, where \`allowDataLoss\` names \`replace\`: the stream or durable is deleted and \
recreated. |

All refusals are found before anything is written, all at once. The write then checks again: what was changed meanwhile
outside this program is refused the same way, and where messages cannot be counted nothing is changed. A preview that
reaches no server reports that: it knows what is refused, and leaves what a change costs to the write.

**Costs.** A refusal shows what the change would cost now, and what to write if that is intended:

    would drop 812,345 of 1,000,000 messages, 3.1 GiB; consumer ANALYTICS is 40,112 behind;
    to allow it: allowDataLoss: [{ change: "maxAge", maxMessages: 812345 }]

| \`change\` | Which | What it does, and what is counted |
|---|---|---|
${streamLosses.map((loss) => cells([`\`${loss.change}\``, loss.what, lossOf(loss)])).join("\n")}
| \`replace\` | what is refused | would delete all messages of the stream; would lose a consumer's place among \
those that it has not delivered or that are not acknowledged |
| \`delete\` | \`absent\`, and a tenant's \`state: "leaving"\` | would delete all messages of the stream |

Counts are momentary. They are taken again right before the write, which is not done if it would then cost more than
\`maxMessages\`. Remove an \`allowDataLoss\` once the change is done.

**Replacing.** A stream that others mirror is not replaced: remove its mirrors first. What is retained is protected, so
\`deletionPolicy: "delete"\` has to be deployed first, by itself. A change of a field that identifies a stream or
consumer (\`account\`, \`stream\`, \`name\`) is never a replacement: write a new entry, and remove the old one when it
is empty.

**Lowering in steps.** With \`lowerBy\` a limit is lowered by one step each time the stack is brought up; the state
holds what was applied, and the next run continues from there. Plan and write count what the next step costs, and
\`allowDataLoss\` is for one step.

**Deleting.** With \`deletionPolicy: "retain"\`, the default, removing a resource from the program fails, because it is
protected; \`pulumi state unprotect\` and another run remove it from the state and leave it on the server, where the
limits of its account still cover it; \`npm run status\` names it.
\`delete-if-empty\` and \`delete\` have to be deployed before the resource is removed. With \`absent\` it is deleted
while its entry stays, whatever its policy: counted at preview, and only as far as \`allowDataLoss\` allows. A tenant's
\`state: "leaving"\` means the same for everything that it has.

**Adopting.** What exists without this stack's mark is not touched unless \`adopt\` names its owner. Differences from
the arguments are then changes like any other, refused or counted. Fields that this program does not know stay as they
are.

**Newer fields.** \`extraConfig\` sends fields under JetStream's own names, as they are. They are compared and written
like all others; whether a change is possible shows only at the write.`;

function section({ title, intro, arguments: list }: Table): string {
  return [
    `## ${title}`,
    ...(intro ? [intro] : []),
    [
      "| Field | What it is | JetStream's name | Since | A change is |",
      "|---|---|---|---|---|",
      ...list.map(line),
    ].join("\n"),
  ].join("\n\n");
}

function line(argument: Argument): string {
  const { name, rows } = argument;
  const kind = kinds[rows[0]?.kind ?? "text"];
  const field = `\`${name}\`${kind ? `<br>${kind}` : ""}`;
  return cells([
    field,
    meaningOf(argument),
    quoted(wireNames(argument)).join(", ").replaceAll("\\.", "."),
    sinceOf(argument),
    changeOf(argument),
  ]);
}

/** JetStream's names of an argument; empty where its configuration has no such field. */
export function wireNames({ name, rows, partOf }: Argument): string[] {
  const isSent = tables.some((table) =>
    table.arguments.some((whole) => partOf.includes(whole.name) && whole.rows.length),
  );
  return isSent
    ? [
        name
          .split(".")
          .at(-1)!
          .replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`),
      ]
    : rows.map(({ wire }) => wire);
}

/** Buckets are streams: what a change does is documented once, there. */
function ofBuckets(): string {
  const line = (argument: BucketArgument) =>
    cells([...quoted([argument.name]), bucketMeaningOf(argument), quoted(argument.becomes).join(", ")]);
  return [
    "## Buckets: key-value and object store",
    `A \`KeyValue\` and an \`ObjectStore\` are streams of the form that clients expect: what a change does, and since
which server a field exists, is what it is of the stream's field.
In addition they take \`account\`, \`bucket\` (the name), \`region\`, and the fields of "how the program treats it".`,
    ["| Field | What it is | The stream's field |", "|---|---|---|", ...buckets.both.map(line)].join("\n"),
    "Of key-value buckets only:",
    ["| Field | What it is | The stream's field |", "|---|---|---|", ...buckets.keyValue.map(line)].join("\n"),
    `A tenant declares them by name in \`keyValues\` and \`objectStores\`, with these fields, those of "how the program
treats it", and:`,
    [
      "| Field | What it is |",
      "|---|---|",
      ...buckets.tenants.map(({ name, text }) => cells([...quoted([name]), text])),
    ].join("\n"),
    `In a tenant, \`storage\` is \`file\` and \`replicas\` 3 unless it says otherwise. \`plan\`, \`verify\`, \`status\`,
limits, alerts and policies know a bucket by its stream, \`KV_<name>\` or \`OBJ_<name>\`. A bucket does not fail over:
clients find it by its name. Where its home region is lost, its mirrors answer reads, and writes wait.`,
    `\`\`\`ts
keyValues: { profiles: { history: 5, maxBytes: "256MiB", mirrors: { ams: {} } } },
objectStores: { documents: { maxBytes: "1GiB" } },
users: {
  api: { keyValues: { profiles: ["get", "put"] }, objectStores: { documents: "put" } },
  reader: { keyValues: { "profiles-ams": ["get", "watch"] } },
},
\`\`\``,
    `[examples/tenants/buckets.ts](examples/tenants/buckets.ts) is a whole tenant with each of them, which tests run.`,
    `A user gets rights by words, in its own \`keyValues\` and \`objectStores\`:`,
    ["| Word | On a key-value bucket | On an object store |", "|---|---|---|", ...rights.map(cells)].join("\n"),
    `Clients read entries from the mirror in their region where they open the bucket with direct reads
(\`open("profiles", { allow_direct: true })\`); to watch or list there, they open the mirror
(\`open("profiles", { streamName: "KV_profiles-ams" })\`), on which the user has \`watch\` or \`list\` by its name,
\`profiles-ams\`. Purges are no messages, so they reach no mirror: of a store, a mirror keeps the chunks of deleted
objects until its own \`maxBytes\` drops the oldest it has; give it more than the store. A store is read at home: its
mirrors are copies to restore from.`,
  ].join("\n\n");
}

/** Words of users, and what the clients' libraries do with each. */
const rights: [string, string, string][] = [
  ["`get`", "`get` of single entries", "`get` and `info` of objects"],
  ["`put`", "`put`, `create`, `update`, `delete`, `purge` of a key", "`put`, `update`, `delete` of objects"],
  ["`watch`", "`watch`, `keys`, `history`", "`watch`, `list`"],
  ["`list`", "`keys`, `history`; servers cannot tell it from `watch`", "`list`; servers cannot tell it from `watch`"],
  ["`purge`", "`purgeDeletes`, and the API's purge", "`delete` of objects, without the right to write any"],
];

const cells = (texts: string[]): string => `| ${texts.map((text) => text.replaceAll("|", "\\|")).join(" | ")} |`;

/** How the page names the values of a field; text needs no name. */
const kinds: Partial<Record<Field["kind"], string>> = {
  number: "number",
  flag: "true or false",
  time: "time",
  pause: "time",
  texts: "list",
  duration: "duration",
  durationLimit: "duration or `unlimited`",
  durations: "list of durations",
  size: "size",
  sizeLimit: "size or `unlimited`",
  numberLimit: "number or `unlimited`",
  labels: "labels",
  numberLabel: "number",
};

/** Examples in the page's order: files of docs/examples, which tests compile and run. */
export const exampleFiles = [
  "a-stream-and-its-consumers.ts",
  "a-push-consumer.ts",
  "mirrors-and-sources.ts",
  "buckets.ts",
  "lower-a-limit-in-steps.ts",
  "take-over-what-is-there.ts",
];

const examples = (): string =>
  [
    "## Examples",
    "Each is a file of [docs/examples](examples). `provider` is the stack's `JetstreamProvider`.",
    ...exampleFiles.map((file) => `### ${titleOf(file)}\n\n\`\`\`ts\n${textOf(file)}\n\`\`\``),
  ].join("\n\n");

const textOf = (file: string): string => readFileSync(path.join(__dirname, "..", "examples", file), "utf8").trim();
const titleOf = (file: string): string =>
  `${file[0]!.toUpperCase()}${path.basename(file, ".ts").slice(1).replaceAll("-", " ")}`;

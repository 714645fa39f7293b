import { readFileSync } from "node:fs";
import * as path from "node:path";
import type { Field } from "../../jetstream/fields";
import { streamLosses } from "../../jetstream/losses";
import { describeTool } from "../../tools/pins.mjs";
import { type Argument, type BucketArgument, buckets, type Table, tables } from "./tables";
import { bucketMeaningOf, changeOf, lossOf, meaningOf, quoted, sinceOf } from "./words";

/** docs/streams.md, whole. */
export const page = (): string => `${[introduction(), ...tables.map(section), ofBuckets(), examples()].join("\n\n")}\n`;

const oldest = describeTool("nats-server-oldest").pin;
/** The servers that are supported: from the oldest that tests run to the line of the newest. */
export const servers = `${oldest} to ${describeTool("nats-server").pin.replace(/\d+$/, "x")}`;

const introduction =
  (): string => `<!-- Written by \`npm run docs\`: change comments in config/schema/ and jetstream/schemas.ts, tables in jetstream/, or docs/generator/page.ts. -->

# Streams and consumers, field by field

Every argument of a \`Stream\` and a \`Consumer\`: what it means, its unit, range and default, since which server it is there, and
what a change of it does. The tables are generated from what the program itself works by, so they say what it does. A tenant's
file ([config/schema/tenant.ts](../config/schema/tenant.ts)) has the same fields: there \`region\` is \`home\`, mirrors stand under their origin
(\`mirrors\`), a consumer lists its \`streams\` and says its \`mode\`, and some of what is optional here has to be said.

Durations are written with their unit, in whole milliseconds: \`"250ms"\`, \`"30s"\`, \`"5m"\`, \`"12h"\`, \`"7d"\`. Sizes likewise, in
powers of 1024: \`"512KiB"\`, \`"10GiB"\`. Times are RFC 3339: \`"2026-01-31T00:00:00Z"\`. A key that is not known is refused, and the
nearest that is known is named.

**Servers**: ${servers}. ${oldest.replace(/\.\d+$/, "")} is the first line that refuses fields it does not know and that knows the API level a
request needs; older ones drop silently what they do not know. A field of a later server than the oldest of yours is refused at
preview, with the version that has it.

## What a plan says of a change

| Class | What happens |
|---|---|
| **In place** | The server changes it; nothing is lost. A field that is taken out of the code goes back to its default. |
| **Refused** | The server would not do it, or would accept it and do nothing: the plan fails and says why. |
| **Costs messages** | The server would do it without warning, and messages go or no longer come: the plan fails and says how many, \
unless \`allowDataLoss\` allows that many for this very change. |
| **Replaced** | What is refused, where \`allowDataLoss\` names \`replace\`: the stream or durable is deleted and recreated. |

What is refused is found before anything is written, all of it at once. The write then looks again: what somebody else changed
meanwhile is refused the same way, and where messages cannot be counted nothing is changed. A preview that reaches no server says
so: it knows what is refused, and leaves what a change costs to the write.

**Costs.** A refusal says what the change would cost now, and what to write if that is meant:

    would drop 812,345 of 1,000,000 messages, 3.1 GiB; consumer ANALYTICS is 40,112 behind;
    to allow it: allowDataLoss: [{ change: "maxAge", maxMessages: 812345 }]

| \`change\` | Which | What it does, and what is counted |
|---|---|---|
${streamLosses.map((loss) => cells([`\`${loss.change}\``, loss.what, lossOf(loss)])).join("\n")}
| \`replace\` | what is refused | would delete all messages of the stream; would lose a consumer's place among those that it has not delivered or that are not acknowledged |
| \`delete\` | \`absent\`, and a tenant's \`state: "leaving"\` | would delete all messages of the stream |

Counts are of the moment. They are taken again right before the write, which is not done if it would cost more than
\`maxMessages\` by then. Take an \`allowDataLoss\` out again once it is done.

**Replacing.** A stream that others mirror is not replaced: take its mirrors out first. What is retained is protected, so
\`deletionPolicy: "delete"\` has to be brought up first, by itself. A field that says which stream or consumer it is (\`account\`,
\`stream\`, \`name\`) is never a replacement: write a new entry, and take the old one out when it is empty.

**Lowering in steps.** With \`lowerBy\` a limit goes down by one step each time the stack is brought up; the state holds what was
applied, and the next run goes on. Plan and write count what the next step costs, and \`allowDataLoss\` is for one step.

**Deleting.** With \`deletionPolicy: "retain"\`, the default, taking a resource out of the program fails, because it is protected;
\`pulumi state unprotect\` and another run forget it and leave it on the server. \`delete-if-empty\` and \`delete\` have to be
brought up before the resource is taken out. With \`absent\` it is deleted while its entry stays, whatever its policy: counted at preview, and
only as far as \`allowDataLoss\` allows. A tenant's \`state: "leaving"\` says so of all that it has.

**Adopting.** What is there and has not this stack's mark is left alone unless \`adopt\` says whose it is. What differs from the
arguments is then a change like any other, refused or counted. Fields that this program does not know stay as they are.

**Newer fields.** \`extraConfig\` sends fields under JetStream's own names, as they are. They are compared and written like all
others; whether a change is possible only the server says.`;

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
    quoted(wireNames(argument)).join(", "),
    sinceOf(argument),
    changeOf(argument),
  ]);
}

/** JetStream's names of an argument; none where its configuration has no such field. */
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

/** Buckets are streams, so what a change does is said once, there. */
function ofBuckets(): string {
  const line = (argument: BucketArgument) =>
    cells([...quoted([argument.name]), bucketMeaningOf(argument), quoted(argument.becomes).join(", ")]);
  return [
    "## Buckets: key-value and object store",
    `A \`KeyValue\` and an \`ObjectStore\` are streams of the form that clients expect: what a change does, and since
which server a field exists, is what it is of the stream's field.
Beside these they take \`account\`, \`bucket\` (the name), \`region\`, and what says how the program treats a stream.`,
    ["| Field | What it is | The stream's field |", "|---|---|---|", ...buckets.both.map(line)].join("\n"),
    "Of key-value buckets only:",
    ["| Field | What it is | The stream's field |", "|---|---|---|", ...buckets.keyValue.map(line)].join("\n"),
  ].join("\n\n");
}

const cells = (texts: string[]): string => `| ${texts.map((text) => text.replaceAll("|", "\\|")).join(" | ")} |`;

/** What is written for a value, where it is more than a word. */
const kinds: Partial<Record<Field["kind"], string>> = {
  number: "number",
  flag: "true or false",
  time: "time",
  pause: "time",
  texts: "list",
  duration: "duration",
  durations: "list of durations",
  size: "size",
  labels: "labels",
};

/** Examples in the page's order: files of docs/examples, which tests compile and run. */
export const exampleFiles = [
  "a-stream-and-its-consumers.ts",
  "a-push-consumer.ts",
  "mirrors-and-sources.ts",
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

import { settings } from "./settings";
import { systems } from "./tenants";
import { requirements } from "./workers";
import type { Requirement } from "./workers/requirement";
import { type Compared, comparedOf, type Departure, type Setting, type System, textOf, type Value } from "./values";

/** docs/systems.md, whole. */
export const systemsPage = (): string => `${[introduction, ...systems.map(section), ofServers()].join("\n\n")}\n`;

const introduction = `<!-- Written by \`npm run docs\`: change docs/generator/systems/. -->

# What the documents of the four systems say, and what is deployed

What an owner wrote stands, unless it cannot work. This page has every value that the documents give, and every value
that is another here, with the reason; a test compares both with [\`tenants/\`](../tenants) and with the configuration
that is rendered for production. Ids (\`C000-3\`) number the contradictions of the documents.

In the tables of streams, consumers and users _(document: x)_ follows a value where the document has another, and
_(ours)_ one that no document gives. Every account has two more users: \`provisioner\` (creates streams and consumers,
reads no message) and \`canary\` (proves a round trip); one with \`deadLetters\` has what
[dead-letters.md](dead-letters.md) lists. What each field means, and what changing it does:
[streams.md](streams.md).`;

function section(system: System): string {
  const compared = comparedOf(system);
  return [
    `## ${system.title}`,
    ...(["streams", "consumers", "users"] as const).map((kind) => entities(kind, compared)),
    table(
      ["Id", "The document", "Here", "Why"],
      system.departures.map((departure) => [
        departure.id ?? "",
        departure.document ?? documented(departure, compared),
        hereOf(departure),
        departure.why,
      ]),
    ),
    table(
      ["Id", "The document", "Here"],
      system.remarks.map(({ id = "", document, here }) => [id, document, here]),
    ),
    ...(system.open ? [system.open] : []),
    ...ofWorkers(requirements[system.name] ?? []),
  ].join("\n\n");
}

/** What the documents want of workers: what does it, and the test that proves it. */
function ofWorkers(rows: readonly Requirement[]): string[] {
  if (rows.length === 0) return [];
  const cells = ({ id = "", document, here = "", files, tests }: Requirement) => [
    ...[id, document, here],
    files.map(code).join("<br>"),
    tests.map(({ file, title }) => `${code(file)}: ${title}`).join("<br>"),
  ];
  return [
    "What the documents want of workers, in their order; the third column is empty where it is as they say.",
    table(["Id", "The document", "Here", "What does it", "What proves it"], rows.map(cells)),
  ];
}

const titles = { streams: "Stream", consumers: "Consumer", users: "User" } as const;

/** A table with a row for each stream, consumer or user, and a column for each field that one of them has. */
function entities(kind: keyof typeof titles, compared: Compared[]): string {
  const own = compared.filter(({ at }) => at.startsWith(`${kind}.`));
  const names = [...new Set(own.map(({ at }) => at.split(".")[1]!))];
  // What has parts, as a user's rights on buckets, is in the table of reasons.
  const whole = own.map(({ at }) => at.split(".")).filter((path) => path.length === 3);
  const found = [...new Set(whole.map(([, , field]) => field!))];
  const fields = found.toSorted((a, b) => placeOf(a) - placeOf(b));
  return table(
    [titles[kind], ...fields],
    names.map((name) => [
      name,
      ...fields.map((field) => cellOf(own.find(({ at }) => at === [kind, name, field].join(".")))),
    ]),
  );
}

/** Columns in one order for all systems; others follow. */
const columns = [
  ...["subjects", "retention", "storage", "maxAge", "maxMsgs", "maxBytes", "discard", "replicas", "mirrors"],
  ...["streams", "filterSubjects", "mode", "deliverSubject", "deliverPolicy", "replayPolicy", "ackPolicy", "ackWait"],
  ...["attempts", "maxDeliver", "backoff", "maxAckPending", "flowControl", "idleHeartbeat", "rateLimitBps"],
  ...["publishes", "subscribes", "consumes", "inbox"],
];
const placeOf = (field: string): number => (columns.indexOf(field) + columns.length + 1) % (columns.length + 1);

function cellOf(value: Compared | undefined): string {
  if (!value) return "";
  const { source, here, departs } = value;
  const ours = here === undefined ? "" : code(here);
  if (!departs) return ours;
  return [ours, source === undefined ? "_(ours)_" : `_(document: ${code(source)})_`].filter(Boolean).join(" ");
}

/** What the document has at a departure's paths; each value once. */
function documented({ here }: Departure, compared: Compared[]): string {
  const patterns = Object.keys(here).map((at) => at.split("."));
  const values = compared
    .filter(({ at }) => patterns.some((pattern) => matches(pattern, at.split("."))))
    .map(({ at, source }) => {
      const field = at.split(".").at(-1)!;
      return source === undefined ? `no ${field}` : `${field} ${code(source)}`;
    });
  return [...new Set(values)].join(", ");
}

const matches = (pattern: string[], path: string[]): boolean =>
  pattern.length === path.length && pattern.every((token, index) => token === "*" || token === path[index]);

/** What a departure has: `replicas 3`, of each that it names. */
const hereOf = ({ here }: Departure): string =>
  Object.entries(here)
    .map(([at, value]) => {
      const [kind, name, field] = at.split(".");
      const isNamed = field !== undefined && kind !== "lanes";
      const what = !isNamed ? at : name === "*" ? field : `${name} ${field}`;
      return `${what} ${value === null ? "left out" : code(value)}`;
    })
    .join("<br>");

const ofServers = (): string =>
  [
    "## Servers and what is around them",
    "Production's, for iad. Where the last column is empty, it is what the documents have.",
    table(
      ["", "Id", "The documents", "Here", "Why"],
      settings.map((setting) => [
        setting.what,
        setting.id ?? "",
        code(setting.source),
        settingHere(setting),
        setting.why ?? "",
      ]),
    ),
  ].join("\n\n");

const settingHere = ({ source, here }: Setting): string =>
  here === null ? "left out" : code(here === undefined ? source : here);

/** A value as it stands in a cell: subjects and the like as code. */
const code = (value: Value): string =>
  (Array.isArray(value) ? (value as readonly string[]) : [textOf(value)])
    .map((text) => (/[.$/<>*{]/.test(text) ? `\`${text}\`` : text))
    .join(" ");

const table = (head: string[], rows: string[][]): string =>
  [head, head.map(() => "---"), ...rows].map((cells) => `| ${cells.map(escaped).join(" | ")} |`).join("\n");

const escaped = (text: string): string => text.replaceAll("|", "\\|");

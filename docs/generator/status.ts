import { type Interface, interfacesIn } from "./interfaces";

/** Files that declare what `npm run status -- --json` prints. */
const files = [
  "operations/supercluster/status.ts",
  "operations/workers/worker-status.ts",
  "operations/workers/database-status.ts",
  "operations/monitoring/monitoring-status.ts",
  "operations/monitoring/prometheus-api.ts",
];

/** docs/status.md, whole. */
export const statusPage = (): string => `${introduction}\n\n${reached().map(section).join("\n\n")}\n`;

const introduction = `<!-- Written by \`npm run docs\`: change comments of interfaces, or docs/generator/status.ts. -->

# The status

\`\`\`sh
npm run status                                        # the local environment
npm run status -- --env production --watch            # again every 2 s, with what was stored a second; Ctrl-C ends it
npm run status -- --account irisx --stream SMS        # one account, or one stream with its mirrors and durables
npm run status -- --json --exit-code                  # for a program: exits with 1 where there is a problem
\`\`\`

The problems come first, the worst at the top, each with what to do about it: a command, or a page. Then what the
servers report now: regions, gateways with round-trip times, streams with their leader and how full they are, durables
that have something left, workers, dead letters, and, where a Prometheus of this environment is known, alerts that fire.
It asks every server in the system account (\`VARZ\`, \`JSZ\`, \`GATEWAYZ\`, \`HEALTHZ\`), and changes nothing.

How long the oldest message of a durable has waited no server reports. So, for each durable that has something left, the
status reads the first message behind its floor that it wants, as the account's \`provisioner\`: one request each, of
which only the time is used.

## \`--json\`

One object, of the shape below; with \`--watch\` one a line. Optional fields (\`?\`) are left out where there is nothing
to say. Fields are added without notice, and renamed or removed only with a line in CHANGELOG.md.`;

/** The first and all that its fields name, in that order. */
function reached(): Interface[] {
  const known = new Map(files.flatMap(interfacesIn).map((one) => [one.name, one]));
  const found: Interface[] = [];
  const add = (name: string): void => {
    const one = known.get(name);
    if (!one || found.includes(one)) return;
    found.push(one);
    for (const { type } of one.fields) for (const [word] of type.matchAll(/\w+/g)) add(word);
  };
  add("Status");
  return found;
}

const section = ({ name, text, fields }: Interface): string =>
  [
    `### ${name}`,
    text,
    [
      "| Field | Type | What it is |",
      "| --- | --- | --- |",
      ...fields.map((field) =>
        cells([`\`${field.name}${field.isOptional ? "?" : ""}\``, `\`${field.type}\``, field.text]),
      ),
    ].join("\n"),
  ]
    .filter(Boolean)
    .join("\n\n");

const cells = (texts: string[]): string => `| ${texts.map((text) => text.replaceAll("|", "\\|")).join(" | ")} |`;

import { chapters } from "../../policies/registry";
import type { Rule, Setting } from "../../policies/rule";
import { settings } from "../../policies/settings";

/** docs/policies.md, whole. */
export const policiesPage = (): string =>
  `${[introduction(), contents(), ...Object.entries(chapters).map(chapter)].join("\n\n")}\n`;

const count = Object.values(chapters).flat().length;

const introduction =
  (): string => `<!-- Written by \`npm run docs\`: change policies/, or docs/generator/policies.ts. -->

# Policies

\`policies/\` is a CrossGuard policy pack, a package of its own: ${count} rules, each a file of data in
\`policies/rules/\`. They check what a stack would do, before it is done. A mandatory rule stops the deployment, an
advisory one is printed.

## How to run them

\`\`\`sh
npm run policy                                    # every stack of the local environment, by the engine's own previews
npm run policy -- --env production                # every stack of another environment
npm run policy -- --stack local-jetstream         # one stack
npm run policy:state -- --file state.json         # what is deployed, by a state that pulumi stack export wrote
pulumi preview --stack iad --policy-pack policies # the pack alone; the same with up
\`\`\`

The last form needs a Node language host that can start policy packs. The one that is built from its last Go module
cannot (docs/adr/0007); there, and wherever a second counts, use \`tools/offline/policy-pack\` instead: the same rules,
started by a script, which must be on \`PATH\`:

\`\`\`sh
export PATH="$PATH:$PWD/tools/offline/policy-pack"
pulumi preview --stack local-jetstream --policy-pack tools/offline/policy-pack
\`\`\`

\`npm test\` runs every rule over what the tests record of each stack, with optional parts on and off, so a violation is
found without an engine; and over more than a hundred accidents (\`tests/policies/accidents.ts\`), each of which exactly
one rule must find.

**What they see.** Rules about single resources see inputs, before the resource is changed. Rules about several see a
whole stack at the end of a preview; of an \`up\` only when it is done: check a preview first. Where a value is not
known before the deployment, no rule reads it, because the engine would turn that rule into advice.

**Settings and exceptions.** The settings of rules for this project, and what is excepted from them and why, stand in
\`policies/settings.ts\`. For one run: \`--policy-pack-config <file>\`, with \`{ "<rule>": { "<setting>": ... } }\`.

**Local environments** are disposable: rules about replicas and protection leave them out. Resources themselves show
where they are: the provider of streams has its environment, certificates name their machines, servers are of a local
type.`;

const contents = (): string =>
  [
    "| Rule | Level | Severity | What holds |",
    "|---|---|---|---|",
    ...Object.values(chapters)
      .flat()
      .map(
        ({ name, enforcementLevel, severity, description }) =>
          `| [${name}](#${name}) | ${enforcementLevel} | ${severity} | ${description} |`,
      ),
  ].join("\n");

const chapter = ([title, rules]: [string, readonly Rule[]]): string =>
  [`## ${title}`, ...rules.map(section)].join("\n\n");

function section(rule: Rule): string {
  const { name, description, severity, enforcementLevel, why, remediation, notSeen, types, setting } = rule;
  const level = `${enforcementLevel[0]!.toUpperCase()}${enforcementLevel.slice(1)}, severity ${severity}`;
  return [
    `### ${name}`,
    `${level}. ${description}`,
    `**Why.** ${why}`,
    `**What to do.** ${remediation}.`,
    ...(notSeen ? [`**Not seen.** ${notSeen}`] : []),
    `**Looks at** ${types ? types.map(code).join(", ") : "every resource"}${"violations" in rule ? "" : ", together"}.`,
    ...(setting ? [settingOf(name, setting)] : []),
  ].join("\n\n");
}

function settingOf(rule: string, { name, description, schema, default: usual }: Setting<unknown>): string {
  const own = settings[rule] === undefined ? "" : ` Here: ${code(settings[rule])}.`;
  return `**Setting** \`${name}\` (${String(schema.type)}): ${description} Default: ${code(usual)}.${own}`;
}

/** A setting's value, a list, or texts by name. */
function code(value: unknown): string {
  if (typeof value !== "object" || value === null) return `\`${String(value)}\``;
  const texts = Array.isArray(value)
    ? value.map((one) => `\`${String(one)}\``)
    : Object.entries(value).map(([key, text]) => `\`${key}\` (${String(text)})`);
  return texts.join(", ") || "none";
}

import type { Argument } from "./tables";
import { isRequired, levelIn, split, valuesOf } from "./words";

/** Where an argument's comment says something else than the tables by which the program works. */
export function contradictions(argument: Argument): string[] {
  if (!argument.comment)
    return [`${argument.name} has no comment: say what it means, its unit, range and default, and what a change does`];
  return checks.filter(({ when }) => when(argument)).map(({ say }) => `${argument.name}: ${say(argument)}`);
}

interface Check {
  when(argument: Argument): boolean;
  say(argument: Argument): string;
}

const checks: Check[] = [
  {
    when: ({ partOf, comment }) => partOf.length === 0 && !split(comment).change,
    say: () => 'the comment does not end with what a change does: "In place ..." or "Refused ..."',
  },
  {
    when: (argument) => (argument.isIdentity || refusals(argument).some(isAlways)) && !says(argument, /^Refused/),
    say: () => 'any change is refused, the comment does not say "Refused"',
  },
  {
    when: (argument) => refusals(argument).length > 0 && !says(argument, /refused/i),
    say: () => 'a change is refused, the comment does not say "refused"',
  },
  {
    when: (argument) =>
      hasRow(argument) && !argument.isIdentity && refusals(argument).length === 0 && says(argument, /refused/i),
    say: () => 'the comment says "refused", no change is',
  },
  {
    when: (argument) => codes(argument) !== codesSaid(argument),
    say: (argument) =>
      `refusals have the codes ${codes(argument) || "none"}, the comment says ${codesSaid(argument) || "none"}: "refused (error ...)"`,
  },
  {
    when: (argument) => versions(argument).some((version) => !split(argument.comment).change.includes(version)),
    say: (argument) => `a refusal depends on server ${versions(argument).join(", ")}, which the comment does not name`,
  },
  {
    when: (argument) => argument.losses.length > 0 && !says(argument, /costs messages/),
    say: () => 'a change costs messages, the comment does not say "costs messages"',
  },
  {
    when: (argument) => hasRow(argument) && argument.losses.length === 0 && says(argument, /costs messages/),
    say: () => 'the comment says "costs messages", no change does',
  },
  {
    when: (argument) => hasRow(argument) && !levels(argument).includes(levelIn(argument.comment)),
    say: (argument) =>
      `needs API level ${levels(argument).join() || "none"}, the comment says ${levelIn(argument.comment) ?? "none"}: "API level ..."`,
  },
  {
    when: (argument) => valuesLeftOut(argument).length > 0,
    say: (argument) => `may be ${valuesLeftOut(argument).join(", ")}, which the comment does not name`,
  },
  {
    when: ({ schema, comment }) => schema !== undefined && !isRequired(schema) && !/\bDefault\b/.test(comment),
    say: () => 'may be left out, the comment has no "Default"',
  },
  {
    when: (argument) => defaults(argument).some((text) => !new RegExp(`\\bDefault:? ${text}`).test(argument.comment)),
    say: (argument) => `its default is ${defaults(argument).join()}, the comment says another`,
  },
];

const hasRow = ({ rows }: Argument): boolean => rows.length > 0;
const refusals = ({ rows }: Argument) => rows.flatMap(({ refused }) => refused ?? []);
const isAlways = ({ what, until }: { what: string; until?: string }): boolean => what === "any change" && !until;
const versions = (argument: Argument): string[] =>
  refusals(argument).flatMap(({ until, errorSince }) => [until ?? [], errorSince ?? []].flat());
const says = ({ comment }: Argument, words: RegExp): boolean => words.test(split(comment).change);

const listed = (list: (number | string)[]): string => [...new Set(list.map(String))].sort().join(", ");
const codes = (argument: Argument): string => listed(refusals(argument).flatMap(({ error }) => error ?? []));
const codesSaid = ({ comment }: Argument): string =>
  listed([...split(comment).change.matchAll(/refused \(error (\d+)\)/gi)].map(([, code]) => code!));

/** Levels that a comment may give the whole argument; where the level depends on the value it may give any. */
const levels = ({ rows, comment }: Argument) =>
  rows.map(({ level }) => (typeof level === "function" ? levelIn(comment) : level));

const valuesLeftOut = ({ schema, comment }: Argument): string[] =>
  valuesOf(schema).filter((value) => !comment.includes(`\`${value}\``));

/** Defaults of the table as comments say them; none where they follow from other fields, or where there is no leaving out. */
const defaults = ({ rows, schema }: Argument): string[] =>
  isRequired(schema) ? [] : rows.flatMap((row) => spelled(row.default) ?? []);

function spelled(value: unknown): string | undefined {
  if (value === -1 || value === 0) return "(no limit|never|the server's)";
  if (typeof value === "string") return `\`${value}\``;
  return typeof value === "number" || typeof value === "boolean" ? String(value) : undefined;
}

import { firstVersionOf } from "../../jetstream/changes";
import { isAlways } from "../../jetstream/fields/refusals";
import type { Argument } from "./tables";
import { isRequired, tableDefaultOf, valuesOf } from "./words";

/** What an argument's comment leaves out, and which of its tags repeat a table. */
export const gapsOf = (argument: Argument): string[] =>
  gaps.filter(({ when }) => when(argument)).map(({ report }) => `${argument.name}: ${report(argument)}`);

interface Gap {
  when(argument: Argument): boolean;
  report(argument: Argument): string;
}

const gaps: Gap[] = [
  {
    when: ({ comment }) => !comment,
    report: () => "has no comment; write what it means, its unit and its range",
  },
  {
    when: (argument) => valuesLeftOut(argument).length > 0,
    report: (argument) => `the comment does not explain the value ${valuesLeftOut(argument).join(", ")}`,
  },
  {
    when: (argument) => repeatedErrors(argument).length > 0,
    report: (argument) => `the comment repeats error ${repeatedErrors(argument).join(", ")} of its rules; remove it`,
  },
  {
    when: ({ schema, tags }) => isRequired(schema) && tags.default !== undefined,
    report: () => "has @default, but is required",
  },
  {
    when: (argument) => argument.tags.default !== undefined && argument.tags.default === tableDefaultOf(argument),
    report: () => "@default repeats the table of fields; remove it",
  },
  {
    when: (argument) => contradictsTable(argument),
    report: (argument) => `@default contradicts the table of fields, which has ${tableDefaultOf(argument)!}`,
  },
  {
    when: ({ rows, tags }) => rows.length > 0 && typeof rows.at(-1)!.default === "function" && !tags.default,
    report: () => "the default follows from other fields; write how in @default",
  },
  {
    when: ({ partOf, refusals, tags }) => tags.change !== undefined && (partOf.length > 0 || refusals.some(isAlways)),
    report: ({ partOf }) => (partOf.length ? "has @change, but is a part" : "has @change, but any change is refused"),
  },
  {
    when: ({ rows, tags }) => tags.level !== undefined && rows.length > 0,
    report: () => "has @level, but its level stands in the table of fields",
  },
  {
    when: ({ tags }) => tags.level !== undefined && !(tags.level in firstVersionOf),
    report: ({ tags }) => `@level is ${tags.level!}, which is not an API level of jetstream/changes.ts`,
  },
];

/** Words may follow the table's value; another value may not replace it. */
function contradictsTable(argument: Argument): boolean {
  const [words, value] = [argument.tags.default, tableDefaultOf(argument)];
  return words !== undefined && value !== undefined && words !== value && !words.startsWith(`${value},`);
}

const repeatedErrors = ({ comment, tags, errors }: Argument): number[] =>
  errors.filter((code) => [comment, ...Object.values(tags)].some((text) => text.includes(String(code))));

const valuesLeftOut = ({ schema, comment }: Argument): string[] =>
  valuesOf(schema).filter((value) => !comment.includes(`\`${value}\``));

import { colours } from "../../engine/terminal";
import type { FieldChange } from "../../operations/plan/preview";
import { type Class, classes, type Row } from "../../operations/plan/rows";

const paint: Partial<Record<Class, (text: string) => string>> = {
  create: colours.green,
  adopt: colours.green,
  "loses messages": colours.yellow,
  replace: colours.yellow,
  delete: colours.yellow,
  refused: colours.red,
};

/** The changes of one stack as text: a line each, with its fields, costs and reasons below it. */
export const renderRows = (rows: Row[]): string =>
  rows
    .flatMap((row) => [
      `${(paint[row.class] ?? String)(row.class.padEnd(nameWidth))}  ${row.id}`,
      ...detailsOf(row).map((detail) => `${" ".repeat(nameWidth + 4)}${detail}`),
    ])
    .join("\n");

const nameWidth = Math.max(...Object.keys(classes).map(({ length }) => length));

const detailsOf = ({ fields, costs, reasons, notes, unknown }: Row): string[] =>
  [
    ...fields.map(fieldText),
    ...reasons.map((reason) => colours.red(reason)),
    ...costs
      .filter(({ text }) => !reasons.some((reason) => reason.includes(text)))
      .map(({ text, isAllowed }) => (isAllowed ? `${text} (allowed)` : text)),
    ...notes,
    ...(unknown === undefined ? [] : [colours.yellow(`the servers could not be read: ${unknown.split("\n", 1)[0]}`)]),
  ].flatMap((detail) => detail.split("\n"));

/** `maxMsgs: 1,000,000 -> 10`. */
const fieldText = ({ field, from, to, isDrift }: FieldChange): string =>
  `${field}: ${valueText(from)} -> ${valueText(to)}${isDrift ? " (changed outside this program)" : ""}`;

function valueText(value: unknown): string {
  if (value === undefined) return "not set";
  if (typeof value === "number") return value.toLocaleString("en");
  if (Array.isArray(value) && value.every((item) => typeof item === "string")) return `[${value.join(", ")}]`;
  return typeof value === "string" ? value : JSON.stringify(value);
}

import { isObject } from "../../config/objects";
import { joinPath } from "../../config/problems";
import type { ImportedTenant, Remark } from "./draft";

/** Marks every place that has to be completed by hand. */
export const marker = "TODO";

/** Of a line, as prettier formats the project. */
const width = 120;

/** The text of a tenant's file, in the form of those in tenants/; `config` is where it imports the type from. */
export function tenantFile({ tenant, toDecide }: Pick<ImportedTenant, "tenant" | "toDecide">, config: string): string {
  return `import type { TenantSpec } from ${JSON.stringify(config)};

/** As it was found on the servers (npm run import). Remove \`adopt\` once it has been deployed. */
export const ${constantOf(tenant.name)}: TenantSpec = ${literal(tenant, toDecide)};
`;
}

const reserved = new Set(
  (
    "await break case catch class const continue debugger default delete do else enum export extends false finally " +
    "for function if implements import in interface let new null package private protected public return " +
    "static super switch this throw true try typeof var void while with yield"
  ).split(" "),
);

/** Name of the constant of an account's tenant. */
export function constantOf(account: string): string {
  const name = account.replace(/-+(.?)/g, (_, letter: string) => letter.toUpperCase());
  return reserved.has(name) || /^\d/.test(name) ? `_${name}` : name;
}

/**
 * An object over several lines, down to where its parts fit on one; remarks stand as comments above what they are
 * about, or where it would be.
 */
function literal(value: object, remarks: Remark[], path: string[] = []): string {
  const indent = "  ".repeat(path.length);
  const isAbout = (key: string, { at }: Remark) =>
    at === joinPath(...path, key) ||
    at.startsWith(`${joinPath(...path, key)}.`) ||
    at.startsWith(`${joinPath(...path, key)}[`);
  const entries = Object.entries(value);
  const lines = entries.flatMap(([key, item]: [string, unknown]) => {
    const about = remarks.filter((remark) => isAbout(key, remark));
    const start = `${indent}  ${keyText(key)}: `;
    const text = inline(item);
    const isOpen =
      isObject(item) &&
      Object.keys(item).length > 0 &&
      (isSection(path) || about.length > 0 || start.length + text.length > width);
    const here = isOpen ? about.filter(({ at }) => at === joinPath(...path, key)) : about;
    const body = isOpen
      ? literal(
          item,
          about.filter((remark) => !here.includes(remark)),
          [...path, key],
        )
      : start.length + text.length > width
        ? broken(item, indent)
        : text;
    return [...here.map((remark) => comment(remark, indent)), `${start}${body},`];
  });
  const missing = remarks.filter((remark) => !entries.some(([key]) => isAbout(key, remark)));
  return ["{", ...missing.map((remark) => comment(remark, indent)), ...lines, `${indent}}`].join("\n");
}

/** Whether each entry has lines of its own, as in every tenant's file: a user fits on one mostly. */
const isSection = ([section, ...below]: string[]): boolean => below.length === 0 && section !== "users";

const comment = ({ at, message }: Remark, indent: string): string =>
  `${indent}  // ${marker} ${at}: ${message}`.replace(/[\r\n\u2028\u2029]+\s*/g, " ");

function inline(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(inline).join(", ")}]`;
  if (isObject(value)) {
    const items = Object.entries(value).map(([key, item]) => `${keyText(key)}: ${inline(item)}`);
    return items.length ? `{ ${items.join(", ")} }` : "{}";
  }
  return typeof value === "number" && Number.isSafeInteger(value)
    ? value.toLocaleString("en").replaceAll(",", "_")
    : JSON.stringify(value);
}

/** A list that is too long for a line. */
function broken(value: unknown, indent: string): string {
  if (!Array.isArray(value)) return inline(value);
  return ["[", ...value.map((item) => `${indent}    ${inline(item)},`), `${indent}  ]`].join("\n");
}

const keyText = (key: string): string => (/^[A-Za-z_$][\w$]*$/.test(key) ? key : JSON.stringify(key));

import { readFileSync } from "node:fs";
import * as path from "node:path";
import * as ts from "typescript";

/** Tags that comments on properties may have; config/schema/stream.ts explains them. */
const tagNames = ["default", "change", "level"] as const;
export type Tags = Partial<Record<(typeof tagNames)[number], string>>;

/** What is written above a property, and above those of the object that it holds. */
export interface Comment {
  name: string;
  /** On one line, without the tags; empty where there is none. */
  text: string;
  /** The text of each tag, on one line. */
  tags: Tags;
  properties: Comment[];
}

/**
 * Comments on the properties of every object that a source file declares at its top, by the object's name. The file is
 * only parsed. Its path is relative to the project. Throws an error for another tag.
 */
export function commentsOf(file: string): Record<string, Comment[]> {
  const source = ts.createSourceFile(
    file,
    readFileSync(path.join(__dirname, "..", "..", file), "utf8"),
    ts.ScriptTarget.Latest,
    true,
  );
  const declarations = source.statements
    .filter(ts.isVariableStatement)
    .flatMap(({ declarationList }) => [...declarationList.declarations]);
  const declared = new Map(
    declarations.flatMap(({ name, initializer }): [string, ts.Expression][] =>
      ts.isIdentifier(name) && initializer ? [[name.text, initializer]] : [],
    ),
  );

  /**
   * The object that an expression of schemas describes: `strictObject({ ... })`, a list or union of it, or its name.
   */
  function objectIn(node: ts.Expression): ts.ObjectLiteralExpression | undefined {
    if (ts.isObjectLiteralExpression(node)) return node;
    if (ts.isIdentifier(node)) return declared.has(node.text) ? objectIn(declared.get(node.text)!) : undefined;
    if (ts.isPropertyAccessExpression(node)) return objectIn(node.expression);
    if (ts.isArrayLiteralExpression(node)) return first(node.elements);
    if (!ts.isCallExpression(node)) return undefined;
    const isSchema = ts.isIdentifier(node.expression) && node.expression.text === "strictObject";
    // Objects that other calls take are options, not schemas.
    return first([
      node.expression,
      ...node.arguments.filter((argument) => isSchema || !ts.isObjectLiteralExpression(argument)),
    ]);
  }

  const first = (nodes: readonly ts.Expression[]) => nodes.map(objectIn).find((found) => found !== undefined);

  const properties = (object: ts.ObjectLiteralExpression | undefined): Comment[] =>
    [...(object?.properties ?? [])].flatMap((property) => {
      if (!ts.isPropertyAssignment(property)) return [];
      return [
        {
          name: property.name.getText(source),
          text: textAbove(property),
          tags: tagsAbove(property, file),
          properties: properties(objectIn(property.initializer)),
        },
      ];
    });

  return Object.fromEntries([...declared].map(([name, initializer]) => [name, properties(objectIn(initializer))]));
}

const textAbove = (node: ts.Node): string =>
  ts
    .getJSDocCommentsAndTags(node)
    .filter(ts.isJSDoc)
    .map(({ comment }) => onOneLine(comment))
    .join(" ");

const tagsAbove = (node: ts.Node, file: string): Tags =>
  Object.fromEntries(
    ts.getJSDocTags(node).map(({ tagName: { text: name }, comment }) => {
      if (!tagNames.some((known) => known === name))
        throw new Error(`${file}: @${name} is not a tag of comments on arguments; write one of ${tagNames.join(", ")}`);
      return [name, onOneLine(comment)];
    }),
  );

const onOneLine = (comment: ts.JSDoc["comment"]): string =>
  (ts.getTextOfJSDocComment(comment) ?? "").replace(/\s+/g, " ").trim();

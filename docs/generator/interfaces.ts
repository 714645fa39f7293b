import { readFileSync } from "node:fs";
import * as path from "node:path";
import * as ts from "typescript";

/** An interface as its source declares it. */
export interface Interface {
  name: string;
  /** What is written above it, on one line. */
  text: string;
  fields: { name: string; type: string; isOptional: boolean; text: string }[];
}

/** The exported interfaces of a source file, in its order. It is only parsed. Its path is relative to the project. */
export function interfacesIn(file: string): Interface[] {
  const text = readFileSync(path.join(__dirname, "..", "..", file), "utf8");
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true);
  return source.statements
    .filter(ts.isInterfaceDeclaration)
    .filter(({ modifiers = [] }) => [...modifiers].some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword))
    .map((declared) => ({
      name: declared.name.text,
      text: textAbove(declared),
      fields: declared.members.filter(ts.isPropertySignature).map((field) => ({
        name: field.name.getText(source),
        type: (field.type?.getText(source) ?? "").replace(/\s+/g, " "),
        isOptional: field.questionToken !== undefined,
        text: textAbove(field),
      })),
    }));
}

const textAbove = (node: ts.Node): string =>
  ts
    .getJSDocCommentsAndTags(node)
    .filter(ts.isJSDoc)
    .map(({ comment }) => (ts.getTextOfJSDocComment(comment) ?? "").replace(/\s+/g, " ").trim())
    .join(" ");

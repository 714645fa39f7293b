import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import * as path from "node:path";
import ts from "typescript";
import { diagnosticLine, diagnostics, readDiagnostic } from "../../../config/diagnostics";
import { exitCodes } from "../../../engine/failure";
import { renderPreview } from "../../../operations/deploy/preview";
import { type Preview, stackPlan } from "../../../operations/plan/preview";
import { failureOf, verdictOf } from "../../../operations/plan/rows";

const root = path.join(__dirname, "../../..");
const all = Object.entries(diagnostics);
const preview = (lines: string[]): Preview => ({
  diagnostics: lines.map((message) => ({ message: `${message}\n\n`, severity: "info#err" })),
});

/** What the plan of a stack makes of a line that the provider printed. */
function outcome(line: string) {
  const { isPartial, warnings } = stackPlan([preview([line])]);
  const exitCode = failureOf(verdictOf([], isPartial))?.exitCode ?? exitCodes.ok;
  return {
    isPartial,
    exitCode,
    isShown: warnings.length > 0,
    isListed: renderPreview("x", preview([line])).length > 24,
  };
}

const outcomes = () =>
  Object.fromEntries(all.map(([name, one]) => [name, outcome(diagnosticLine(one, "irisx/SMS", "no server answers"))]));

describe("declared diagnostics", () => {
  it("are found by their code, and no two have the same", () => {
    assert.equal(new Set(all.map(([, { code }]) => code)).size, all.length);
    for (const [, one] of all) {
      const printed = diagnosticLine(one, "irisx/SMS", "first line\nsecond: line");
      assert.deepEqual(readDiagnostic(`${printed}\n`), {
        diagnostic: one,
        subject: "irisx/SMS",
        text: one.text("first line\nsecond: line"),
      });
    }
    assert.equal(readDiagnostic("waiting for JetStream: no meta leader"), undefined);
    assert.equal(readDiagnostic("warning SC9999: x: of a later version"), undefined);
  });

  it("make a plan partial, and the exit code another, as the table declares it", () => {
    for (const [name, { isPartial, exitCode }] of Object.entries(outcomes())) {
      const declared = diagnostics[name as keyof typeof diagnostics].isPartial;
      assert.deepEqual([isPartial, exitCode], [declared, declared ? exitCodes.failed : exitCodes.ok], name);
    }
  });

  it("have the same effect however they are worded", () => {
    const before = outcomes();
    const texts = all.map(([, { text }]) => text);
    try {
      for (const [, one] of all) one.text = (reason) => `[${reason}] is all that is left of the text`;
      assert.deepEqual(outcomes(), before);
    } finally {
      all.forEach(([, one], index) => (one.text = texts[index]!));
    }
  });

  it("name all that a text is about in one line", () => {
    const { warnings } = stackPlan([
      preview(
        ["A", "B", "C", "D", "E"].map((name) => diagnosticLine(diagnostics.stateKept, `app/${name}`, "no leader")),
      ),
    ]);
    assert.deepEqual(warnings, [
      "app/A, app/B, app/C and 2 more: could not be read, its last known state is kept: no leader [SC1001]",
    ]);
  });
});

describe("operations/ and cli/", () => {
  const printed = all.flatMap(([, one]) => {
    const text = one.text("JetStream is not ready");
    return [text, diagnosticLine(one, "irisx/SMS", "JetStream is not ready")];
  });

  it("match no text of a diagnostic: what they decide depends on its code alone", () => {
    const found = ["operations", "cli"].flatMap(sourcesIn).flatMap((file) =>
      matchersIn(file)
        .filter(({ matches }) => printed.some(matches))
        .map(({ source }) => `${path.relative(root, file)}: ${source}`),
    );
    assert.deepEqual(found, []);
  });

  it("are searched for that thoroughly", () => {
    const sources = matchersOf(
      '/could not be (read|counted)/.test(x); x.includes("can be reached"); x.startsWith("Sunday")',
    );
    assert.deepEqual(
      sources.map(({ matches }) => printed.some(matches)),
      [true, true, false],
    );
  });
});

interface Matcher {
  source: string;
  matches: (text: string) => boolean;
}

const sourcesIn = (folder: string): string[] =>
  readdirSync(path.join(root, folder), { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".ts"))
    .map((name) => path.join(root, folder, name));

const matchersIn = (file: string): Matcher[] => matchersOf(readFileSync(file, "utf8"));

/** Expressions that a text is searched for, as far as they have words in them. */
function matchersOf(source: string): Matcher[] {
  const found: Matcher[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isRegularExpressionLiteral(node) && /[a-z]{3}/i.test(node.text)) {
      const [, body, flags] = /^\/([^]*)\/([a-z]*)$/.exec(node.text)!;
      const expression = new RegExp(body!, flags!.replace("g", ""));
      found.push({ source: node.text, matches: (text) => expression.test(text) });
    }
    if (ts.isCallExpression(node) && ts.isPropertyAccessExpression(node.expression)) {
      const [first] = node.arguments;
      const isSearch = ["includes", "startsWith", "endsWith", "indexOf", "split"].includes(node.expression.name.text);
      if (isSearch && first && ts.isStringLiteralLike(first) && /[a-z]{3}/i.test(first.text))
        found.push({ source: node.getText(), matches: (text) => text.includes(first.text) });
    }
    ts.forEachChild(node, visit);
  };
  visit(ts.createSourceFile("x.ts", source, ts.ScriptTarget.Latest, true));
  return found;
}

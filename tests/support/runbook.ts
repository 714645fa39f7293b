import { readdirSync, readFileSync } from "node:fs";
import * as path from "node:path";
import { projectFolder } from "./project-copy";

/** Commands of a runbook, as its page has them: tests that run these cannot differ from the page. */

const folder = path.join(projectFolder, "docs", "runbooks");

/** Pages by their names, e.g. `rotate.md`. */
export const runbooks = (): string[] =>
  readdirSync(folder).filter((name) => name !== "README.md" && name.endsWith(".md"));

export interface Commands {
  /** The page, the heading above, and its number there, e.g. `rotate.md, A user's password, 1`. */
  id: string;
  text: string;
}

const pageText = (page: string): string => readFileSync(path.join(folder, page), "utf8");

/** Every block of shell commands of a page, without the indentation of the list that it may stand in. */
export function blocksOf(page: string, text = pageText(page)): Commands[] {
  const blocks: Commands[] = [];
  let heading = "";
  let number = 0;
  let open: { indent: string; lines: string[] } | undefined;
  for (const line of text.split("\n")) {
    const [, indent = "", language] = /^(\s*(?:\d+\. +|- +)?)```(\w*)\s*$/.exec(line) ?? [];
    if (open && language === "") {
      blocks.push({ id: `${page}, ${heading}, ${++number}`, text: open.lines.join("\n") });
      open = undefined;
    } else if (open) open.lines.push(line.slice(open.indent.length));
    else if (language === "sh") open = { indent, lines: [] };
    else if (/^#+ /.test(line)) [heading, number] = [line.replace(/^#+ /, ""), 0];
  }
  return blocks;
}

const tools = /^(npm (run|start|stop)\b|pulumi |kubectl )/;

/**
 * Every command that stands in a line of text or in a table. What is only the beginning of one, or a whole command's
 * name (`npm run plan`), is not counted where the page has it in a block too.
 */
export function spansOf(page: string, text = pageText(page)): Commands[] {
  const prose = text.replace(/^\s*(?:\d+\. +|- +)?```[\s\S]*?^\s*```\s*$/gm, "");
  const spans = [...prose.matchAll(/`([^`\n]+)`/g)].map(([, span]) => span!).filter((span) => tools.test(span));
  return [...new Set(spans)].map((span) => ({ id: `${page}: ${span}`, text: span }));
}

/** Settings that the page's tables have a person write, in their order: the code that begins with this key. */
export const settingsOf = (page: string, key: string, text = pageText(page)): string[] =>
  [...text.matchAll(/^\|.*?`([^`]+)`/gm)].map(([, span]) => span!).filter((span) => span.startsWith(`${key}:`));

import * as fs from "node:fs";
import { createRequire } from "node:module";
import * as path from "node:path";
import { type Browser, type BrowserContextOptions, chromium, type Page } from "playwright-core";
import { projectFolder } from "./project-copy";
import { testTool } from "./tools";

/** A page, and what went wrong in it. */
export interface Opened {
  page: Page;
  /** Errors of scripts, refused resources, violations of the policy, dialogs. */
  complaints: string[];
}

/** Debian's Chromium without a display, or the program that the variable CHROMIUM names. */
export const startBrowser = (): Promise<Browser> =>
  chromium.launch({
    executablePath: process.env.CHROMIUM ?? testTool("chromium-headless-shell"),
    // It opens nothing but pages of this project, and containers rarely allow its sandbox.
    args: ["--no-sandbox"],
  });

/**
 * A package of CommonJS modules as one script, for a page that knows no packages: its exports are `window.<global>`.
 */
export function scriptOf(name: string, global: string): string {
  const modules = new Map<string, string>();
  const add = (file: string): string => {
    if (!modules.has(file)) {
      modules.set(file, "");
      const find = createRequire(file);
      const code = fs.readFileSync(file, "utf8").replace(/require\("([^"]+)"\)/g, (_, wanted: string) => {
        return `require(${add(find.resolve(wanted))})`;
      });
      modules.set(file, code);
    }
    return String([...modules.keys()].indexOf(file));
  };
  const entry = add(createRequire(__filename).resolve(name));
  const functions = [...modules.values()].map((code) => `(module, exports, require) => {${code}\n}`);
  return `{
    const modules = [${functions.join(",\n")}];
    const loaded = [];
    const load = (index) => {
      if (!loaded[index]) {
        const module = (loaded[index] = { exports: {} });
        modules[index](module, module.exports, load);
      }
      return loaded[index].exports;
    };
    window.${global} = load(${entry});
  }`;
}

export async function openPage(browser: Browser, url: string, options: BrowserContextOptions = {}): Promise<Opened> {
  const context = await browser.newContext({ viewport: { width: 1360, height: 860 }, ...options });
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on("pageerror", ({ message }) => complaints.push(message));
  page.on("console", (message) => message.type() === "error" && complaints.push(message.text()));
  page.on("dialog", (dialog) => {
    complaints.push(`dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
  await page.goto(url);
  return { page, complaints };
}

/** What axe finds wrong in a page, each with where; nothing, where people can use it. */
export async function accessibilityProblems(page: Page): Promise<string[]> {
  const axe = fs.readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");
  // Outside the page's own world: its policy lets no script in, which stays as it is.
  const session = await page.context().newCDPSession(page);
  const { frameTree } = await session.send("Page.getFrameTree");
  const { executionContextId: contextId } = await session.send("Page.createIsolatedWorld", {
    frameId: frameTree.frame.id,
    worldName: "axe",
  });
  const run = (expression: string) =>
    session.send("Runtime.evaluate", { expression, contextId, awaitPromise: true, returnByValue: true });
  await run(axe);
  const { result, exceptionDetails } = await run(
    "axe.run().then(({ violations }) => violations.flatMap(({ id, help, nodes }) => " +
      "nodes.map(({ target, failureSummary }) => `${id}: ${help}: ${target} ${failureSummary}`)))",
  );
  await session.detach();
  if (exceptionDetails) throw new Error(exceptionDetails.exception?.description ?? exceptionDetails.text);
  return result.value as string[];
}

/** Writes docs/images/<name>.png where SCREENSHOTS asks for it. */
export async function screenshot(page: Page, name: string): Promise<void> {
  if (!process.env.SCREENSHOTS) return;
  const folder = path.join(projectFolder, "docs", "images");
  fs.mkdirSync(folder, { recursive: true });
  await page.screenshot({ path: path.join(folder, `${name}.png`) });
}

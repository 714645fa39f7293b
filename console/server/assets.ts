import { readFileSync, readdirSync } from "node:fs";
import { createRequire } from "node:module";
import * as path from "node:path";
import { transform } from "sucrase";

export interface Asset {
  type: string;
  text: string;
}

const page = path.join(__dirname, "..", "page");

/** Packages that the page imports, each as one file, and the address that takes the place of its name. */
const packages: Record<string, { file: string; address: string }> = {
  preact: { file: "preact/dist/preact.mjs", address: "/vendor/preact.js" },
  "preact/hooks": { file: "preact/hooks/dist/hooks.mjs", address: "/vendor/preact-hooks.js" },
  "preact/jsx-runtime": { file: "preact/jsx-runtime/dist/jsxRuntime.mjs", address: "/vendor/preact-jsx.js" },
  uplot: { file: "uplot/dist/uPlot.iife.min.js", address: "/vendor/uplot.js" },
};

const script = "text/javascript; charset=utf-8";

/** Everything that a browser gets, by address: nothing else is served. Read once; types are taken out here. */
export function readAssets(): ReadonlyMap<string, Asset> {
  const folder = path.dirname(path.dirname(createRequire(__filename).resolve("preact/package.json")));
  const vendor = Object.entries(packages).map(([name, { file, address }]): [string, Asset] => {
    const text = readFileSync(path.join(folder, file), "utf8").replace(/\n?\/\/# sourceMappingURL=.*\s*$/, "\n");
    return [address, { type: script, text: withAddresses(name === "uplot" ? `${text}export default uPlot;\n` : text) }];
  });
  const styles = readFileSync(path.join(folder, "uplot/dist/uPlot.min.css"), "utf8");
  const own = readdirSync(page, { recursive: true, encoding: "utf8" }).flatMap((name): [string, Asset][] => {
    const text = () => readFileSync(path.join(page, name), "utf8");
    if (/\.tsx?$/.test(name)) return [[`/page/${name}`, { type: script, text: withAddresses(typeless(text())) }]];
    if (name.endsWith(".css")) return [[`/page/${name}`, { type: "text/css; charset=utf-8", text: text() }]];
    if (name.endsWith(".svg")) return [[`/page/${name}`, { type: "image/svg+xml", text: text() }]];
    return name === "index.html" ? [["/", { type: "text/html; charset=utf-8", text: text() }]] : [];
  });
  return new Map([...own, ...vendor, ["/vendor/uplot.css", { type: "text/css; charset=utf-8", text: styles }]]);
}

const docs = path.join(__dirname, "..", "..", "docs");

/** Pages that problems lead to, by address; without secrets, like the page itself. */
export const runbooks: ReadonlyMap<string, string> = new Map(
  readdirSync(path.join(docs, "runbooks"), { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".md"))
    .map((name) => [`/docs/runbooks/${name}`, path.join(docs, "runbooks", name)]),
);

const typeless = (text: string): string =>
  transform(text, {
    transforms: ["typescript", "jsx"],
    jsxRuntime: "automatic",
    jsxImportSource: "preact",
    production: true,
    disableESTransforms: true,
  }).code;

/** A browser knows no packages. */
const withAddresses = (code: string): string =>
  code.replace(/(\bfrom\s*|\bimport\s*)"([\w/-]+)"/g, (whole, before: string, name: string) =>
    packages[name] ? `${before}"${packages[name].address}"` : whole,
  );

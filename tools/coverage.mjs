// What `npm run postcoverage` runs: lines of workers/ that tests have run, by part; ends with 1 where a part has fewer
// than it must have. A part stands for itself: well tested neighbours do not make up for it.
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import path from "node:path";

/** Least percentage of lines, by folder of workers/; `rest` is everything else there. */
const least = { messaging: 95, aigentflow: 90, arrakis: 90, covenant: 90, "dead-letters": 90, irisx: 90, rest: 90 };

const folder = ".cache/coverage-report";
const report = [
  "report",
  "--include",
  "workers/**",
  "--reporter",
  "text",
  "--reporter",
  "json-summary",
  "--reports-dir",
  folder,
];
const { status } = spawnSync("c8", report, { stdio: "inherit" });
if (status !== 0) process.exit(status ?? 1);

const { total: _, ...files } = JSON.parse(readFileSync(path.join(folder, "coverage-summary.json"), "utf8"));
const counts = Object.fromEntries(Object.keys(least).map((part) => [part, { covered: 0, total: 0 }]));
for (const [file, { lines }] of Object.entries(files)) {
  const [part] = path.relative("workers", file).split(path.sep);
  const count = counts[part] ?? counts.rest;
  count.covered += lines.covered;
  count.total += lines.total;
}
for (const [part, { covered, total }] of Object.entries(counts)) {
  const percent = total === 0 ? 0 : (100 * covered) / total;
  const passes = percent >= least[part];
  console.log(`${passes ? "passed" : "FAILED"} ${part}: ${percent.toFixed(2)} % of lines, at least ${least[part]} %`);
  if (!passes) process.exitCode = 1;
}

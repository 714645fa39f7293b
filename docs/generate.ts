import { writeFileSync } from "node:fs";
import * as path from "node:path";
import { contradictions } from "./generator/contradictions";
import { page } from "./generator/page";
import { policiesPage } from "./generator/policies";
import { tables } from "./generator/tables";

/** Writes docs/policies.md; and docs/streams.md, unless a comment contradicts the tables by which the program works. */
writeFileSync(path.join(__dirname, "policies.md"), policiesPage());
const problems = tables.flatMap((table) => table.arguments.flatMap(contradictions));
if (problems.length) {
  process.stderr.write(`docs/streams.md was not written:\n${problems.map((problem) => `  ${problem}\n`).join("")}`);
  process.exitCode = 1;
} else {
  writeFileSync(path.join(__dirname, "streams.md"), page());
}

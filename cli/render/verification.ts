import { Failure } from "../../engine/failure";
import { plural } from "../../config/plural";
import { colours, seconds } from "../../engine/terminal";
import { failedChecks, type Verification } from "../../operations/verify/verify";
import { table } from "./table";

const marks = {
  ok: colours.green("ok"),
  failed: colours.red("FAILED"),
  skipped: colours.yellow("skipped"),
  warning: colours.yellow("warning"),
};

/** The checks as a table, with their number and the number of failed ones below it. */
export function renderVerification(verification: Verification): string {
  const { checks, milliseconds } = verification;
  const rows = checks.map(({ name, result, detail }) => [name, marks[result], detail]);
  const failed = failedChecks(verification).length;
  return [
    table(["CHECK", "RESULT", "DETAIL"], rows, colours.dim),
    `${plural(checks.length, "check")}, ${failed} failed, ${seconds(milliseconds)}`,
  ].join("\n\n");
}

/** @throws {Failure} naming each failed check; does nothing when none failed */
export function requireSuccess(verification: Verification): void {
  const lines = failedChecks(verification).map(
    ({ name, detail, see }) => `  ${name}: ${detail}${see === undefined ? "" : ` (docs/runbooks/${see})`}`,
  );
  if (lines.length) throw new Failure(`${plural(lines.length, "check")} failed:\n${lines.join("\n")}`);
}

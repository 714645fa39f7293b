import { execFile } from "node:child_process";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { promisify } from "node:util";
import { stringify } from "yaml";
import { serversMs } from "./limits";
import { testTool } from "./tools";

/** Tests of rules as `promtool test rules` runs them: a file of rules, and what they make of series. */
export interface RuleTest {
  name: string;
  interval: string;
  input_series: { series: string; values: string }[];
  promql_expr_test: { expr: string; eval_time: string; exp_samples: { labels: string; value: number }[] }[];
}

/** What promtool says of a file of rules and tests of them; undefined where all is as expected. */
export async function failuresOf(rules: string, tests: RuleTest[]): Promise<string | undefined> {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "promtool-"));
  try {
    fs.writeFileSync(path.join(folder, "rules.yaml"), rules);
    fs.writeFileSync(
      path.join(folder, "tests.yaml"),
      stringify({ rule_files: ["rules.yaml"], evaluation_interval: "2m", tests }, { aliasDuplicateObjects: false }),
    );
    await promtool(["check", "rules", "rules.yaml"], folder);
    await promtool(["test", "rules", "tests.yaml"], folder);
    return undefined;
  } catch (error) {
    const { stdout, stderr, message } = error as Error & { stdout?: string; stderr?: string };
    return stdout || stderr ? `${stdout}${stderr}` : message;
  } finally {
    fs.rmSync(folder, { recursive: true, force: true });
  }
}

const promtool = (args: string[], cwd: string) =>
  promisify(execFile)(testTool("promtool"), args, { cwd, timeout: serversMs, maxBuffer: 16 * 1024 ** 2 });

import { causeOf } from "../../engine/pulumi-text";
import { pulumiExit } from "../../engine/run";

/** What an operator can do about a preview that failed, by its cause. */
const remedies = {
  plugin:
    "run this where the plugin can be downloaded; " +
    "what the stacks of this project register is checked without it by: npm test",
  login: "set PULUMI_BACKEND_URL to where the state of the environment is (docs/ci.md)",
  secrets: "set what decrypts the stack's secrets (docs/ci.md)",
};

/** The failure of a run without stack traces, with what to do about it where that is known. */
export function withRemedy(failure: string, exitCode?: number | null): string {
  const text = failure
    .split("\n")
    .filter((line) => !/^\s+at /.test(line))
    .join("\n")
    .trim();
  const cause = exitCode === pulumiExit.notLoggedIn ? "login" : causeOf(text);
  return cause ? `${text}\n${remedies[cause]}` : text;
}

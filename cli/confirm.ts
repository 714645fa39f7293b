import { createInterface } from "node:readline/promises";
import { BadUsage, Interrupted } from "../engine/failure";

/** To be called before anything is done: without `--yes` there must be a terminal to confirm on. Throws BadUsage. */
export function requireTerminal(yes: boolean): void {
  if (!yes && !process.stdin.isTTY) throw new BadUsage("no terminal to confirm on; pass --yes. Nothing was done.");
}

/** Asks on the terminal; throws Interrupted for any answer but `yes`. */
export async function confirm(question: string): Promise<void> {
  if (!(await agree(question))) throw new Interrupted("nothing was done");
}

/** Asks on the terminal; only `yes` agrees. */
export async function agree(question: string): Promise<boolean> {
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  const answer = await terminal.question(`${question} (yes/no) `).finally(() => terminal.close());
  return answer.trim().toLowerCase() === "yes";
}

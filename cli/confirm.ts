import { createInterface } from "node:readline/promises";
import { BadUsage, Interrupted } from "../engine/failure";

/** To be called before anything is done: without `--yes` somebody has to be there who can be asked. */
export function requireSomebodyToAsk(yes: boolean): void {
  if (!yes && !process.stdin.isTTY)
    throw new BadUsage("nobody can be asked here whether this is meant; if it is: --yes");
}

/** Asks whether it is meant; throws if not. */
export async function confirm(question: string): Promise<void> {
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  const answer = await terminal.question(`${question} (yes/no) `).finally(() => terminal.close());
  if (answer.trim().toLowerCase() !== "yes") throw new Interrupted("nothing was done");
}

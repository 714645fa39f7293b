import { createInterface } from "node:readline";
import { BadUsage, Interrupted } from "../engine/failure";

/** To be called before anything is done: without `--yes` there must be a terminal to confirm on. Throws BadUsage. */
export function requireTerminal(yes: boolean): void {
  if (!yes && !process.stdin.isTTY) throw new BadUsage("no terminal to confirm on; pass --yes. Nothing was done.");
}

/** Asks on the terminal; throws Interrupted for any answer but `yes`. */
export async function confirm(question: string): Promise<void> {
  if (!(await agree(question))) throw new Interrupted("nothing was done");
}

/** Asks on the terminal; only `yes` agrees. Ctrl-C and the end of input (Ctrl-D) do not. */
export function agree(question: string, terminal?: Terminal): Promise<boolean> {
  const { input, output } = terminal ?? { input: process.stdin, output: process.stderr };
  const lines = createInterface({ input, output });
  return new Promise((resolve) => {
    lines.on("SIGINT", () => lines.close());
    lines.on("close", () => {
      output.write("\n");
      resolve(false);
    });
    lines.question(`${question} (yes/no) `, (answer) => {
      resolve(answer.trim().toLowerCase() === "yes");
      lines.removeAllListeners("close").close();
    });
  });
}

interface Terminal {
  input: NodeJS.ReadableStream;
  output: NodeJS.WritableStream;
}

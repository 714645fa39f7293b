import { execFileSync } from "node:child_process";
import { testTool } from "../support/tools";

/** What helm prints. Its errors are those of the command. */
export const helm = (...args: string[]): string =>
  execFileSync(testTool("helm"), args, {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "pipe"],
    maxBuffer: 64 * 1024 ** 2,
  });

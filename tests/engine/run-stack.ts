// Runs pulumi on a stack of a project as the commands do: run-stack.ts <folder> <stack> <arguments of pulumi...>
import { Failure } from "../../engine/failure";
import { listenForInterrupts } from "../../engine/interrupt";
import { runPulumi } from "../../engine/run";
import { guardRun } from "../../tools/run-guard.mjs";

const [folder, stack, ...args] = process.argv.slice(2) as [string, string, ...string[]];
guardRun();
listenForInterrupts();
runPulumi({ folder, stack, args, env: process.env }).then(
  ({ summary }) => console.log(summary),
  (error: Failure) => {
    console.error(error.message);
    process.exit(error.exitCode);
  },
);

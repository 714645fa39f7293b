import { spawn } from "node:child_process";
import { endMarked, guardRun, markCommand } from "../../tools/run-guard.mjs";

/** A guarded run with a command and a server, which end by themselves only after minutes. */
async function main(what: string | undefined): Promise<void> {
  guardRun();
  const start = (env: NodeJS.ProcessEnv) => {
    const child = spawn("sleep", ["300"], { env, detached: true, stdio: "ignore" });
    child.unref();
    return child.pid!;
  };
  const { env, mark } = markCommand(process.env);
  const [command, other, server] = [start(env), start(process.env), start({ PATH: process.env.PATH })];
  if (what === "end the command") await endMarked(mark);
  process.send!({ command, other, server });
  process.on("message", () => process.exit());
}

void main(process.argv[2]);

import { spawn } from "node:child_process";
import { createWriteStream, mkdirSync } from "node:fs";
import * as path from "node:path";
import { createInterface } from "node:readline";
import { cacheDir } from "../config/cache";
import { Failure, Interrupted } from "./failure";
import { isInterrupted, onInterrupt } from "./interrupt";
import { type Outcome, isFinished, outcomeOf } from "./output";
import { projectFolder } from "./project";

/** A pulumi command on one stack. */
export interface PulumiCommand {
  stack: string;
  args: string[];
  env: NodeJS.ProcessEnv;
  /** Called with how many resources are done so far. */
  onProgress?: (finished: number) => void;
  /** Folder of Pulumi.yaml. */
  folder?: string;
  /** Lines that are read and written to the log; all when left out. */
  keeps?: (line: string) => boolean;
}

/** What a run gave, also where it failed. */
export interface Result extends Outcome {
  stdout: string;
  output: string;
  /** Path of the log with the whole output. */
  log: string;
  milliseconds: number;
  /** 0 where it succeeded, null where it was killed; see `pulumiExit`. */
  exitCode: number | null;
}

/**
 * Exit codes of the CLI that are acted upon.
 * https://github.com/pulumi/pulumi/blob/v3.259.0/sdk/go/common/util/cmdutil/exit.go
 */
export const pulumiExit = { notLoggedIn: 3, noSuchStack: 6 } as const;

/** The command as a person would type it. */
export const commandLine = ({ args }: Pick<PulumiCommand, "args">): string => `pulumi ${args.join(" ")}`;

/**
 * Runs pulumi to its end; its output goes to a log. Ctrl-C is passed on once, so that it finishes what it is doing, and
 * a second one kills it. It runs in a process group of its own: the terminal would send it every press as well.
 */
export async function runPulumi(command: PulumiCommand): Promise<Result> {
  const started = Date.now();
  const log = logFile(command.stack, command.args[0]!);
  const child = spawn("pulumi", command.args, {
    cwd: command.folder ?? projectFolder,
    env: command.env,
    stdio: ["ignore", "pipe", "pipe"],
    detached: true,
  });
  const file = createWriteStream(log, { mode: 0o600 });
  file.write(`$ ${commandLine(command)}\n`);
  const lines: string[] = [];
  const results: string[] = [];
  let finished = 0;
  const read = (stream: NodeJS.ReadableStream) =>
    createInterface({ input: stream }).on("line", (line) => {
      if (command.keeps && !command.keeps(line)) return;
      lines.push(line);
      if (stream === child.stdout) results.push(line);
      file.write(`${line}\n`);
      if (isFinished(line)) command.onProgress?.(++finished);
    });
  read(child.stdout);
  read(child.stderr);

  const end = await onInterrupt(
    (press) => (press === 1 ? child.kill("SIGINT") : killGroup(child.pid!)),
    () =>
      new Promise<{ exitCode: number | null; signal: NodeJS.Signals | null }>((resolve, reject) => {
        child.on("error", (error) =>
          reject(new Failure(`pulumi could not be started (${error.message}); run: node tools/toolchain.mjs`)),
        );
        child.on("close", (exitCode, signal) => resolve({ exitCode, signal }));
      }),
  ).finally(() => file.end());

  const output = lines.join("\n");
  const result: Result = {
    ...outcomeOf(output),
    stdout: results.join("\n"),
    output,
    log,
    milliseconds: Date.now() - started,
    exitCode: end.exitCode,
  };
  if (isInterrupted())
    throw new Interrupted(
      `${command.stack} stopped; the next start goes on from here (${path.relative(projectFolder, log)})`,
    );
  if (end.signal)
    throw new PulumiFailure(command, {
      ...result,
      diagnostics: `pulumi was killed (${end.signal}); run the same command again, it cleans up first`,
    });
  if (end.exitCode !== 0) throw new PulumiFailure(command, result);
  return result;
}

/** Pulumi said why; the whole output is in the log. */
export class PulumiFailure extends Failure {
  constructor(
    readonly command: PulumiCommand,
    readonly result: Result,
  ) {
    super(
      `${command.stack} failed: ${commandLine(command)}\n${result.diagnostics}\nwhole output: ${path.relative(process.cwd(), result.log)}`,
    );
  }
}

function killGroup(pid: number): void {
  try {
    process.kill(-pid, "SIGKILL");
  } catch {
    // Ended by itself.
  }
}

/** One log a stack and kind of command: the last run's, so that they do not pile up. */
function logFile(stack: string, what: string): string {
  const folder = path.join(cacheDir(), "logs");
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  return path.join(folder, `${stack}.${what}.log`);
}

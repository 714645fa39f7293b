import { spawn } from "node:child_process";
import { createWriteStream, mkdirSync } from "node:fs";
import * as path from "node:path";
import { createInterface } from "node:readline";
import { cacheDir } from "../config/cache";
import { Failure, Interrupted } from "./failure";
import { isInterrupted, onInterrupt } from "./interrupt";
import { EventLog } from "./event-log";
import { type EngineEvent, type Outcome, outcomeOf } from "./events";
import { projectFolder } from "./project";
import { endMarked, markCommand } from "../tools/run-guard.mjs";

/** A pulumi command on one stack. */
export interface PulumiCommand {
  stack: string;
  args: string[];
  env: NodeJS.ProcessEnv;
  /** Called twice a second with the events so far, for commands that report events. */
  onEvents?: (events: EngineEvent[]) => void;
  /** Folder of Pulumi.yaml. */
  folder?: string;
}

/** Result of a run, also of one that failed. */
export interface Result extends Outcome {
  /** What the engine reported, without its debug messages, in which secrets are. */
  events: EngineEvent[];
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

/** The command as an operator would type it. */
export const commandLine = ({ args }: Pick<PulumiCommand, "args">): string => `pulumi ${args.join(" ")}`;

/**
 * Runs pulumi and writes its output to a log. The first Ctrl-C is passed on, so that pulumi finishes the operations in
 * progress; the second kills it. It has its own process group, because the terminal would send it every press as well.
 * Throws PulumiFailure when it fails, Interrupted after Ctrl-C, Failure when it could not be started.
 */
export async function runPulumi(command: PulumiCommand): Promise<Result> {
  const started = Date.now();
  const log = logFile(command.stack, command.args[0]!);
  const eventLog = EventLog.of(command.args[0]!, command.onEvents);
  const { env, mark } = markCommand({ ...command.env, ...eventLog?.env });
  const child = spawn("pulumi", [...command.args, ...(eventLog?.flags ?? [])], {
    cwd: command.folder ?? projectFolder,
    env,
    stdio: ["ignore", "pipe", "pipe"],
    detached: true,
  });
  const file = createWriteStream(log, { mode: 0o600 });
  file.write(`$ ${commandLine(command)}\n`);
  const lines: string[] = [];
  const results: string[] = [];
  const read = (stream: NodeJS.ReadableStream) =>
    createInterface({ input: stream }).on("line", (line) => {
      lines.push(line);
      if (stream === child.stdout) results.push(line);
      file.write(`${line}\n`);
    });
  read(child.stdout);
  read(child.stderr);

  let events: EngineEvent[] = [];
  const end = await onInterrupt(
    (press) => (press === 1 ? child.kill("SIGINT") : killGroup(child.pid!)),
    () =>
      new Promise<{ exitCode: number | null; signal: NodeJS.Signals | null }>((resolve, reject) => {
        child.on("error", (error) =>
          reject(new Failure(`pulumi could not be started (${error.message}); run: node tools/toolchain.mjs`)),
        );
        // A pulumi that was killed leaves its plugins running, and they may hold its output open.
        let ended: Promise<void> | undefined;
        child.on("exit", (exitCode) => {
          if (exitCode !== 0) ended = endMarked(mark);
        });
        child.on("close", (exitCode, signal) => void Promise.resolve(ended).then(() => resolve({ exitCode, signal })));
      }),
  ).finally(() => {
    file.end();
    events = eventLog?.read() ?? [];
    eventLog?.remove();
  });

  const output = lines.join("\n");
  const outcome = outcomeOf(events);
  const result: Result = {
    ...outcome,
    diagnostics: diagnosticsOf(outcome, lines),
    events,
    stdout: results.join("\n"),
    output,
    log,
    milliseconds: Date.now() - started,
    exitCode: end.exitCode,
  };
  if (isInterrupted())
    throw new Interrupted(
      `${command.stack} stopped; running the same command again resumes from here ` +
        `(${path.relative(projectFolder, log)})`,
    );
  if (end.signal)
    throw new PulumiFailure(command, {
      ...result,
      diagnostics: `pulumi was killed (${end.signal}); run the same command again, it cleans up first`,
    });
  if (end.exitCode !== 0) throw new PulumiFailure(command, result);
  return result;
}

/** What a run that ended before its first event still shows of its output. */
const mostLines = 10;

/** What the engine reported; without any, the last lines of output: before its first event pulumi only prints. */
export const diagnosticsOf = ({ diagnostics }: Pick<Outcome, "diagnostics">, lines: string[]): string =>
  diagnostics ||
  lines
    .filter((line) => line.trim())
    .slice(-mostLines)
    .join("\n");

/** Pulumi failed: the message has what it reported and the path of its whole output. */
export class PulumiFailure extends Failure {
  constructor(
    readonly command: PulumiCommand,
    readonly result: Result,
  ) {
    super(
      [
        `${command.stack} failed: ${commandLine(command)}`,
        result.diagnostics,
        `whole output: ${path.relative(process.cwd(), result.log)}`,
      ].join("\n"),
    );
  }
}

function killGroup(pid: number): void {
  try {
    process.kill(-pid, "SIGKILL");
  } catch {
    // It has ended already.
  }
}

/** One log for each stack and kind of command, of the last run, so that they do not accumulate. */
function logFile(stack: string, what: string): string {
  const folder = path.join(cacheDir(), "logs");
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  return path.join(folder, `${stack}.${what}.log`);
}

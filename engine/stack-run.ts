import { isEmpty, stackExists } from "./backend";
import { type Plans, plansEnv } from "./plans";
import type { ThrowawayBackend } from "./throwaway-backend";
import { plannedUsersAs } from "../config/partial-plan";
import { pulumiEnvironment, stateFolder } from "./environment";
import { Progress } from "./progress";
import { commandLine, PulumiFailure, runPulumi, type Result } from "./run";
import { lockIn } from "./pulumi-text";
import { recover, runRecovering } from "./recovery";
import { type EngineEvent, isFinished, notesOf } from "./events";
import type { DeployableEnvironment } from "./project";
import { plural } from "../config/plural";
import { progressColours as colour, seconds } from "./terminal";

export type Kind = "identity" | "region" | "jetstream";

/** Flags of every run: no questions, and lines that a log can hold. */
const unattended = ["--yes", "--skip-preview", "--non-interactive", "--color", "never"];

/**
 * Flags added for a kind of stack: a refresh detects streams that were deleted or changed by hand. It starts the
 * provider a second time, so regions do without: the diff of a server checks its process itself. Keys exist in the
 * state only.
 */
export const refresh: Record<Kind, string[]> = { identity: [], region: [], jetstream: ["--refresh"] };

/** Runs pulumi on the stacks of one environment and prints the progress. */
export class StackRunner {
  private readonly progress = new Progress();
  private readonly notes = new Map<string, Set<string>>();

  /** @param variables environment variables of every run, beside those of the environment */
  constructor(
    private readonly checked: DeployableEnvironment,
    private readonly variables: Record<string, string> = {},
  ) {}

  /** Brings a stack up and creates it the first time; with plans, applies exactly the stack's plan. */
  async up(stack: string, kind: Kind, plans?: Plans): Promise<Result> {
    if (this.isLocal) await this.prepare(stack, kind);
    const plan = plans ? ["--plan", plans.fileOf(stack)] : [];
    const args = ["up", "--stack", stack, ...refresh[kind], ...plan, ...unattended];
    return this.runUnlocked(stack, kind, args, plans && plansEnv);
  }

  /** What an `up` would do; changes nothing. A stack that does not exist yet is previewed in a throwaway backend. */
  async preview(
    stack: string,
    kind: Kind,
    { plans, throwaway }: { plans?: Plans; throwaway?: ThrowawayBackend } = {},
  ): Promise<Result> {
    const plan = plans ? ["--save-plan", plans.fileOf(stack)] : [];
    const args = ["preview", "--stack", stack, ...refresh[kind], ...plan, "--json", "--non-interactive"];
    const env = { ...(plans && plansEnv), ...plannedUsersAs(plans ? "unknown" : "placeholder") };
    if (!throwaway) return this.run(stack, kind, args, env);
    const { init, options } = throwaway.add(stack);
    await this.run(stack, kind, init, throwaway.env);
    return this.run(stack, kind, [...args, ...options], throwaway.env);
  }

  /** Creates a stack with the secrets provider that its file names. */
  async init(stack: string, kind: Kind): Promise<void> {
    const { secretsprovider } = (this.checked.project.stacks[stack] ?? {}) as { secretsprovider?: string };
    const provider = secretsprovider ? ["--secrets-provider", secretsprovider] : [];
    await this.runUnlocked(stack, kind, ["stack", "init", stack, "--no-select", ...provider, "--non-interactive"]);
  }

  /** Destroys the resources of a stack. */
  async destroy(stack: string, kind: Kind): Promise<void> {
    if (this.isLocal) {
      if (!stackExists(stateFolder(), this.projectName, stack)) return;
      await this.recover(stack, kind);
      if (isEmpty(stateFolder(), this.projectName, stack)) return;
    }
    await this.runUnlocked(stack, kind, ["destroy", "--stack", stack, ...unattended]);
  }

  /** Removes a stack from the backend without touching its resources; its settings file stays. */
  async forget(stack: string, kind: Kind): Promise<void> {
    await this.runUnlocked(stack, kind, [
      "stack",
      "rm",
      stack,
      "--yes",
      "--force",
      "--preserve-config",
      "--non-interactive",
    ]);
  }

  /** What was printed of a stack already: one that is brought up twice does not report the same twice. */
  private noted(stack: string): Set<string> {
    const notes = this.notes.get(stack) ?? new Set();
    this.notes.set(stack, notes);
    return notes;
  }

  private get isLocal(): boolean {
    return this.checked.environment.target === "local";
  }

  private get projectName(): string {
    return this.checked.project.name;
  }

  private async prepare(stack: string, kind: Kind): Promise<void> {
    await this.recover(stack, kind);
    if (!stackExists(stateFolder(), this.projectName, stack)) await this.init(stack, kind);
  }

  private recover(stack: string, kind: Kind): Promise<void> {
    return recover(this.projectName, stack, (args) => this.run(stack, kind, args));
  }

  /** A command that takes the stack's lock: what a killed run left is cleaned up first. */
  private runUnlocked(stack: string, kind: Kind, args: string[], more?: Record<string, string>): Promise<Result> {
    // Local ones are prepared before: their backend's files show what is left.
    if (this.isLocal) return this.run(stack, kind, args, more);
    return runRecovering(stack, (each) => this.run(stack, kind, each, each === args ? more : undefined), args);
  }

  private async run(stack: string, kind: Kind, args: string[], more?: Record<string, string>): Promise<Result> {
    this.progress.line(colour.dim(`$ ${commandLine({ args })}`));
    const job = this.progress.start(stack);
    const env = { ...pulumiEnvironment(this.checked.environment, kind), ...this.variables, ...more };
    const seen = this.noted(stack);
    const onEvents = (events: EngineEvent[]) => {
      job.at = plural(events.filter(isFinished).length, "resource");
      // What a preview reports is part of the plan that is printed.
      for (const note of isSummarized(args) ? notesOf(events) : []) {
        if (!seen.has(note)) this.progress.line(noteLines(stack, note));
        seen.add(note);
      }
    };
    try {
      const result = await runPulumi({ stack, args, env, onEvents });
      onEvents(result.events);
      this.progress.finish(
        job,
        row(colour.green(stack.padEnd(nameWidth)), isSummarized(args) ? result.summary : "done", result),
      );
      return result;
    } catch (error) {
      const line =
        error instanceof PulumiFailure
          ? row(colour.red(stack.padEnd(nameWidth)), lockIn(error.result.output) ? "locked" : "failed", error.result)
          : `  ${stack.padEnd(nameWidth)}  stopped`;
      this.progress.finish(job, line);
      throw error;
    }
  }
}

/** Commands whose result is a summary of resources. */
const isSummarized = ([command]: string[]): boolean => command === "up" || command === "destroy";

const nameWidth = 20;

const noteLines = (stack: string, note: string): string =>
  note
    .split("\n")
    .map((line, index) => `  ${colour.dim((index ? "" : stack).padEnd(nameWidth))}  ${line}`)
    .join("\n");

const row = (name: string, summary: string, { milliseconds }: Result): string =>
  `  ${name}  ${summary.padEnd(44)}  ${seconds(milliseconds)}`;

import type * as z from "zod";
import { type Dependency, runWorker, type WorkerContext, type WorkerPart } from "./messaging";
import { together } from "./settings";
import { printUsage } from "./usage";

/** What a worker is made with, beside its own settings. */
export type PartContext<Dependencies> = Omit<WorkerContext<unknown, Dependencies>, "settings">;

/** Of a worker: from its environment variables to what runs. */
export type WorkerSchema<Dependencies> = z.ZodType<(context: PartContext<Dependencies>) => WorkerPart>;

/** The workers of a system, and what those of one process share. */
export interface System<Shared extends z.ZodType, Dependencies extends Record<string, Dependency>> {
  name: string;
  /** The last line of `--help`: what happens without any environment variable. */
  defaults: string;
  /** By name, which is that of their durable in tenants/. */
  workers: Readonly<Record<string, WorkerSchema<Dependencies>>>;
  /** Environment variables that all of them read. */
  shared: Shared;
  /** What the workers of this process need, by their names: health reports each. */
  dependencies: (
    shared: z.output<Shared>,
    context: Pick<WorkerContext<unknown, unknown>, "log" | "metrics"> & { workers: readonly string[] },
  ) => Dependencies;
  /** What runs beside them in every process. Default: nothing. */
  parts?: (shared: z.output<Shared>, context: PartContext<Dependencies>) => readonly WorkerPart[];
}

/**
 * Runs `main.ts <worker>...` of a system: checks names and environment variables, all mistakes at once, and runs the
 * workers in this process until it is stopped. Exit codes: `workerExitCode`, and 2 for unknown names.
 */
export function runSystem<Shared extends z.ZodType, Dependencies extends Record<string, Dependency>>(
  system: System<Shared, Dependencies>,
  args: readonly string[],
): void {
  const { workers } = system;
  const unknown = args.filter((name) => !Object.hasOwn(workers, name));
  if (args.length === 0 || unknown.length > 0) {
    printUsage(usage(system), args, unknown.length > 0 ? `no such worker: ${unknown.join(", ")}` : undefined);
    return;
  }
  const names = [...new Set(args)];
  void runWorker({
    name: names.join("+"),
    settings: together({
      workers: together(Object.fromEntries(names.map((name) => [name, workers[name]!]))),
      shared: system.shared,
    }),
    dependencies: ({ shared }, context) => system.dependencies(shared, { ...context, workers: names }),
    parts: ({ settings, ...context }) => [
      ...Object.values(settings.workers).map((make) => make(context)),
      ...(system.parts?.(settings.shared, context) ?? []),
    ],
  });
}

const usage = ({ name, workers, defaults }: Pick<System<z.ZodType, never>, "name" | "workers" | "defaults">) =>
  `usage: main.ts <worker>...

Workers: ${Object.keys(workers).join(", ")}.
Several run in one process with one connection, whose user must be allowed what all of them need.
Environment variables are listed in workers/${name}/README.md. ${defaults}`;

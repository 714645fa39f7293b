import { existsSync, readdirSync, readFileSync } from "node:fs";
import * as path from "node:path";
import type { LockHolder } from "./stack-locks";

/** The file backend of a local environment, read from its files: starting Pulumi for each question takes 0.3 s. */

const stackFile = (state: string, project: string, stack: string): string =>
  path.join(state, ".pulumi", "stacks", project, `${stack}.json`);

export const stackExists = (state: string, project: string, stack: string): boolean =>
  existsSync(stackFile(state, project, stack));

interface Checkpoint {
  checkpoint?: {
    latest?: { resources?: Resource[]; pending_operations?: unknown[] };
  };
}

interface Resource {
  urn: string;
  type: string;
  outputs?: Record<string, unknown>;
  protect?: boolean;
}

const latest = (state: string, project: string, stack: string) => {
  if (!stackExists(state, project, stack)) return undefined;
  return (JSON.parse(readFileSync(stackFile(state, project, stack), "utf8")) as Checkpoint).checkpoint?.latest;
};

/** Whether the last run was interrupted during an operation. */
export function hasPendingOperations(state: string, project: string, stack: string): boolean {
  return (latest(state, project, stack)?.pending_operations ?? []).length > 0;
}

/** Whether the stack has no resources, so that there is nothing to destroy. */
export function isEmpty(state: string, project: string, stack: string): boolean {
  return (latest(state, project, stack)?.resources ?? []).length === 0;
}

/** Names of the stack's protected resources, which the engine does not delete. */
export const protectedIn = (state: string, project: string, stack: string): string[] =>
  (latest(state, project, stack)?.resources ?? []).flatMap(({ urn, protect }) =>
    protect ? [urn.split("::").at(-1)!] : [],
  );

/** Outputs of the stack, secrets encrypted; empty if the stack does not exist. */
export function outputsOf(state: string, project: string, stack: string): Record<string, unknown> {
  return latest(state, project, stack)?.resources?.find(({ type }) => type === "pulumi:pulumi:Stack")?.outputs ?? {};
}

/** Locks of a stack; more than one only when two runs started at the same time. */
export function locksOf(state: string, project: string, stack: string): LockHolder[] {
  const folder = path.join(state, ".pulumi", "locks", "organization", project, stack);
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((name) => name.endsWith(".json"))
    .flatMap((name) => {
      try {
        return [JSON.parse(readFileSync(path.join(folder, name), "utf8")) as LockHolder];
      } catch {
        return []; // Released meanwhile.
      }
    });
}

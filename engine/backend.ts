import { existsSync, readdirSync, readFileSync } from "node:fs";
import { hostname } from "node:os";
import * as path from "node:path";
import type { Process } from "../tools/processes.mjs";
import { isEngine } from "./processes";

/** The file backend of a local environment, read from its files: starting Pulumi for each question takes 0.3 s. */

/** A lock on a stack, as the CLI writes it, with its holder. */
export interface StackLock {
  file: string;
  pid: number;
  username: string;
  hostname: string;
  timestamp: string;
}

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
export function locksOf(state: string, project: string, stack: string): StackLock[] {
  const folder = path.join(state, ".pulumi", "locks", "organization", project, stack);
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((name) => name.endsWith(".json"))
    .flatMap((name) => {
      try {
        const file = path.join(folder, name);
        return [{ file, ...(JSON.parse(readFileSync(file, "utf8")) as Omit<StackLock, "file">) }];
      } catch {
        return []; // Released meanwhile.
      }
    });
}

/**
 * Whether the holder of a lock runs. `dead`: its process has ended, or another program has its number now. `foreign`:
 * it runs on another machine, which cannot be checked from here.
 */
export function holderOf(lock: StackLock, running: Process[], here = hostname()): "alive" | "dead" | "foreign" {
  if (lock.hostname !== here) return "foreign";
  return running.some(({ pid, args }) => pid === lock.pid && isEngine(args)) ? "alive" : "dead";
}

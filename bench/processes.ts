import { readdirSync, readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { secondsOf } from "./processor-time";

export const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);

/** Percent of one processor that groups of processes use for some seconds. */
export async function busyGroups<Name extends string>(
  groups: Record<Name, number[]>,
  seconds: number,
): Promise<Record<Name, number>> {
  const names = Object.keys(groups) as Name[];
  const used = () => new Map(names.map((name) => [name, sum(groups[name].map(secondsOf))]));
  const [began, before] = [Date.now(), used()];
  await sleep(seconds * 1_000);
  const [elapsed, after] = [(Date.now() - began) / 1_000, used()];
  const percent = (name: Name) => (100 * (after.get(name)! - before.get(name)!)) / elapsed;
  return Object.fromEntries(names.map((name) => [name, percent(name)])) as Record<Name, number>;
}

/** Resident memory of a process, in bytes. */
export const residentBytes = (pid: number): number => 1024 * statusOf(pid, "VmRSS");

export const threadsOf = (pid: number): number => statusOf(pid, "Threads");

/** Files and connections that a process holds. */
export const openFilesOf = (pid: number): number => readdirSync(`/proc/${pid}/fd`).length;

/** A number of proc(5). */
const statusOf = (pid: number, field: string): number =>
  Number(new RegExp(`^${field}:\\s+(\\d+)`, "m").exec(readFileSync(`/proc/${pid}/status`, "utf8"))![1]);

import { processes } from "../tools/processes.mjs";
import { backendUrlOf } from "./environment";
import { enginesOn } from "./processes";

/** Ids of the processes of dynamic providers that Pulumi runs for a stack of the local backend now. */
export function dynamicProvidersOn(stack: string): number[] {
  const all = processes();
  const engines = new Set(enginesOn(all, backendUrlOf(), stack).map(({ pid }) => pid));
  const parents = new Map(all.map(({ pid, parent }) => [pid, parent]));
  const isBelow = (pid: number): boolean => {
    for (let above = parents.get(pid); above; above = parents.get(above)) if (engines.has(above)) return true;
    return false;
  };
  return all.flatMap(({ pid, args }) =>
    args.some((arg) => /cmd\/dynamic-provider/.test(arg)) && isBelow(pid) ? [pid] : [],
  );
}

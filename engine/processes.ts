import * as path from "node:path";
import type { Process } from "../tools/processes.mjs";

/** Whether the command is the Pulumi CLI. */
export const isEngine = (args: string[]): boolean => path.basename(args[0] ?? "") === "pulumi";

/** Pulumi commands that run on one stack of a backend. */
export const enginesOn = (all: Process[], backendUrl: string, stack: string): Process[] =>
  all.filter(({ args, env }) => isEngine(args) && env.PULUMI_BACKEND_URL === backendUrl && args.includes(stack));

/** What Pulumi starts: language hosts, programs, providers (each also as the script that runs it). */
const parts = [
  /(^|\/)pulumi-(language|resource)-/,
  /@pulumi\/pulumi\/cmd\/(run|dynamic-provider)/,
  /offline\/plugins\//,
];

/** Processes of runs on this backend whose Pulumi has ended. Never servers: they keep running after a deployment. */
export function orphansOf(all: Process[], backendUrl: string): Process[] {
  const byPid = new Map(all.map((candidate) => [candidate.pid, candidate]));
  const hasEngine = ({ parent }: Process): boolean => {
    for (let above = byPid.get(parent); above; above = byPid.get(above.parent)) {
      if (isEngine(above.args)) return true;
    }
    return false;
  };
  return all.filter(
    (candidate) =>
      candidate.env.PULUMI_BACKEND_URL === backendUrl &&
      candidate.args.some((arg) => parts.some((part) => part.test(arg))) &&
      !hasEngine(candidate),
  );
}

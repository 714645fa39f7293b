import { deployCommand } from "../../config/command-lines";
import { stackName } from "../../config/stacks";
import { BadUsage } from "../../engine/failure";
import type { CheckedEnvironment } from "../settings/checked-environment";

/** A region that is deployed first, alone; the others only once the operator agrees. */
export interface Canary {
  region: string;
  /** Asked when it is deployed and healthy, with what was done and what is left. `false`: the deployment ends there. */
  isToContinue: (report: string) => Promise<boolean>;
}

/**
 * The stack of a canary region.
 * @throws {BadUsage} where the environment has no such region; nothing was done
 */
export function canaryStack(
  { name, environment: { regions } }: Pick<CheckedEnvironment, "name" | "environment">,
  region: string,
): string {
  if (!regions.includes(region))
    throw new BadUsage(`--pause-after ${region} is not a region of ${name}; use one of ${regions.join(", ")}`);
  return stackName({ environment: name, kind: "region", region });
}

/** What is printed when a canary region is done. `isCompared`: its health was compared with that before. */
export function canaryReport(stack: string, left: string[], isCompared: boolean): string {
  const health = isCompared
    ? "every server, gateway and replica is as healthy as before"
    : "no server could be asked before, so its health was not compared";
  return `${stack} is deployed, ${health}. Not deployed: ${left.join(", ")}`;
}

/** How to continue after a pause. A plan contains the canary region too, which is deployed by now. */
export const howToContinue = (environment: string, withPlans: boolean): string =>
  `paused. To deploy the rest: ${deployCommand(environment)}` +
  `${withPlans ? ", after saving its plans again (--dry-run --plan)" : ""}. ` +
  "To go back: restore the previous settings, then run the same command again";

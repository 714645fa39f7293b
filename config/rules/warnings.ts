import type { Tenants } from "../assets/asset";
import type { Environment } from "../schema/settings";
import { serversIn, serversInAll } from "../sizes";
import { scaleWarnings } from "./scale";

/** Warnings about what is allowed but risky, a sentence or more each; empty if there is none. Pure. */
export function warningsOf(declared: { environment: Environment; tenants: Tenants }): string[] {
  const { environment } = declared;
  return [
    ...(environment.regions.length === 2 ? [twoRegions(environment)] : []),
    ...(isWithoutService(environment) ? [withoutService] : []),
    ...scaleWarnings(declared),
  ];
}

const isWithoutService = (environment: Environment): boolean =>
  environment.authCallout !== undefined && environment.target === "kubernetes" && !environment.kubernetes.workers;

const withoutService =
  "authCallout: this program runs its service where the environment has kubernetes.workers, which has the image. " +
  "Without it, users by token and certificate are refused unless you run workers/auth-callout (docs/logins.md)";

function twoRegions(environment: Environment): string {
  const { regions } = environment;
  const all = serversInAll(environment);
  const needed = regions.filter((region) => all - serversIn(environment, region) <= all / 2);
  const [one, other] = [needed[0]!, regions.find((region) => region !== needed[0])!];
  const what =
    needed.length === 2
      ? `${regions.join(" and ")} do not survive each other's loss: each has half of the meta group, `
      : `${other} does not survive the loss of ${one}, which has ${serversIn(environment, one)} of the meta group's ` +
        `${all} servers, `;
  return (
    `${what}and more than half is needed to create, change or move any stream or consumer. ` +
    "Add a third region (docs/runbooks/add-a-region.md), or accept that changes wait until the lost one is back"
  );
}

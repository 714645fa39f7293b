import type { Tenants } from "../assets/asset";
import type { Environment } from "../schema/settings";
import { scaleWarnings } from "./scale";

/** Warnings about what is allowed but risky, a sentence or more each; empty if there is none. Pure. */
export function warningsOf(declared: { environment: Environment; tenants: Tenants }): string[] {
  const { environment } = declared;
  const { regions } = environment;
  return [
    ...(regions.length === 2 ? [twoRegions(regions)] : []),
    ...(isWithoutService(environment) ? [withoutService] : []),
    ...scaleWarnings(declared),
  ];
}

const isWithoutService = (environment: Environment): boolean =>
  environment.authCallout !== undefined && environment.target === "kubernetes" && !environment.kubernetes.workers;

const withoutService =
  "authCallout: this program runs its service where the environment has kubernetes.workers, which has the image. " +
  "Without it, users by token and certificate are refused unless you run workers/auth-callout (docs/logins.md)";

const twoRegions = (regions: readonly string[]): string =>
  `${regions.join(" and ")} do not survive each other's loss: each has half of the meta group, ` +
  "and more than half is needed to create, change or move any stream or consumer. " +
  "Add a third region (docs/runbooks/add-a-region.md), or accept that changes wait until the lost one is back";
